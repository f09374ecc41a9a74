#!/usr/bin/env python3
"""The sensor's firmware among programs of others: bumble's controllers and central, snow's Noise, bthome-ble's decoder.

    pip install -r requirements.txt
    python interop.py --sensor target/debug/sensor-sim --initiator target/debug/examples/initiator --hubd target/debug/hubd [NAME…]

Each test has sensors, flash and air of its own. Nothing sleeps: a test waits for what is to happen, at most 20 s.
"""

import argparse
import asyncio
import random
import struct
import sys
import tempfile
import time
import traceback

from bumble.att import ATT_Error
from bumble.core import AdvertisingData, UUID
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import hub
from bench import KEY, Bench, Sensor, refused, say, still_nobody_s
from hub import DeviceKey

FORGED = "message was made with another key, comes out of turn, or was changed"
UNKNOWN_KIND = 1
"""The reason of a refusal."""


TESTS = []


def test(function):
    TESTS.append(function)
    return function


@test
async def a_new_sensor_is_found_by_its_label_alone(bench):
    sensor = await bench.sensor()
    await sensor.says("started, boot 1, unclaimed", "window opened")
    first = await bench.hear_pairing(sensor)
    assert first.is_connectable
    assert first.data.get(AdvertisingData.FLAGS) is not None
    assert bytes(first.address)[5] >> 6 == 0, "a private address that cannot be resolved"
    await sensor.kill()
    sensor = await bench.sensor()
    await sensor.says("started, boot 2, unclaimed")
    second = await bench.hear_pairing(sensor)
    assert second.address != first.address and second.data_bytes != first.data_bytes, "it cannot be followed"


@test
async def nobody_hears_a_sensor_that_nobody_touched(bench):
    sensor = await bench.sensor("--untouched")
    await sensor.says("started, boot 1, unclaimed")
    other = await bench.sensor(name="other")
    # The other one has been heard ten times, and this one never.
    for _ in range(10):
        advert = await bench.hear(lambda advert: True)
        assert other.code.matches(advert)
    sensor.type("press")
    await sensor.says("window opened")
    await bench.hear_pairing(sensor)


@test
async def the_gatt_table_is_the_service_and_what_bluetooth_asks_for(bench):
    sensor = await bench.sensor()
    link = await bench.link(await bench.hear_pairing(sensor))
    table = []
    for service in link.peer.services:
        characteristics = []
        for characteristic in service.characteristics:
            descriptors = [str(descriptor.type) for descriptor in await characteristic.discover_descriptors()]
            characteristics.append((characteristic.uuid, int(characteristic.properties), len(descriptors)))
        table.append((service.uuid, characteristics))
    read, write, notify = 0x02, 0x08, 0x10
    assert table == [
        (UUID.from_16_bits(0x1800), [(UUID.from_16_bits(0x2A00), read, 0), (UUID.from_16_bits(0x2A01), read, 0)]),
        (UUID.from_16_bits(0x1801), []),
        (hub.SERVICE, [(hub.TO_SENSOR, write, 0), (hub.TO_HUB, notify, 1)]),
    ], table
    [name] = link.peer.get_characteristics_by_uuid(UUID.from_16_bits(0x2A00))
    assert await name.read_value() == b"Ingle", "no word of who it is"
    for uuid in (hub.TO_SENSOR, hub.TO_HUB):
        [characteristic] = link.peer.get_characteristics_by_uuid(uuid)
        try:
            raise AssertionError(f"read {await characteristic.read_value()} of {uuid}")
        except ATT_Error:
            pass
    await link.close()
    await sensor.says("connected", "disconnected")


