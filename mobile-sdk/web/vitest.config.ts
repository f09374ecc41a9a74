import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', environment: 'node', include: ['src/**/*.test.ts', 'tests/*.test.ts'] } },
      {
        test: {
          name: 'page',
          environment: 'node',
          // With a real hub, only what changes nothing.
          include: process.env['HUB_URL'] ? ['tests/anyhub.page.ts'] : ['tests/*.page.ts'],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'picture', environment: 'node', include: ['tests/picture.ts'], testTimeout: 120_000 } },
    ],
  },
});
