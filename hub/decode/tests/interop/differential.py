#!/usr/bin/env python3
"""Compares Ingle's BTHome decoder with PyPI's bthome-ble on golden vectors and generated frames.

    pip install bthome-ble==3.25.0
    python differential.py --frames 100000 --seed 1 -- target/debug/hubd decode --stdin

What stands after `--` is a program that answers one JSON object a line with one JSON object a line, as
`hubd decode --stdin` and the example `explain` of hub-decode do. The vectors of each `--vectors` file come first. Every frame is a pure function of the seed and its number.
Frames hold every object id, repeated, out of order, cut off or followed by an unknown id, in plain text and sealed, of both
versions, with the right key, a wrong one and none. Exit status 1 when any answer differs; the first ten are printed.

Names and units are mapped: mm to m, mL to L, lb to kg, bthome-ble's device classes to the names of the specification.
Where the two differ on purpose, the difference is counted by name and printed at the end; see KNOWN.
"""

import argparse
import collections
import json
import logging
import math
import pathlib
import random
import subprocess
import sys
import tomllib

from bthome_ble import BTHomeBluetoothDeviceData
from bthome_ble.const import MEAS_TYPES
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from habluetooth import BluetoothServiceInfoBleak

KNOWN = {
    "coarse 0x58": "bthome-ble rounds steps of 0.35 °C to 0.1 °C; Ingle keeps them",
    "shared key": "bthome-ble gives one of two values when two of its units share a name (mm and m, L and mL, kg and lb); Ingle both",
    "empty text": "bthome-ble drops a text or raw object of no bytes; Ingle keeps it",
    "not UTF-8": "bthome-ble drops a text that is not UTF-8; Ingle keeps its bytes as raw",
    "nothing read": "Ingle refuses a frame of which nothing could be read; bthome-ble is silent",
    "held as by Shelly": "bthome-ble does not know button event 0xFE, which Shelly BLU sent for a hold before 2025; Ingle does",
    "short and sealed": "bthome-ble does not open a sealed frame of less than 2 bytes (version 1: 4) of objects; Ingle does",
    "one of several facts": "bthome-ble keeps the last of several device types or versions, Ingle all of them; several packet ids are not compared",
}

NAMES = {  # bthome-ble's device class → the specification's property name
    "carbon_dioxide": "co2",
    "dew_point": "dewpoint",
    "pm25": "pm2_5",
    "volatile_organic_compounds": "tvoc",
}
BINARY_NAMES = {
    "battery": "battery_low",
    "carbon_monoxide": "carbon_monoxide",
    "gas": "gas_detected",
    "generic": "generic_boolean",
    "moisture": "moisture_detected",
    "power": "power_on",
}
UNITS = {  # what the specification gives two units has one here; (device class, unit) → (unit, factor)
    ("distance", "mm"): ("m", 1e-3),
    ("volume", "mL"): ("L", 1e-3),
    ("mass", "lb"): ("kg", 0.45359237),
    ("pressure", "mbar"): ("hPa", 1),
}
FACTS = {"text", "raw", "timestamp", "settings_revision"}
FACT_IDS = {0xF0, 0xF1, 0xF2}
UUIDS = {"fcd2": "0000fcd2-0000-1000-8000-00805f9b34fb", "181c": "0000181c-0000-1000-8000-00805f9b34fb",
         "181e": "0000181e-0000-1000-8000-00805f9b34fb"}


# --- frames -----------------------------------------------------------------------------------------------

def value_bytes(luck, width):
    """Bytes of an integer, its ends more often than chance would have them."""
    ends = [b"\0" * width, b"\xff" * width, b"\xff" * (width - 1) + b"\x7f", b"\0" * (width - 1) + b"\x80"]
    return luck.choice(ends) if luck.random() < 0.2 else luck.randbytes(width)


def object_data(luck, kind):
    """What follows the id of an object in version 2, and whether its length is its own."""
    meas = MEAS_TYPES[kind]
    if meas.data_format in ("string", "raw"):
        data = luck.choice(["", "Hello", "Größe", "°C", "x" * 9]).encode() if luck.random() < 0.9 else luck.randbytes(5)
        return bytes([len(data)]) + data
    if meas.data_format == "command":
        argument = luck.randbytes(luck.choice([0, 0, 1, 2, 5]))
        return bytes([len(argument) | luck.choice([0, 0, 0, 0x20, 0xE0]), luck.choice([0, 1, 2, 3, 4, 9])]) + argument
    if kind == 0x3A:
        return bytes([luck.choice([0, 1, 2, 3, 4, 5, 6, 0x80, 0x81, 0x55])])
    if kind == 0x3C:
        return bytes([luck.choice([0, 1, 2, 7]), luck.randrange(256)])
    return value_bytes(luck, meas.data_length)