@test
async def a_sensor_is_paired_and_heard(bench):
    sensor = await bench.sensor()
    advert = await bench.hear_pairing(sensor)
    session = await bench.session(advert)
    info = await session.pair(sensor.code)
    assert (info.uid, info.product, info.boot, info.claim) == (sensor.code.uid, sensor.code.product, 1, hub.UNCLAIMED)
    assert info.owners == 0 and info.battery_mv == 2987, vars(info)
    assert await session.ask(bytes([hub.IDENTIFY, 0b0101])) == bytes([hub.BLINKING])
    await sensor.says("blinking 0101", "light on")
    first_counter = await session.claim(KEY)
    await sensor.says("clock set to 1795000000", "pending, key 1")
    # The hub, still connected, waits for an advert under the new key.
    reading = await bench.hear_reading(like=lambda reading: "voltage" in reading.values)
    measured = {name: value for name, value in reading.values.items() if name not in ("raw", "signal_strength")}
    assert measured == {"temperature": 21.5, "humidity": 45.2, "door": False, "voltage": 2.987}, measured
    assert not reading.is_connectable and reading.counter >= first_counter
    # It comes from the address that the sensor named, and not from that of the pairing advert.
    assert bytes(reading.heard.address)[::-1] == info.address != bytes(advert.address)[::-1] and info.address[0] >> 6 == 3
    assert await session.ask(bytes([hub.CONFIRM])) == bytes([hub.CONFIRMED])
    await session.link.close()
    await sensor.says("active, key 1", "window closed", "disconnected")


@test
async def pieces_of_every_size_come_across(bench):
    for mtu in (None, 23, 50, 185, 247, 517):
        sensor = await bench.sensor(name=f"mtu{mtu}")
        session = await bench.session(await bench.hear_pairing(sensor), mtu)
        assert (await session.pair(sensor.code)).uid == sensor.code.uid
        await session.claim(KEY)
        await session.link.close()
        await sensor.kill()


@test
async def a_claimed_sensor_answers_its_owner_only(bench):
    sensor = await bench.paired()
    reading = await bench.hear_reading(like=lambda reading: reading.is_connectable)
    session = await bench.session(reading.heard)
    await refused(session.pair(sensor.code))
    await sensor.says("hung up: pairing with a sensor that has an owner", "disconnected")
    session = await bench.session(reading.heard)
    await refused(session.reach(DeviceKey(KEY.key, 2)))
    await sensor.says(f"hung up: {FORGED}", "disconnected")
    session, info = await bench.reach()
    assert (info.claim, info.owners) == (hub.ACTIVE, 1)
    assert await session.ask(bytes([hub.IDENTIFY, 0b1111])) == bytes([hub.BLINKING])
    await sensor.says("blinking 1111")
    assert await session.ask(b"\x7e") == struct.pack("<BBI", hub.REFUSED, UNKNOWN_KIND, 0x7E)
    await session.link.close()


@test
async def who_has_not_all_of_the_label_gets_nothing(bench):
    sensor = await bench.sensor()
    code = sensor.code
    # A secret that is not on the label; the key of another sensor, as who knows the label alone would have to use.
    _, other = await bench.identity("other")
    for secret, key in ((other.secret, code.key), (code.secret, other.key)):
        session = await bench.session(await bench.hear_pairing(sensor))
        await refused(session.begin(hub.PAIRING, hub.hkdf(secret, b"pairing"), key))
        await sensor.says(f"hung up: {FORGED}", "disconnected")
    await still_nobody_s(bench, sensor)


@test
async def what_was_recorded_is_of_no_use(bench):
    sensor = await bench.sensor()
    session = await bench.session(await bench.hear_pairing(sensor))
    first = await session.first_message(hub.PAIRING, hub.hkdf(sensor.code.secret, b"pairing"), sensor.code.key)
    first_pieces = list(session.link.pieces(first))
    await session.link.send(first_pieces)
    payload, _ = await bench.initiator.ask("finish", await session.link.receive())
    assert hub.Info(payload).claim == hub.UNCLAIMED
    [identify] = await bench.initiator.ask("seal", bytes([hub.IDENTIFY, 5]))
    second_pieces = list(session.link.pieces(identify))
    await session.link.send(second_pieces)
    await session.link.receive()
    await session.link.close()
    await sensor.says("blinking 0101", "disconnected")
    # The sensor answers the first message, as anybody could have made it once; and nothing that follows.
    link = await bench.link(await bench.hear_pairing(sensor))
    await link.send(first_pieces)
    await link.receive()
    await refused(say(link, second_pieces))
    await sensor.says(f"hung up: {FORGED}", "disconnected")
    await still_nobody_s(bench, sensor)


