"""What a test has: sensors as programs, an air of their own, a central that listens, and two readers of adverts."""

import asyncio
import json
import logging
import time
from pathlib import Path

from bthome_ble import BTHomeBluetoothDeviceData
from bumble.core import AdvertisingData
from habluetooth import BluetoothServiceInfoBleak

import air
import hub
from hub import DeviceKey, HungUp, Initiator, Link, Session, SetupCode

VALUES = "temperature,humidity,door,voltage\n21.5,45.2,0,2.987\n"
# That a key is not the right one is what many tests are about.
logging.getLogger("bthome_ble").setLevel(logging.CRITICAL)
KEY = DeviceKey(bytes(range(100, 132)), 1)


class Sensor:
    """The program, what it prints, and what is typed."""

    def __init__(self, process, code):
        self.process, self.code, self.lines, self.news = process, code, [], asyncio.Event()
        self.reading = asyncio.create_task(self._read())

    @classmethod
    async def start(cls, bench, arguments):
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(bench.options.sensor, "run", *arguments, stdin=pipe, stdout=pipe,
                                                       stderr=asyncio.subprocess.STDOUT)
        sensor = cls(process, None)
        bench.sensors.append(sensor)
        return sensor

    async def _read(self):
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode().rstrip("\n"))
            self.news.set()
        self.lines.append(f"ended with {await self.process.wait()}")
        self.news.set()

    async def says(self, *wanted):
        """Waits for these lines in this order, others between them; forgets all up to the last."""
        found = None
        for text in wanted:
            found = await asyncio.wait_for(self._line(text), hub.PATIENCE_S)
        return found

    async def _line(self, text):
        while True:
            for at, line in enumerate(self.lines):
                if text in line:
                    del self.lines[:at + 1]
                    return line
            self.news.clear()
            await self.news.wait()

    def type(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    async def kill(self):
        """As a battery is pulled out."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self.reading


class Bench:
    """One test's air, sensors, central and initiator."""

    def __init__(self, options, folder):
        self.options, self.folder, self.sensors = options, Path(folder), []
        self.air = air.Air()
        self.sockets = air.Sockets(self.air)
        self.heard = asyncio.Queue()

    async def __aenter__(self):
        self.values = self.folder / "values.csv"
        self.values.write_text(VALUES)
        self.hci = await self.sockets.unix(str(self.folder / "radio"))
        self.central = await air.central(self.air)
        self.central.on("advertisement", self.heard.put_nowait)
        self.initiator = await Initiator.start(self.options.initiator)
        return self

    async def __aexit__(self, *_):
        for sensor in self.sensors:
            await sensor.kill()
        self.initiator.process.kill()
        await self.initiator.process.wait()

    async def identity(self, name):
        path = self.folder / f"{name}.toml"
        program = await asyncio.create_subprocess_exec(self.options.sensor, "identity", str(path),
                                                       stdout=asyncio.subprocess.PIPE)
        text, _ = await program.communicate()
        return path, SetupCode(text.decode().strip())

    async def sensor(self, *arguments, name="sensor"):
        """A sensor with this name's identity and flash, which are new the first time."""
        path = self.folder / f"{name}.toml"
        if not path.exists():
            await self.identity(name)
        sensor = await Sensor.start(self, ["--hci", self.hci, "--identity", str(path), "--values", str(self.values),
                                           "--flash", str(self.folder / f"{name}.flash"), *arguments])
        line = await sensor.says("setup code ")
        sensor.code = SetupCode(line.removeprefix("setup code "))
        return sensor

    async def hear(self, is_wanted):
        """The next advert like that; what was heard before is forgotten."""
        while not self.heard.empty():
            self.heard.get_nowait()

        async def listen():
            while True:
                advert = await self.heard.get()
                if is_wanted(advert):
                    return advert

        return await asyncio.wait_for(listen(), hub.PATIENCE_S)

    async def hear_pairing(self, sensor):
        return await self.hear(lambda advert: sensor.code.matches(advert))

    async def hear_reading(self, key=KEY, like=lambda reading: True):
        """The next advert sealed with this key, read by bthome-ble and by hubd."""
        reading = None

        def is_wanted(advert):
            nonlocal reading
            reading = Reading.of(advert, key)
            return reading is not None and like(reading)

        await self.hear(is_wanted)
        await reading.check(self.options.hubd)
        return reading

    async def link(self, advert, mtu=247):
        return await Link.open(self.central, advert.address, mtu)

    async def session(self, advert, mtu=247):
        return Session(await self.link(advert, mtu), self.initiator)

    async def paired(self, *arguments):
        """A sensor that is ours."""
        sensor = await self.sensor(*arguments)
        session = await self.session(await self.hear_pairing(sensor))
        await session.pair(sensor.code)
        await session.claim(KEY)
        await self.hear_reading()
        assert await session.ask(bytes([hub.CONFIRM])) == bytes([hub.CONFIRMED])
        await session.link.close()
        await sensor.says("active, key 1", "disconnected")
        return sensor

    async def reach(self, key=KEY, mtu=247):
        """A link to our sensor, and what it says of itself."""
        session = await self.session((await self.hear_reading(key, lambda reading: reading.is_connectable)).heard, mtu)
        return session, await session.reach(key)


class Reading:
    """An advert that was opened by bthome-ble."""

    @classmethod
    def of(cls, advert, key):
        data = advert.data.get(AdvertisingData.SERVICE_DATA_16_BIT_UUID)
        if data is None or data[0] != hub.BTHOME:
            return None
        reading = cls()
        reading.heard, reading.is_connectable, reading.key = advert, advert.is_connectable, key
        reading.address, reading.data = str(advert.address).split("/")[0], data[1]
        assert reading.data[0] == 0x41, "sealed, sent regularly, version 2"
        device = BTHomeBluetoothDeviceData(bindkey=key.advert)
        update = device.update(BluetoothServiceInfoBleak(
            name="", address=reading.address, rssi=-50, manufacturer_data={}, service_uuids=[], source="test",
            service_data={"0000fcd2-0000-1000-8000-00805f9b34fb": reading.data}, device=None, advertisement=None,
            connectable=reading.is_connectable, time=time.time(), tx_power=None))
        if not device.bindkey_verified:
            return None
        reading.counter = int.from_bytes(reading.data[-8:-4], "little")
        reading.values = {key.key: value.native_value for key, value in update.entity_values.items()}
        reading.values |= {key.key: value.native_value for key, value in update.binary_entity_values.items()}
        return reading

    async def check(self, hubd):
        """hubd reads the same."""
        question = {"address": self.address, "service_data": {"fcd2": self.data.hex()}, "bindkey": self.key.advert.hex()}
        pipe = asyncio.subprocess.PIPE
        program = await asyncio.create_subprocess_exec(hubd, "decode", "--stdin", stdin=pipe, stdout=pipe)
        out, _ = await program.communicate(json.dumps(question).encode() + b"\n")
        answer = json.loads(out)
        assert answer["counter"] == self.counter and answer["encrypted"], answer
        ours = {value["quantity"]: value["value"] for value in answer["values"]}
        for name in ("temperature", "humidity", "voltage"):
            theirs = self.values.get(name)
            assert ours.get(name) == theirs, f"{name}: hubd {ours.get(name)}, bthome-ble {theirs}"
        assert bool(ours.get("door")) == bool(self.values.get("door")), answer


async def say(link, pieces):
    """Says something and waits for the answer."""
    await link.send(pieces)
    return await link.receive()


async def refused(saying):
    """The sensor hangs up instead of answering."""
    try:
        answer = await saying
    except HungUp:
        return
    raise AssertionError(f"answered: {answer if isinstance(answer, bytes) else vars(answer)}")


async def still_nobody_s(bench, sensor):
    """It can be paired as if nothing had happened."""
    session = await bench.session(await bench.hear_pairing(sensor))
    info = await session.pair(sensor.code)
    assert (info.claim, info.owners) == (hub.UNCLAIMED, 0), vars(info)
    await session.claim(KEY)
    await bench.hear_reading()
    await session.link.close()