def objects_v2(luck):
    ids = sorted(MEAS_TYPES)
    count = luck.choice([0, 1, 1, 2, 2, 3, 4, 6, 9])
    chosen = [luck.choice(ids) for _ in range(count)]
    chosen += [luck.choice(chosen) for _ in range(luck.choice([0, 0, 1, 2])) if chosen]
    if luck.random() < 0.9:
        chosen.sort()
    data = b"".join(bytes([kind]) + object_data(luck, kind) for kind in chosen)
    odd = luck.random()
    if odd < 0.05:
        unknown = luck.choice([kind for kind in range(256) if kind not in MEAS_TYPES])
        data += bytes([unknown]) + luck.randbytes(luck.randrange(4)) + (b"\x01\x61" if luck.random() < 0.5 else b"")
    elif odd < 0.1 and data:
        data = data[:-1]
    elif odd < 0.12:
        data += luck.randbytes(luck.randrange(8))
    return data[:200]


V1_IDS = [0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x12, 0x13, 0x14, 0x2E, 0x2F,
          0x51, 0x52] + [0x0F, 0x10, 0x11] + list(range(0x15, 0x2E)) + [0x3A, 0x3C, 0x53, 0x54]


def objects_v1(luck):
    data = b""
    for _ in range(luck.choice([1, 1, 2, 3, 5])):
        kind = luck.choice(V1_IDS)
        meas = MEAS_TYPES[kind]
        if kind == 0x53:
            control, value = 3, luck.choice(["Hello", "Größe"]).encode()
        elif kind == 0x54:
            control, value = 4, luck.randbytes(6)
        elif kind in (0x3A, 0x3C):
            control, value = 0, object_data(luck, kind)
        elif meas.data_format in ("unsigned_integer", "signed_integer") and meas.meas_format.__class__.__name__ == "BaseSensorDescription":
            control, value = luck.randrange(2), value_bytes(luck, luck.choice([1, 2, 3, 4]))
        else:
            control, value = 0, value_bytes(luck, 1)
        data += bytes([control << 5 | (len(value) + 1), kind]) + value
    if luck.random() < 0.05:
        data += b"\x03\xe1\x05\x06" + (b"\x02\x01\x61" if luck.random() < 0.5 else b"")
    elif luck.random() < 0.05:
        data = data[:-1]
    return data[:200]


def frame(seed, number):
    """The line for the program under test."""
    luck = random.Random(f"{seed}/{number}")
    address, key = luck.randbytes(6), luck.randbytes(16)
    sealed = luck.random() < 0.5
    version = 1 if luck.random() < 0.15 else 2
    counter = luck.choice([1, 99, 100, 2**32 - 1, luck.randrange(2**32)]).to_bytes(4, "little")
    if version == 2:
        info = 0x40 | sealed | (0x04 if luck.random() < 0.2 else 0) | (luck.choice([0x08, 0x10]) if luck.random() < 0.05 else 0)
        if luck.random() < 0.01:
            info = luck.choice([0x00, 0x20, 0x60, 0xE0]) | (info & 0x1F)
        inside = luck.randbytes(6) if luck.random() < 0.03 else b""
        info |= 0x02 if inside else 0
        objects, uuid = objects_v2(luck), "fcd2"
        nonce, extra = (inside or address) + b"\xd2\xfc" + bytes([info]) + counter, None
        head = bytes([info]) + inside[::-1]
    else:
        objects, uuid = objects_v1(luck), "181e" if sealed else "181c"
        nonce, extra, head = address + b"\x1e\x18" + counter, b"\x11", b""
    if sealed:
        box = AESCCM(key, tag_length=4).encrypt(nonce, objects, extra)
        objects = box[:-4] + counter + box[-4:]
    line = {"address": ":".join(f"{byte:02X}" for byte in address), "service_data": {uuid: (head + objects).hex()}}
    if sealed and luck.random() < 0.98:
        line["bindkey"] = (luck.randbytes(16) if luck.random() < 0.02 else key).hex()
    return line