@test
async def what_is_cut_lost_or_out_of_order_ends_the_session(bench):
    sensor = await bench.sensor()

    async def begin(mtu=None):
        session = await bench.session(await bench.hear_pairing(sensor), mtu)
        psk = hub.hkdf(sensor.code.secret, b"pairing")
        return session.link, await session.first_message(hub.PAIRING, psk, sensor.code.key)

    link, message = await begin()
    await refused(say(link, link.pieces(message[:-5])))
    await sensor.says(f"hung up: {FORGED}", "disconnected")
    for change, fault in (
        (lambda pieces: pieces[:1] + pieces[2:], "1 pieces lost"),
        (lambda pieces: pieces[:2] + pieces[1:], "piece sent twice"),
        (lambda pieces: pieces[:1] + pieces[2:3] + pieces[1:2], "1 pieces lost"),
        (lambda pieces: pieces[1:], "1 pieces lost"),
        (lambda pieces: [b"\xc0"], "piece without data"),
        (lambda pieces: [b"\xc0\x09"], "session for an unknown purpose (9)"),
    ):
        link, message = await begin()
        await refused(say(link, change(list(link.pieces(message)))))
        await sensor.says(f"hung up: {fault}", "disconnected")
    # A second message before the first one was answered cannot happen with a link that waits for its own writes; one
    # before the handshake's end can be sent, and is not what it should be.
    link, message = await begin(247)
    await link.send(link.pieces(message))
    await link.receive()
    await refused(say(link, link.pieces(message)))
    await sensor.says(f"hung up: {FORGED}", "disconnected")
    await still_nobody_s(bench, sensor)


@test
async def a_new_battery_changes_nothing_but_the_boot(bench):
    sensor = await bench.paired()
    before = await bench.hear_reading()
    await sensor.kill()
    sensor = await bench.sensor()
    await sensor.says("started, boot 2, active")
    after = await bench.hear_reading()
    assert after.heard.address == before.heard.address and after.counter > before.counter
    session, info = await bench.reach()
    assert (info.boot, info.claim, info.owners) == (2, hub.ACTIVE, 1)
    await session.link.close()


@test
async def who_waits_for_a_door_hears_it_at_once(bench):
    sensor = await bench.paired()
    for state in (True, False):
        counter = (await bench.hear_reading()).counter
        sensor.type(f"door {int(state)}")
        reading = await bench.hear_reading(like=lambda reading: reading.values.get("door") is state)
        assert reading.counter > counter


@test
async def a_key_is_rotated(bench):
    sensor = await bench.paired()
    session, _ = await bench.reach()
    next_key = DeviceKey(bytes(range(1, 33)), 2)
    first_counter = await session.rotate(next_key)
    assert await session.ask(bytes([hub.CONFIRM])) == bytes([hub.CONFIRMED])
    await sensor.says("active, key 2")
    assert (await bench.hear_reading(next_key)).counter >= first_counter
    await session.link.close()
    session, info = await bench.reach(next_key)
    assert info.claim == hub.ACTIVE
    await session.link.close()


@test
async def settings_are_taken_and_echoed(bench):
    sensor = await bench.paired()
    session, _ = await bench.reach()
    assert await session.ask(bytes([hub.ASK])) == bytes([hub.SETTINGS]) + hub.settings()
    wanted = hub.settings(revision=7, advert_interval_ms=100)
    assert await session.ask(bytes([hub.SET]) + wanted) == bytes([hub.SETTINGS]) + wanted
    await sensor.says("active, key 1")
    answer = await session.ask(bytes([hub.SET]) + hub.settings(advert_interval_ms=99))
    assert answer[0] == hub.REFUSED, answer.hex()
    await session.link.close()
    await sensor.kill()
    await bench.sensor()
    session, _ = await bench.reach()
    assert await session.ask(bytes([hub.ASK])) == bytes([hub.SETTINGS]) + wanted
    await session.link.close()


