// The mutations of the house of the page tests, with the refusals that the page must be able to show.

import { device, type House, room as newRoom, type Room } from './house';

type Input = Record<string, unknown> & { clientMutationId: string };

const refuse = (__typename: string, code: string, message: string, path: string[]): object => ({
  isRepeat: false,
  errors: [{ __typename, code, message, path }],
});

const done = (more: object): object => ({ isRepeat: false, errors: [], ...more });

/** Resolvers, telling `changed` of each kind of event that a command causes. */
export function commands(house: House, changed: (kind: string, deviceId?: string) => void): Record<string, (args: { input: Input }) => object> {
  const find = (id: unknown) => house.devices.find((candidate) => candidate.id === id);
  const roomOf = (id: unknown): Room | null => house.rooms.find((candidate) => candidate.id === id) ?? null;
  const notFound = refuse('NotFoundError', 'NOT_FOUND', 'there is no such device', ['input', 'deviceId']);

  return {
    adoptDevice: ({ input }) => {
      const found = find(input['deviceId']);
      if (!found) return notFound;
      if (found.isEncrypted && input['bindKey'] === 'f'.repeat(32)) {
        return refuse('InvalidInputError', 'INVALID_INPUT', 'this key does not open what the device sends', ['input', 'bindKey']);
      }
      if (found.sensors.length === 0) {
        const opened = device({ id: found.id, name: found.name, ageMs: 1000, values: { temperature: 7.3, humidity: 71, battery: 96 } });
        found.sensors = opened.sensors.map((sensor) => ({ ...sensor, device: found }));
        found.battery = found.sensors.find(({ quantity }) => quantity === 'BATTERY') ?? null;
      }
      found.isAdopted = true;
      found.name = typeof input['name'] === 'string' ? input['name'] : found.name;
      found.room = roomOf(input['roomId']);
      changed('DEVICE_ADOPTED', found.id);
      return done({ device: found });
    },
    nameDevice: ({ input }) => {
      const found = find(input['deviceId']);
      if (!found) return notFound;
      found.name = String(input['name']);
      changed('DEVICE_CHANGED', found.id);
      return done({ device: found });
    },
    placeDevice: ({ input }) => {
      const found = find(input['deviceId']);
      if (!found) return notFound;
      found.room = roomOf(input['roomId']);
      changed('DEVICE_CHANGED', found.id);
      return done({ device: found });
    },
    calibrateSensor: ({ input }) => {
      const sensor = house.devices.flatMap(({ sensors }) => sensors).find(({ id }) => id === input['sensorId']);
      if (!sensor) return notFound;
      const offset = Number(input['offset']);
      if (Math.abs(offset) > 10) {
        return refuse('OutOfRangeError', 'OUT_OF_RANGE', 'the offset must be from -10 to 10 °C', ['input', 'offset']);
      }
      sensor.calibrationOffset = offset;
      changed('DEVICE_CHANGED', sensor.device.id);
      return done({ sensor });
    },
    setRetention: ({ input }) => {
      const found = find(input['deviceId']);
      if (!found) return notFound;
      found.retention = {
        rawDays: (input['rawDays'] as number | null | undefined) ?? null,
        rollupDays: (input['rollupDays'] as number | null | undefined) ?? null,
        isDefault: input['useDefault'] === true,
      };
      changed('DEVICE_CHANGED', found.id);
      return done({ device: found });
    },
    removeDevice: ({ input }) => {
      const found = find(input['deviceId']);
      if (!found) return notFound;
      house.devices = house.devices.filter((candidate) => candidate !== found);
      changed('DEVICE_REMOVED', found.id);
      return done({ removedDeviceId: found.id });
    },
    renameRoom: ({ input }) => {
      const room = roomOf(input['roomId']);
      if (!room) return refuse('NotFoundError', 'NOT_FOUND', 'there is no such room', ['input', 'roomId']);
      room.name = String(input['name']);
      changed('ROOM_CHANGED');
      return done({ room });
    },
    removeRoom: ({ input }) => {
      house.rooms = house.rooms.filter((room) => room.id !== input['roomId']);
      house.devices.forEach((each) => (each.room = each.room?.id === input['roomId'] ? null : each.room));
      changed('ROOM_CHANGED');
      return done({});
    },
    createRoom: ({ input }) => {
      const name = String(input['name']);
      if (house.rooms.some((room) => room.name === name)) {
        return refuse('NameTakenError', 'NAME_TAKEN', `another room is called ${name}`, ['input', 'name']);
      }
      const room = newRoom(`room-${house.rooms.length + 1}`, name);
      house.rooms.push(room);
      changed('ROOM_CHANGED');
      return done({ room });
    },
  };
}
