#!/usr/bin/env python3
"""Compares Ingle's decoders of vendors' own formats with the community's library for each, on golden vectors and variations of them.

    pip install -r requirements.txt
    python vendors.py --vectors ../../vectors --frames 2000 --seed 1 -- target/debug/hubd decode --stdin

What stands after `--` is a program that answers one JSON object a line with one JSON object a line, as `hubd decode --stdin` does.
A vector that the library reads otherwise says so in `differs`, and has to. A variation has other numbers in the bytes that
carry numbers, and is a pure function of the seed, the vendor and its number. What the two hold differently on purpose is counted by
name and printed at the end; see KNOWN. Exit status 1 when anything else differs; the first ten are printed.
"""

import argparse
import collections
import json
import logging
import pathlib
import random
import subprocess
import sys
import tomllib
from types import SimpleNamespace

from aranet4.client import Aranet4Advertisement
from govee_ble import GoveeBluetoothDeviceData
from habluetooth import BluetoothServiceInfoBleak
from inkbird_ble import INKBIRDBluetoothDeviceData
from mopeka_iot_ble import MopekaIOTBluetoothDeviceData
from mopeka_iot_ble.models import MediumType
from qingping_ble import QingpingBluetoothDeviceData
from sensorpush_ble import SensorPushBluetoothDeviceData
from switchbot import parse_advertisement_data
from switchbot.adv_parsers.meter import process_wosensorth, process_wosensorth_c
from thermopro_ble import ThermoProBluetoothDeviceData
from xiaomi_ble import XiaomiBluetoothDeviceData

KNOWN = {
    "impossible": "Ingle refuses a frame with a number that its device cannot mean; the library reads on",
    "no humidity": "a humidity of 0 or 65 535 is none to Ingle, whatever the Inkbird calls itself",
    "all ones": "all ones in two bytes, and a battery of 255, is no measurement to Ingle",
    "below zero": "aranet4 takes every temperature below 0 °C for none; Ingle down to −40 °C for one",
    "top bit": "mopeka-iot-ble takes bit 7 for a part of the voltage",
    "zero": "aranet4 takes 0 °C and 0 % of a radon monitor each for none; Ingle only both at once",
    "nothing measured": "0 °C and 0 % at once is no measurement to Ingle",
}

# The libraries' names of what they say, and ours.
NAMES = {"carbon_dioxide": "co2", "pm25": "pm2_5", "battery_voltage": "voltage", "voltage": "voltage"}
BINARY_NAMES = {"moisture": "moisture_detected"}
# What is no measurement, or one for which there is no quantity.
UNSAID = (None, "signal_strength", "door_left_open", (None, "door_left_open"), "sound_pressure")
# How far apart two numbers may be that mean the same: half of the last digit that the library gives.
CLOSE = {"temperature": 0.0051, "humidity": 0.0051, "pressure": 0.011, "distance": 0.00101, "battery": 0.51, "voltage": 0.0006}
COARSER = {  # where a library gives fewer
    "aranet": {"temperature": 0.051}, "mibeacon": {"humidity": 0.91, "illuminance": 0.51},
}
# What only Ingle says: the voltage behind a library's fitted curve.
ONLY_OURS = {"thermopro": "voltage"}


class Vendor(SimpleNamespace):
    """One format: its vectors, `theirs(line)` → {(quantity, instance): number}, and which bytes a variation may change."""


# --- the libraries' answers -------------------------------------------------------------------------------------

def service_info(line, services=()):
    long = {f"0000{uuid}-0000-1000-8000-00805f9b34fb": bytes.fromhex(digits) for uuid, digits in line["service_data"].items()}
    makers = {int(company, 16): bytes.fromhex(digits) for company, digits in line["manufacturer_data"].items()}
    return BluetoothServiceInfoBleak(
        name=line.get("name", ""), address=line["address"], rssi=-60, manufacturer_data=makers, service_data=long,
        service_uuids=list(services), source="test", device=None, advertisement=None, connectable=False, time=0.0, tx_power=None)


