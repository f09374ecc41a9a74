// Every question that the page asks the hub. A test holds them against api/schema.graphql.

const SENSOR = `
fragment SensorParts on Sensor {
  id quantity instance label kind unit precision calibrationOffset
  current { value at ageMs isStale timeQuality }
}`;

const DEVICE = `
fragment DeviceParts on Device {
  id address name isAdopted format isEncrypted protection lastSeen rssi
  room { id name }
  battery { id }
  sensors { ...SensorParts }
}
${SENSOR}`;

const SETTINGS = `
fragment SettingsParts on SensorSettings { samplingS heartbeatS advertIntervalMs txPowerDbm windowEveryS }`;

const PAIRING = `
fragment PairingParts on Pairing { pairingId uid step failure advice deviceId }`;

const OUTCOME = 'errors { __typename message path code }';

export const HOME = `query Home {
  home {
    name version cursor now clockQuality
    rooms { id name }
    devices { ...DeviceParts }
  }
  health { alerts { kind severity } }
}
${DEVICE}`;

export const EVENTS = `subscription Events($after: Cursor) {
  events(after: $after) {
    __typename
    ... on EventBatch {
      cursor isCatchUp
      events {
        __typename kind at timeQuality
        ... on ReadingsEvent { deviceId rssi readings { sensorId quantity instance value } }
      }
    }
    ... on Heartbeat { cursor at }
    ... on ResyncRequired { reason }
  }
}`;

export const HISTORY = `query History($sensors: [ID!]!, $from: DateTime!, $to: DateTime!, $maxPoints: Int!) {
  history(sensorIds: $sensors, from: $from, to: $to, resolution: AUTO, maxPoints: $maxPoints) {
    sensor { id } resolution widthMs t min mean max count
    gaps { from to }
    estimated { from to }
  }
}`;

export const DISCOVERED = `query Discovered($after: String) {
  home { now }
  devices(filter: { isAdopted: false }, first: 50, after: $after) {
    nodes { ...DeviceParts }
    pageInfo { hasNextPage endCursor }
  }
}
${DEVICE}`;

export const DEVICE_DETAIL = `query DeviceDetail($id: ID!) {
  device(id: $id) {
    id adoptedAt protection
    facts { name value }
    retention { rawDays rollupDays isDefault }
    pairedSensor {
      firmware isLeaving trouble
      report { at batteryMv }
      desiredSettings { ...SettingsParts }
      reportedSettings { ...SettingsParts }
    }
  }
}
${SETTINGS}`;

export const PAIRINGS = `query Pairings {
  pairings { ...PairingParts }
}
${PAIRING}`;

export const HEALTH = `query Health {
  health {
    isHealthy uptimeMs now clockQuality version
    alerts { kind severity advice since device { id name } }
    receivers { name isListening adverts trouble }
    outcomes { code count }
    store { bytes readings blocks writtenBytes flushes }
  }
  rollouts {
    releaseId version state ring rings hold
    counts { already updated installing receiving waiting outOfReach weakBattery failing givenUp }
    halt { judged failed reason }
  }
}`;

export const DEAD_LETTERS = `query DeadLetters($after: String) {
  deadLetters(first: 20, after: $after) {
    nodes { id address code detail part bytesHex lastAt count device { id name } }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const ADOPT = `mutation Adopt($input: AdoptDeviceInput!) {
  outcome: adoptDevice(input: $input) { ${OUTCOME} device { id } }
}`;

export const PAIR_SENSOR = `mutation PairSensor($input: PairSensorInput!) {
  outcome: pairSensor(input: $input) { ${OUTCOME} pairings { ...PairingParts } }
}
${PAIRING}`;

export const CANCEL_PAIRING = `mutation CancelPairing($input: CancelPairingInput!) {
  outcome: cancelPairing(input: $input) { ${OUTCOME} }
}`;

export const SET_SENSOR = `mutation SetSensor($input: SetSensorSettingsInput!) {
  outcome: setSensorSettings(input: $input) { ${OUTCOME} }
}`;

export const RELEASE_SENSOR = `mutation ReleaseSensor($input: SensorInput!) {
  outcome: releaseSensor(input: $input) { ${OUTCOME} }
}`;

export const PAUSE_ROLLOUT = `mutation PauseRollout($input: RolloutInput!) {
  outcome: pauseRollout(input: $input) { ${OUTCOME} }
}`;

export const RESUME_ROLLOUT = `mutation ResumeRollout($input: RolloutInput!) {
  outcome: resumeRollout(input: $input) { ${OUTCOME} }
}`;

export const ABORT_ROLLOUT = `mutation AbortRollout($input: RolloutInput!) {
  outcome: abortRollout(input: $input) { ${OUTCOME} }
}`;

export const NAME_DEVICE = `mutation NameDevice($input: NameDeviceInput!) {
  outcome: nameDevice(input: $input) { ${OUTCOME} device { id name } }
}`;

export const PLACE_DEVICE = `mutation PlaceDevice($input: PlaceDeviceInput!) {
  outcome: placeDevice(input: $input) { ${OUTCOME} device { id room { id name } } }
}`;

export const SECURE_DEVICE = `mutation SecureDevice($input: SecureDeviceInput!) {
  outcome: secureDevice(input: $input) { ${OUTCOME} device { id protection } }
}`;

export const CALIBRATE = `mutation Calibrate($input: CalibrateSensorInput!) {
  outcome: calibrateSensor(input: $input) { ${OUTCOME} sensor { id calibrationOffset } }
}`;

export const RETAIN = `mutation Retain($input: SetRetentionInput!) {
  outcome: setRetention(input: $input) { ${OUTCOME} device { id retention { rawDays rollupDays isDefault } } }
}`;

export const REMOVE_DEVICE = `mutation RemoveDevice($input: RemoveDeviceInput!) {
  outcome: removeDevice(input: $input) { ${OUTCOME} removedDeviceId }
}`;

export const CREATE_ROOM = `mutation CreateRoom($input: CreateRoomInput!) {
  outcome: createRoom(input: $input) { ${OUTCOME} room { id name } }
}`;

export const RENAME_ROOM = `mutation RenameRoom($input: RenameRoomInput!) {
  outcome: renameRoom(input: $input) { ${OUTCOME} room { id name } }
}`;

export const REMOVE_ROOM = `mutation RemoveRoom($input: RemoveRoomInput!) {
  outcome: removeRoom(input: $input) { ${OUTCOME} }
}`;