@test
async def a_released_sensor_is_anybody_s_who_touches_it(bench):
    sensor = await bench.paired()
    session, _ = await bench.reach()
    assert await session.ask(bytes([hub.RELEASE])) == bytes([hub.RELEASED])
    await session.link.close()
    await sensor.says("wiped", "unclaimed", "disconnected")
    sensor.type("press")
    session = await bench.session(await bench.hear_pairing(sensor))
    info = await session.pair(sensor.code)
    assert (info.claim, info.owners) == (hub.UNCLAIMED, 1)
    key = DeviceKey(bytes(32), 1)
    await session.claim(key, owner_epoch=2)
    await bench.hear_reading(key)
    await session.link.close()


@test
async def a_button_that_is_held_makes_a_sensor_nobody_s(bench):
    sensor = await bench.paired()
    session, _ = await bench.reach()
    sensor.type("hold")
    await session.link.hung_up()
    await sensor.says("wiped", "unclaimed", "hung up: the sensor was reset", "window opened")
    session = await bench.session(await bench.hear_pairing(sensor))
    assert (await session.pair(sensor.code)).claim == hub.UNCLAIMED
    await session.link.close()


@test
async def a_pending_sensor_is_heard_by_its_hub_and_can_be_paired_again(bench):
    sensor = await bench.sensor()
    session = await bench.session(await bench.hear_pairing(sensor))
    await session.pair(sensor.code)
    lost = DeviceKey(bytes(range(50, 82)), 1)
    await session.claim(lost)
    await session.link.close()
    await sensor.says("pending, key 1", "disconnected")
    await bench.hear_reading(lost)
    session = await bench.session(await bench.hear_pairing(sensor))
    assert (await session.pair(sensor.code)).claim == hub.PENDING
    await session.claim(KEY)
    await bench.hear_reading()
    await session.link.close()
    # Any later session is as good as a Confirm.
    session, info = await bench.reach()
    assert info.claim == hub.PENDING
    assert await session.ask(bytes([hub.IDENTIFY, 1])) == bytes([hub.BLINKING])
    await sensor.says("active, key 1")
    await session.link.close()


@test
async def log_and_health_are_the_owners(bench):
    await bench.paired()
    session, _ = await bench.reach()
    boot, uptime_s, reset, panics, watchdogs, battery_mv, _, security_counter = hub.health(
        await session.ask(bytes([hub.HEALTH])))
    assert (boot, reset, panics, watchdogs, battery_mv, security_counter) == (1, 0, 0, 0, 2987, 0) and uptime_s < 60
    blocks = hub.blocks(await session.ask(struct.pack("<BII", hub.LOG, 0, 0)))
    assert blocks and all(blocks), blocks
    assert hub.blocks(await session.ask(struct.pack("<BII", hub.LOG, 2, 0))) == [], "there is no later boot"
    await session.link.close()
    # Whoever is no owner yet has no such rights.
    other = await bench.sensor(name="other")
    session = await bench.session(await bench.hear_pairing(other))
    await session.pair(other.code)
    assert (await session.ask(bytes([hub.HEALTH])))[0] == hub.REFUSED
    await session.link.close()


@test
async def who_hangs_up_in_the_middle_of_an_answer_leaves_a_sensor_that_works(bench):
    sensor = await bench.paired()
    for _ in range(5):
        session, _ = await bench.reach(mtu=23)
        [question] = await bench.initiator.ask("seal", struct.pack("<BII", hub.LOG, 0, 0))
        await session.link.send(session.link.pieces(question))
        await session.link.close()
        await sensor.says("connected", "disconnected")
    session, _ = await bench.reach()
    assert hub.blocks(await session.ask(struct.pack("<BII", hub.LOG, 0, 0)))
    await session.link.close()