def said(device, info, keys=None):
    """What a parser of the Bluetooth-Devices family makes of an advert."""
    update, found = device.update(info), {}
    binary = [(BINARY_NAMES.get(key.key, key.key), value) for key, value in update.binary_entity_values.items()]
    for key, value in [*((key.key, value) for key, value in update.entity_values.items()), *binary]:
        name = (keys or {}).get(key, key)
        if name in UNSAID or not isinstance(name, (str, tuple)) or isinstance(value.native_value, (str, type(None))):
            continue
        series = name if isinstance(name, tuple) else (NAMES.get(name, name), 0)
        found[series] = value.native_value
    return found


def thermopro(line):
    keys = {}
    for probe in range(4):
        keys[f"internal_temperature_probe_{probe + 1}"] = ("temperature", 2 * probe)
        keys[f"ambient_temperature_probe_{probe + 1}"] = ("temperature", 2 * probe + 1)
        keys[f"battery_probe_{probe + 1}"] = None  # of a fitted curve; Ingle tells the voltage
    return said(ThermoProBluetoothDeviceData(), service_info(line), keys)


def sensorpush(line):
    services = ["ef090000-11d6-42ba-93b8-9dd7ec090aa9"] if line.get("name") == "s" else []
    return said(SensorPushBluetoothDeviceData(), service_info(line, services))


def qingping(line):
    return said(QingpingBluetoothDeviceData(), service_info(line))


def mopeka(line):
    medium = {5: MediumType.FRESH_WATER, 10: MediumType.AIR, 11: MediumType.AIR}
    (data,) = line["manufacturer_data"].values()
    device = MopekaIOTBluetoothDeviceData(medium.get(int(data[:2], 16), MediumType.PROPANE))
    ignored = ["button_pressed", "accelerometer_x", "accelerometer_y", "reading_quality_raw", "reading_quality"]
    keys = {**dict.fromkeys(ignored), "tank_level": ("distance", 0)}
    found = said(device, service_info(line, ["0000fee5-0000-1000-8000-00805f9b34fb"]), keys)
    return {series: value / 1000 if series[0] == "distance" else value for series, value in found.items()}


def aranet(line):
    (data,) = line["manufacturer_data"].values()
    heard = SimpleNamespace(manufacturer_data={0x0702: bytes.fromhex(data)}, rssi=-60)
    readings = Aranet4Advertisement(SimpleNamespace(name=None, address=line["address"]), heard).readings
    if readings is None or readings.type == 2:  # radiation
        return {}
    names = ["co2", "temperature", "pressure", "humidity", "battery"]
    values = {(name, 0): getattr(readings, name) for name in names}
    if data.startswith("01"):
        values.pop(("pressure", 0))
    return {series: value for series, value in values.items() if value != -1}


def switchbot(line):
    service = next((bytes.fromhex(digits) for uuid, digits in line["service_data"].items() if uuid in ("fd3d", "0d00")), None)
    maker = next((bytes.fromhex(digits) for digits in line["manufacturer_data"].values()), None)
    model = service[:1] if service else b"T" if line.get("name", "").startswith("WoSensor") else b"w" if "WoIOSensor" in line.get("name", "") else b""
    if model not in (b"T", b"t", b"i", b"I", b"w", b"W", b"4", b"5", b"\x14", b"\x15"):
        return {}
    process = process_wosensorth_c if model in (b"5", b"\x15") else process_wosensorth
    found = process(service, maker)
    return {(name, 0): found[name] for name in ("temperature", "humidity", "co2", "battery") if found.get(name) is not None}


def mibeacon(line):
    key = line.get("bindkey")
    device = XiaomiBluetoothDeviceData(bindkey=bytes.fromhex(key) if key else None)
    return said(device, service_info(line), {"packet_id": None, "voltage": None})  # a guess from the percentage


# --- variations ---------------------------------------------------------------------------------------------------

def bits(luck, count):
    ends = [b"\0" * count, b"\xff" * count, b"\xff" * (count - 1) + b"\x7f", b"\0" * (count - 1) + b"\x80"]
    return luck.choice(ends) if luck.random() < 0.1 else luck.randbytes(count)


def put(digits, at, new):
    data = bytearray.fromhex(digits)
    data[at:at + len(new)] = new[:max(0, len(data) - at)]
    return data.hex()


