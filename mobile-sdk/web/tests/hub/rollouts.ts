// Updates of the house's own sensors, as the hub of the page tests has them.

export const rollout = (version: string, state: string) => ({
  releaseId: version.replaceAll('.', '').padStart(16, '0'),
  version,
  product: 1,
  length: '231424',
  state,
  ring: 1,
  rings: 3,
  quota: '3',
  hold: null,
  halt: null as object | null,
  quietForMs: null,
  soaksForMs: null,
  sensors: [],
  counts: {
    already: '1',
    updated: '2',
    installing: '0',
    receiving: '1',
    waiting: '4',
    outOfReach: '0',
    weakBattery: '0',
    failing: '0',
    givenUp: '0',
  },
});

export type Rollout = ReturnType<typeof rollout>;

/** The mutations that steer a rollout. */
export function steering(rollouts: () => Rollout[]): Record<string, (args: { input: { releaseId: string } }) => object> {
  const steer =
    (state: string) =>
    ({ input }: { input: { releaseId: string } }): object => {
      const found = rollouts().find(({ releaseId }) => releaseId === input.releaseId);
      if (!found) throw new Error('no such rollout');
      if (found.state === 'ABORTED') {
        const message = 'the rollout was aborted';
        return { errors: [{ __typename: 'InvalidInputError', code: 'INVALID_INPUT', message, path: ['input', 'releaseId'] }], rollout: null };
      }
      [found.state, found.halt] = [state, null];
      return { errors: [], rollout: found };
    };
  return { pauseRollout: steer('PAUSED'), resumeRollout: steer('RUNNING'), abortRollout: steer('ABORTED') };
}