@test
async def a_sensor_takes_an_update_that_was_signed(bench):
    signer = Ed25519PrivateKey.generate()
    public_key = signer.public_key().public_bytes_raw().hex()
    sensor = await bench.paired("--trust", public_key)
    session, info = await bench.reach()
    update = hub.Update(signer, sensor.code.product, bytes([9, 1, 2, 3]), random.Random(1).randbytes(20_001))
    assert info.firmware != bytes([3, 2, 1, 9])
    # Signed by somebody else, or for another product: not a byte of it is taken.
    for wrong in (hub.Update(Ed25519PrivateKey.generate(), sensor.code.product, update.version, update.image),
                  hub.Update(signer, sensor.code.product + 1, update.version, update.image)):
        assert (await session.ask(bytes([hub.OFFER]) + wrong.manifest))[0] == hub.REFUSED
    # The link is lost on the way, then the battery.
    assert await update.send(session, until=10 * hub.MAX_CHUNK) == 0
    await session.link.close()
    session, _ = await bench.reach()
    assert await update.send(session, until=15 * hub.MAX_CHUNK) == 10 * hub.MAX_CHUNK
    await sensor.kill()
    sensor = await bench.sensor("--trust", public_key)
    await sensor.says("started, boot 2, active")
    session, _ = await bench.reach()
    assert await update.send(session) == 3 * 4096, "whole pages are there for good"
    installing, none = 2, 0
    assert update.how_far(await session.ask(bytes([hub.INSTALL])))[0] == installing
    await session.link.close()
    await sensor.says("starts anew", "a new program is on trial", "started, boot 3, active")
    # It has measured and sent; that its hub speaks to it is what was missing.
    session, info = await bench.reach()
    assert info.firmware == bytes([3, 2, 1, 9])
    await session.ask(bytes([hub.PROGRESS]))
    answer = await session.ask(bytes([hub.PROGRESS]))
    assert answer[:2] == bytes([hub.HOW_FAR, none]), answer.hex()
    await session.link.close()
    # It stays, whatever happens to the battery.
    await sensor.kill()
    sensor = await bench.sensor("--trust", public_key)
    await sensor.says("started, boot 4, active")
    session, info = await bench.reach()
    assert info.firmware == bytes([3, 2, 1, 9])
    await session.link.close()


@test
async def a_program_that_does_not_work_is_taken_back(bench):
    signer = Ed25519PrivateKey.generate()
    trust = ("--trust", signer.public_key().public_bytes_raw().hex())
    sensor = await bench.paired(*trust)
    session, before = await bench.reach()
    update = hub.Update(signer, sensor.code.product, bytes([9, 9, 9, 9]), bytes(5000))
    await update.send(session)
    await session.ask(bytes([hub.INSTALL]))
    await session.link.close()
    await sensor.says("a new program is on trial")
    # Three times it starts, and its hub never speaks to it.
    for word in ("a new program is on trial", "a new program is on trial", "the program from before is back"):
        await sensor.kill()
        sensor = await bench.sensor(*trust)
        await sensor.says(word)
    session, info = await bench.reach()
    assert info.firmware == before.firmware
    await session.link.close()


@test
async def two_sensors_live_in_one_program(bench):
    paths, codes = zip(*[await bench.identity(name) for name in ("left", "right")])
    arguments = []
    for path in paths:
        hci = await bench.sockets.tcp()
        arguments += ["--hci", hci, "--identity", str(path), "--flash", str(path.with_suffix(".flash"))]
    sensor = await Sensor.start(bench, arguments)
    for code in codes:
        session = await bench.session(await bench.hear(lambda advert: code.matches(advert)))
        assert (await session.pair(code)).uid == code.uid
        await session.link.close()
        await sensor.says(f"{code.uid.hex()}: disconnected")


@test
async def a_sensor_without_its_radio_stops_and_says_so(bench):
    sensor = await bench.sensor()
    await bench.hear_pairing(sensor)
    bench.sockets.pull_out()
    await sensor.says("sensor-sim: failed to run the sensor: the radio controller is gone", "ended with 1")


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for program in ("sensor", "initiator", "hubd"):
        parser.add_argument(f"--{program}", required=True)
    parser.add_argument("names", nargs="*", help="tests to run instead of all")
    options = parser.parse_args()
    passed = failed = 0
    for function in TESTS:
        if options.names and function.__name__ not in options.names:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(options, folder)
            try:
                async with bench:
                    await function(bench)
                outcome, passed = "ok", passed + 1
            except Exception:
                outcome, failed = "FAILED", failed + 1
                traceback.print_exc()
                for sensor in bench.sensors:
                    print("  the sensor said:", *sensor.lines, sep="\n    ")
        print(f"{function.__name__} ... {outcome} ({time.monotonic() - began:.1f} s)", flush=True)
    print(f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