def vectors(path):
    """The lines of a file of golden vectors, each with how bthome-ble differs, if it does."""
    for row in tomllib.loads(path.read_text())["vector"]:
        data, sealed = row["service_data"], "key" in row
        uuid = "fcd2" if "v2" in path.name else "181e" if sealed else "181c"
        line = {"address": row.get("address", "A4C138AABBCC"), "service_data": {uuid: data}}
        line["address"] = ":".join(line["address"].replace(":", "")[at:at + 2].upper() for at in range(0, 12, 2))
        if sealed:
            line["bindkey"] = row["key"]
        yield line, row.get("differs")


# --- bthome-ble's answer ------------------------------------------------------------------------------------

def service_info(line):
    ((uuid, digits),) = line["service_data"].items()
    return BluetoothServiceInfoBleak(
        name="", address=line["address"], rssi=-60, manufacturer_data={}, service_uuids=[], source="test",
        service_data={UUIDS[uuid]: bytes.fromhex(digits)}, device=None, advertisement=None, connectable=False, time=0.0,
        tx_power=None)


def their_answer(line):
    """What bthome-ble makes of a line: values, events, facts and the packet id; None when it says nothing."""
    key = line.get("bindkey")
    device = BTHomeBluetoothDeviceData(bindkey=bytes.fromhex(key) if key else None)
    update = device.update(service_info(line))
    values, events, facts, packet_id = {}, [], [], None
    for device_key, said in update.entity_values.items():
        name, instance = split(device_key.key)
        if name == "signal_strength":
            continue
        if name == "packet_id":
            packet_id = int(said.native_value)
        elif name in FACTS:
            shown = said.native_value
            # A time of version 1 comes as the number that was sent.
            shown = int(shown.timestamp()) if name == "timestamp" and not isinstance(shown, int) else shown
            facts.append((name, instance, shown))
        else:
            unit = update.entity_descriptions[device_key].native_unit_of_measurement
            to, factor = UNITS.get((name, unit), (unit, 1))
            values[NAMES.get(name, name), instance] = (said.native_value * factor, to)
    for device_key, said in update.binary_entity_values.items():
        name, instance = split(device_key.key)
        values[BINARY_NAMES.get(name, name), instance] = (said.native_value, None)
    for device_key, said in update.events.items():
        name, instance = split(device_key.key)
        properties = said.event_properties or {}
        events.append((name, instance, said.event_type, properties.get("steps"), properties.get("args")))
    version = update.devices[None].sw_version if None in update.devices else None
    return {"values": values, "events": sorted(events, key=str), "facts": sorted(facts, key=str), "packet_id": packet_id,
            "device_type": device.device_type_id, "version": version, "triggered": device.sleepy_device,
            "decrypted": device.bindkey_verified, "known_version": device.bthome_version.value}


def split(key):
    """`temperature_2` → (`temperature`, 1); a name that ends in a digit itself stays whole."""
    head, _, tail = key.rpartition("_")
    if head and tail.isdigit():
        return head, int(tail) - 1
    return key, 0


# --- comparison -----------------------------------------------------------------------------------------------

class Difference(Exception):
    pass


def walk(line):
    """The objects of a line, opened: [(id, bytes)], as far as they can be read."""
    ((uuid, digits),) = line["service_data"].items()
    data = bytes.fromhex(digits)
    address = bytes.fromhex(line["address"].replace(":", ""))
    if uuid != "fcd2":
        if uuid == "181e":
            nonce = address + b"\x1e\x18" + data[-8:-4]
            data = AESCCM(bytes.fromhex(line["bindkey"]), tag_length=4).decrypt(nonce, data[:-8] + data[-4:], b"\x11")
        found = []
        while data and len(data) > (length := data[0] & 0x1F) > 0:
            found.append((data[1], data[2:1 + length]))
            data = data[1 + length:]
        return found
    info, rest = data[0], data[1:]
    if info & 2:
        address, rest = rest[:6][::-1], rest[6:]
    if info & 1:
        nonce = address + b"\xd2\xfc" + bytes([info]) + rest[-8:-4]
        rest = AESCCM(bytes.fromhex(line["bindkey"]), tag_length=4).decrypt(nonce, rest[:-8] + rest[-4:], None)
    found = []
    while rest:
        kind, rest = rest[0], rest[1:]
        meas = MEAS_TYPES.get(kind)
        if meas is None:
            break
        skip, length = 0, meas.data_length
        if meas.data_format in ("string", "raw", "command"):
            if not rest:
                break
            skip, length = 1, rest[0] if meas.data_format != "command" else 1 + (rest[0] & 0x1F)
        if len(rest) < skip + length:
            break
        found.append((kind, rest[skip:skip + length]))
        rest = rest[skip + length:]
    return found