def vary_maker(*fields):
    """Another number in each of some fields (start, length) of the manufacturer data; starts count from its company."""
    def vary(line, luck):
        ((company, digits),) = line["manufacturer_data"].items()
        whole = bytes.fromhex(company)[::-1].hex() + digits
        for start, length in fields:
            if luck.random() < 0.7 and start + length <= len(whole) // 2:
                whole = put(whole, start, bits(luck, length))
        line["manufacturer_data"] = {bytes.fromhex(whole[:4])[::-1].hex(): whole[4:]}
    return vary


def crc(data):
    """CRC-16/MODBUS."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


def vary_inkbird(line, luck):
    ((company, digits),) = line["manufacturer_data"].items()
    if len(digits) == 32:
        return vary_maker((6, 2), (8, 2), (10, 1))(line, luck)
    vary_maker((0, 2), (2, 2), (7, 1))(line, luck)
    ((company, digits),) = line["manufacturer_data"].items()
    line["manufacturer_data"] = {company: put(digits, 3, crc(bytes.fromhex(company)[::-1] + bytes.fromhex(digits)[:3]))}


def vary_qingping(line, luck):
    data, at = bytearray.fromhex(line["service_data"]["fdcd"]), 8
    while at + 2 <= len(data):
        length = data[at + 1]
        if data[at] not in (0x04, 0x08) and luck.random() < 0.7:
            data[at + 2:at + 2 + length] = bits(luck, length)[:len(data) - at - 2]
        at += 2 + length
    line["service_data"] = {"fdcd": data.hex()}


def vary_switchbot(line, luck):
    for company, digits in line["manufacturer_data"].items():
        line["manufacturer_data"] = {company: put(put(digits, 8, bits(luck, 3)), 13, bits(luck, 2))}
    for uuid, digits in line["service_data"].items():
        line["service_data"] = {uuid: put(put(digits, 2, bits(luck, 1)), 3, bits(luck, 3))}


def family(device):
    return lambda line: said(device(), service_info(line))


VENDORS = {
    "aranet": Vendor(theirs=aranet, vary=vary_maker((10, 2), (12, 2), (14, 2), (16, 1), (17, 1), (19, 1))),
    "govee": Vendor(theirs=family(GoveeBluetoothDeviceData), vary=None),
    "inkbird": Vendor(theirs=family(INKBIRDBluetoothDeviceData), vary=vary_inkbird),
    "mibeacon": Vendor(theirs=mibeacon, vary=None, service="fe95"),
    "mopeka": Vendor(theirs=mopeka, vary=vary_maker((3, 1), (4, 1), (5, 2))),
    "qingping": Vendor(theirs=qingping, vary=vary_qingping, service="fdcd"),
    "sensorpush": Vendor(theirs=sensorpush, vary=vary_maker((1, 4), (2, 3))),
    "switchbot": Vendor(theirs=switchbot, vary=vary_switchbot, service="fd3d"),
    "thermopro": Vendor(theirs=thermopro, vary=vary_maker((1, 3), (4, 1))),
}


# --- comparison -----------------------------------------------------------------------------------------------------

def known(vendor, line, ours, theirs):
    """The name of a difference that is meant, and what is left of both without it."""
    data = bytes.fromhex(next(iter((line["manufacturer_data"] or line["service_data"]).values())))
    company = next((bytes.fromhex(company)[::-1] for company in line["manufacturer_data"]), b"")
    whole = company + data
    if ours.get("error") == "impossible" and vendor in ("sensorpush", "inkbird", "switchbot"):
        return "impossible", None
    if vendor == "inkbird":
        humidity = whole[2:4] if len(whole) == 9 else whole[8:10]
        if humidity in (b"\0\0", b"\xff\xff"):
            return "no humidity", None
    if vendor == "qingping" and (b"\xff\xff" in data[8:] or b"\x02\x01\xff" in data):
        return "all ones", [series for series in theirs if theirs[series] not in (65535, 6553.5) and series != ("battery", 0)]
    if vendor == "aranet":
        if data[11] & 0x80:
            return "below zero", [series for series in theirs if series[0] != "temperature"]
        if len(data) == 24 and (data[10:12] == b"\0\0" or data[14:16] == b"\0\0"):
            return "zero", list(theirs)
    if vendor == "mopeka" and data[1] & 0x80:
        return "top bit", [series for series in theirs if series[0] not in ("voltage", "battery")]
    if vendor == "switchbot" and not theirs:
        return "nothing measured", []
    return None, None


def differences(vendor, ours, theirs, only=None):
    """What of two answers is not the same."""
    close = CLOSE | (COARSER.get(vendor) or {})
    if "error" in ours:
        return [f"refused: {ours['error']}; the library says {theirs}"] if theirs else []
    mine = {(value["quantity"], value["instance"]): value["value"] for value in ours["values"]}
    found = []
    for series, value in theirs.items():
        if only is not None and series not in only:
            continue
        if series not in mine:
            found.append(f"{series} {value} is missing in {mine}")
        elif isinstance(value, bool) or isinstance(mine[series], bool):
            if bool(value) != bool(mine[series]):
                found.append(f"{series}: {mine[series]}, the library says {value}")
        elif abs(mine[series] - value) > close.get(series[0], 1e-6):
            found.append(f"{series}: {mine[series]}, the library says {value}")
    if only is None:
        found += [f"{series} {mine[series]} is not said by the library" for series in mine
                  if series not in theirs and series[0] != ONLY_OURS.get(vendor)]
    return found


def vector_line(vendor, row):
    company = f"{row.get('company', 0x0499):04x}"
    uuid = f"{row['service']:04x}" if "service" in row else getattr(VENDORS[vendor], "service", "")
    line = {"address": row.get("address", "A4:C1:38:AA:BB:CC"),
            "service_data": {uuid: row["service_data"]} if "service_data" in row else {},
            "manufacturer_data": {company: row["manufacturer_data"]} if "manufacturer_data" in row else {}}
    line |= {"name": row["local_name"]} if "local_name" in row else {}
    return line | ({"bindkey": row["key"]} if "key" in row else {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--vectors", type=pathlib.Path, required=True)
    parser.add_argument("--frames", type=int, default=2000, help="variations for each vendor")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10, help="differences printed")
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)

    cases = []  # vendor, name, line, how the library differs
    for vendor, how in VENDORS.items():
        rows = tomllib.loads((options.vectors / f"{vendor}.toml").read_text())["vector"]
        cases += [(vendor, row["name"], vector_line(vendor, row), row.get("differs")) for row in rows]
        bases = [row for row in rows if "expect" in row]
        for number in range(options.frames if how.vary else 0):
            luck = random.Random(f"{options.seed}/{vendor}/{number}")
            row = luck.choice(bases)
            line = vector_line(vendor, row)
            how.vary(line, luck)
            cases.append((vendor, f"variation {number} of {row['name']}", line, None))

    text = "".join(json.dumps(line) + "\n" for _, _, line, _ in cases)
    run = subprocess.run(options.program, input=text.encode(), capture_output=True, check=False)
    answers = [json.loads(answer) for answer in run.stdout.decode().splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"{len(cases)} lines in, {len(answers)} out (exit status {run.returncode}): {run.stderr[-500:]}")

    tally, agreed, red = collections.Counter(), collections.Counter(), 0
    for (vendor, name, line, differs), ours in zip(cases, answers):
        theirs = VENDORS[vendor].theirs(line)
        why, only = known(vendor, line, ours, theirs) if name.startswith("variation ") else (None, None)
        found = differences(vendor, ours, theirs, [] if why and only is None else only)
        if why and only is None:
            found = []
        if differs and not found:
            found = [f"agreed, and should not: {differs}"]
        elif differs:
            tally["vectors that differ as they say"] += 1
            continue
        if why:
            tally[why] += 1
        if not found:
            agreed[vendor] += 1
            continue
        red += 1
        if red <= options.show:
            print(f"{vendor}, {name}: {'; '.join(found)}\n  {json.dumps(line, ensure_ascii=False)}\n  {ours}", file=sys.stderr)
    print(json.dumps({"cases": len(cases), "different": red, "agreed": dict(agreed), "known differences": dict(tally)}, indent=1))
    sys.exit(1 if red else 0)


if __name__ == "__main__":
    main()