def compare(line, ours, theirs, tally):
    ((uuid, digits),) = line["service_data"].items()
    sealed = uuid == "181e" or (uuid == "fcd2" and int(digits[:2], 16) & 1)
    error = ours.get("error")
    version = int(digits[:2], 16) >> 5 if uuid == "fcd2" else 1
    if uuid == "fcd2" and version != 2:
        expect(error == "unsupported_version", f"version {version}: {ours}")
        return "refused: version"
    if sealed and not theirs["decrypted"]:
        inside = len(digits) // 2 - 8 - (uuid == "fcd2" and (7 if int(digits[:2], 16) & 2 else 1))
        if inside < (2 if uuid == "fcd2" else 4) and error not in ("bad_mic", "missing_key"):
            tally["short and sealed"] += 1
            expect(error in (None, "unknown_object", "truncated_object"), f"short and sealed: {ours}")
            return "only opened by Ingle"
        expect(error == ("bad_mic" if "bindkey" in line else "missing_key"), f"not opened by bthome-ble: {ours}")
        return f"refused: {error}"
    says_something = any(theirs[part] for part in ("values", "events", "facts")) or theirs["packet_id"] is not None \
        or theirs["device_type"] is not None
    if error:
        expect(error in ("unknown_object", "truncated_object") and not says_something, f"refused: {ours}, {theirs}")
        tally["nothing read"] += 1
        return f"refused: {error}"

    expect(ours["encrypted"] == bool(sealed), "encrypted")
    if sealed:
        raw = bytes.fromhex(digits)
        expect(ours["counter"] == int.from_bytes(raw[-8:-4], "little"), "counter")
    expect(ours["triggered"] == theirs["triggered"], "triggered")
    objects = walk(line)

    mine = {(value["quantity"], value["instance"]): (value["value"], value["unit"]) for value in ours["values"]}
    expect(len(mine) == len(ours["values"]), "two values of one series")
    shared = shares_a_key(objects)
    for series, (value, unit) in theirs["values"].items():
        if series[0] in shared:
            # Numbered apart by unit over there, and one of them overwritten: it must be among ours.
            tally["shared key"] += 1
            expect(any(close(value, other) for (name, _), (other, _) in mine.items() if name == series[0]),
                   f"{series} {value} is not among {mine}")
            continue
        expect(series in mine, f"{series} is missing in {mine}")
        got, got_unit = mine[series]
        expect(got_unit == unit, f"{series}: unit {got_unit}, expected {unit}")
        if not close(value, got):
            coarse = any(kind == 0x58 for kind, _ in objects) and series[0] == "temperature"
            expect(coarse and abs(value - got) <= 0.0501, f"{series}: {got}, expected {value}")
            tally["coarse 0x58"] += 1
    extra = {series for series in mine if series not in theirs["values"] and series[0] not in shared}
    expect(not extra, f"{extra} are not said by bthome-ble")

    buttons = [data for kind, data in objects if kind == 0x3A]
    held = {instance for instance, data in enumerate(buttons) if data[:1] == b"\xfe"}
    tally["held as by Shelly"] += len(held)
    events = sorted(((event["event"], event["instance"], event["action"], event.get("steps"), event.get("argument"))
                     for event in ours["events"] if not event["action"].startswith("0x")
                     and not (event["event"] == "button" and event["instance"] in held)), key=str)
    expect(events == theirs["events"], f"events {events}, expected {theirs['events']}")

    compare_facts(ours, theirs, objects, tally)
    return f"agreed: {ours['format']}, {'sealed' if sealed else 'plain'}"


def compare_facts(ours, theirs, objects, tally):
    counts, facts, firmware, device_types = collections.Counter(), [], [], []
    for fact in ours["facts"]:
        if fact["fact"] == "firmware_version":
            firmware.append(fact["value"])
        elif fact["fact"] == "device_type":
            device_types.append(fact["value"])
        else:
            facts.append((fact["fact"], counts[fact["fact"]], fact["value"]))
            counts[fact["fact"]] += 1
    # Two habits of bthome-ble change its numbering of texts; compare without numbers where one of them shows.
    empty = [data for kind, data in objects if kind in (0x53, 0x54) and not data]
    not_text = [data for kind, data in objects if kind == 0x53 and not is_text(data)]
    tally["empty text"] += bool(empty)
    tally["not UTF-8"] += bool(not_text)
    if empty or not_text:
        bad = collections.Counter(data.hex() for data in not_text)
        kept = collections.Counter()
        for name, _, value in facts:
            if value == "" and name in ("text", "raw"):
                continue
            if name == "raw" and bad[value] > 0:
                bad[value] -= 1
                continue
            kept[name, value] += 1
        expect(kept == collections.Counter((name, value) for name, _, value in theirs["facts"]),
               f"facts {kept}, expected {theirs['facts']}")
        facts = None
    if facts is not None:
        expect(sorted(facts, key=str) == theirs["facts"], f"facts {facts}, expected {theirs['facts']}")
    several = any(
        sum(kind in kinds for kind, _ in objects) > 1 for kinds in ({0x00}, {0xF0}, {0xF1, 0xF2}))
    tally["one of several facts"] += several
    if sum(kind == 0 for kind, _ in objects) <= 1:
        expect(ours["packet_id"] == theirs["packet_id"], f"packet id {ours['packet_id']}, expected {theirs['packet_id']}")
    expect((device_types or [None])[-1] == theirs["device_type"], f"device type {device_types}")
    if firmware:
        expect(firmware[-1] == theirs["version"], f"firmware {firmware}, expected {theirs['version']}")


def is_text(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def shares_a_key(objects):
    """Names under which bthome-ble keeps several units, in a frame that has more than one of them."""
    kinds = {kind for kind, _ in objects}
    shared = {"distance": ({0x40}, {0x41}), "mass": ({0x06}, {0x07}), "volume": ({0x47, 0x4E}, {0x48})}
    return {name for name, groups in shared.items() if all(kinds & group for group in groups)}


def close(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    return math.isclose(a, b, rel_tol=1e-12, abs_tol=5.1e-7)


def expect(holds, why):
    if not holds:
        raise Difference(why)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vectors", type=pathlib.Path, action="append", default=[], help="a file of golden vectors")
    parser.add_argument("command", nargs="+", help="program that answers line by line")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)

    golden = [row for path in options.vectors for row in vectors(path)]
    differs = [differs for _, differs in golden] + [None] * options.frames
    lines = [line for line, _ in golden] + [frame(options.seed, number) for number in range(options.frames)]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    run = subprocess.run(options.command, input=text, capture_output=True, text=True, check=False)
    answers = run.stdout.splitlines()
    if len(answers) != len(lines):
        sys.exit(f"{len(lines)} lines in, {len(answers)} out (exit status {run.returncode}): {run.stderr[-500:]}")

    outcomes, tally, ids, red = collections.Counter(), collections.Counter(), collections.Counter(), 0
    for number, (line, answer, known) in enumerate(zip(lines, answers, differs)):
        theirs = their_answer(line)
        try:
            outcome = compare(line, json.loads(answer), theirs, tally)
            expect(not known, f"agreed, and should not: {known}")
            outcomes[outcome] += 1
            if "error" not in answer[:10]:
                ids.update({kind for kind, _ in walk(line)})
        except Difference as why:
            if known and "agreed" not in str(why):
                outcomes["a vector that differs as it says"] += 1
                continue
            red += 1
            if red <= 10:
                print(f"line {number}, of which {len(golden)} are vectors, seed {options.seed}: {why}\n  {json.dumps(line)}\n  {answer}", file=sys.stderr)
    missing = [f"{kind:#04x}" for kind in MEAS_TYPES if not ids[kind]] if options.frames >= 10_000 else []
    print(json.dumps({"vectors": len(golden), "frames": len(lines) - len(golden), "different": red, "outcomes": dict(sorted(outcomes.items())),
                      "known differences": {name: tally[name] for name in KNOWN if tally[name]},
                      "object ids seen": len(ids), "object ids never compared": missing}, ensure_ascii=False, indent=1))
    sys.exit(1 if red or missing else 0)


if __name__ == "__main__":
    main()
