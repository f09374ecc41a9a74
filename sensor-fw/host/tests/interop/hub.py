"""A hub, written from the documents of the wire and from nothing else: setup codes, keys, pieces, messages.

Noise is not in it: it asks a program that `snow` is in.
"""

import asyncio
import hashlib
import hmac
import struct
import uuid
import zlib

from bumble.core import AdvertisingData, ProtocolError, UUID
from bumble.device import Peer

SERVICE = UUID("9473ef6e-5327-4261-8fdb-16a39352cb82")
TO_SENSOR = UUID("9473ef6f-5327-4261-8fdb-16a39352cb82")
TO_HUB = UUID("9473ef70-5327-4261-8fdb-16a39352cb82")
BTHOME = UUID.from_16_bits(0xFCD2)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

PAIRING, LINK = 1, 2
PROLOGUES = {PAIRING: b"HSP1 pairing", LINK: b"HSP1 link"}
UNCLAIMED, PENDING, ACTIVE = 0, 1, 2
HELLO, PROVISION, CONFIRM, IDENTIFY, ROTATE, RELEASE, SET, ASK = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x10, 0x11
INFO, DONE, CONFIRMED, BLINKING, RELEASED, SETTINGS, REFUSED = 0x81, 0x82, 0x83, 0x84, 0x85, 0x90, 0x8F

LOG, OFFER, CHUNK, INSTALL, PROGRESS, HEALTH = 0x20, 0x30, 0x31, 0x32, 0x34, 0x40
BLOCKS, HOW_FAR, HOW = 0xA0, 0xB0, 0xC0
MAX_CHUNK = 960

PATIENCE_S = 20
"""Longer than anything takes, on any machine; nothing ever waits for it to pass."""


def hkdf(key, label, value=b""):
    extracted = hmac.digest(bytes(32), key, "sha256")
    return hmac.digest(extracted, label + value + b"\x01", "sha256")


class SetupCode:
    """What the label says."""

    def __init__(self, text):
        assert text.startswith("HS1:") and len(text) == 99, text
        digits = [ALPHABET.index(character) for character in text[4:]]
        data = b""
        for at in range(0, len(digits), 3):
            group = digits[at:at + 3]
            number = sum(digit * 45**place for place, digit in enumerate(group))
            data += number.to_bytes(len(group) - 1, "big")
        assert zlib.crc32(data[:-4]) == int.from_bytes(data[-4:], "little")
        version, self.product, self.uid, self.key, self.secret = struct.unpack("<BH8s32s16s", data[:-4])
        assert version == 1

    def matches(self, advert):
        """Is that the pairing advert of this sensor?"""
        data = advert.data.get(AdvertisingData.SERVICE_DATA_128_BIT_UUID)
        if data is None or data[0] != SERVICE or len(data[1]) != 10:
            return False
        nonce, tag = data[1][:4], data[1][4:]
        return hmac.digest(self.secret, b"adv" + nonce, hashlib.sha256)[:6] == tag


class DeviceKey:
    """What hub and sensor agreed on."""

    def __init__(self, key, epoch):
        self.key, self.epoch = key, epoch

    def of(self, label):
        return hkdf(self.key, label, struct.pack("<I", self.epoch))

    @property
    def advert(self):
        return self.of(b"bthome")[:16]


def settings(revision=1, advert_interval_ms=200, sampling_s=1):
    """Short intervals, so that nobody waits."""
    return struct.pack("<BBHbHHHB", 1, revision, advert_interval_ms, 0, 300, sampling_s, 600, 0)


class Initiator:
    """`snow`, in a program of its own."""

    def __init__(self, process):
        self.process = process

    @classmethod
    async def start(cls, program):
        pipe = asyncio.subprocess.PIPE
        return cls(await asyncio.create_subprocess_exec(program, stdin=pipe, stdout=pipe))

    async def ask(self, *words):
        line = " ".join(word.hex() if isinstance(word, bytes) else word for word in words)
        self.process.stdin.write(line.encode() + b"\n")
        answer = (await self.process.stdout.readline()).decode().strip()
        assert not answer.startswith("error"), f"{line}: {answer}"
        return [bytes.fromhex(word) for word in answer.split(" ")]


class HungUp(Exception):
    """The sensor hung up."""


class Link:
    """A connection with a sensor, and the pieces on it."""

    def __init__(self, connection):
        self.connection, self.peer = connection, Peer(connection)
        self.inbox, self.message, self.sent, self.received = asyncio.Queue(), b"", 0, 0
        self.gone = asyncio.get_running_loop().create_future()
        connection.on("disconnection", lambda reason: self.gone.done() or self.gone.set_result(reason))

    @classmethod
    async def open(cls, central, address, mtu=247):
        link = cls(await asyncio.wait_for(central.connect(address), PATIENCE_S))
        if mtu:
            await link.peer.request_mtu(mtu)
        await link.peer.discover_services()
        for service in link.peer.services:
            await service.discover_characteristics()
        [link.way_in] = link.peer.get_characteristics_by_uuid(TO_SENSOR)
        [way_out] = link.peer.get_characteristics_by_uuid(TO_HUB)
        await way_out.discover_descriptors()
        await way_out.subscribe(link._piece)
        return link

    def _piece(self, piece):
        head, data = piece[0], piece[1:]
        assert head & 0x3F == self.received % 64, f"piece {head & 0x3F} where {self.received % 64} was next"
        assert bool(head & 0x80) == (self.message == b""), "a message begins where none had ended"
        self.received += 1
        self.message += data
        if head & 0x40:
            self.inbox.put_nowait(self.message)
            self.message = b""

    def pieces(self, message):
        """The message in pieces that fit, as they would be sent next."""
        room = self.peer.gatt_client.mtu - 3 - 1
        parts = [message[at:at + room] for at in range(0, len(message), room)]
        for number, part in enumerate(parts):
            head = (self.sent + number) % 64 | (0x80 if number == 0 else 0) | (0x40 if number == len(parts) - 1 else 0)
            yield bytes([head]) + part
        self.sent += len(parts)

    async def send(self, pieces):
        for piece in pieces:
            try:
                await self._unless_gone(self.way_in.write_value(piece, with_response=True))
            except ProtocolError as error:
                raise HungUp from error

    async def receive(self):
        return await self._unless_gone(self.inbox.get())

    async def _unless_gone(self, awaitable):
        task = asyncio.ensure_future(awaitable)
        await asyncio.wait({task, self.gone}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        if task.done() and not task.cancelled():
            return task.result()
        task.cancel()
        # bumble cancels what waits for an answer when the connection is gone.
        if task.cancelled() or self.gone.done():
            raise HungUp
        raise TimeoutError("the sensor neither answered nor hung up")

    async def hung_up(self):
        """Waits until the sensor has hung up."""
        await asyncio.wait_for(asyncio.shield(self.gone), PATIENCE_S)

    async def close(self):
        if not self.gone.done():
            await self.connection.disconnect()
            await self.hung_up()


class Session:
    """What is said on a link, sealed by Noise."""

    def __init__(self, link, initiator):
        self.link, self.initiator, self.hash = link, initiator, None

    async def first_message(self, purpose, psk, key=None):
        hello = struct.pack("<BBB", HELLO, 1, 1) + uuid.UUID(int=0x1234).bytes + b"noncence"
        words = [PROLOGUES[purpose], psk, key, hello] if purpose == PAIRING else [PROLOGUES[purpose], psk, hello]
        [message] = await self.initiator.ask("pairing" if purpose == PAIRING else "link", *words)
        return bytes([purpose]) + message

    async def begin(self, purpose, psk, key=None):
        """Shakes hands, and returns what the sensor says of itself."""
        await self.link.send(self.link.pieces(await self.first_message(purpose, psk, key)))
        payload, self.hash = await self.initiator.ask("finish", await self.link.receive())
        return Info(payload)

    async def pair(self, code):
        return await self.begin(PAIRING, hkdf(code.secret, b"pairing"), code.key)

    async def reach(self, key):
        return await self.begin(LINK, key.of(b"gatt"))

    async def ask(self, question):
        [sealed] = await self.initiator.ask("seal", question)
        await self.link.send(self.link.pieces(sealed))
        [answer] = await self.initiator.ask("open", await self.link.receive())
        return answer

    async def claim(self, key, owner_epoch=1, name="Kitchen"):
        """Gives the sensor a key, checks its proof and returns the first counter."""
        wishes = settings()
        question = struct.pack("<B32sII32sQ", PROVISION, key.key, key.epoch, owner_epoch, bytes(range(32)), 1_795_000_000)
        question += bytes([len(wishes)]) + wishes + bytes([len(name.encode())]) + name.encode()
        return self._proven(key, question, await self.ask(question))

    async def rotate(self, key):
        question = struct.pack("<BI32s", ROTATE, key.epoch, key.key)
        return self._proven(key, question, await self.ask(question))

    def _proven(self, key, question, answer):
        kind, first_counter, proof = struct.unpack("<BI32s", answer)
        assert kind == DONE, answer.hex()
        expected = hmac.digest(key.of(b"confirm"), self.hash + question + struct.pack("<I", first_counter), "sha256")
        assert proof == expected, "the sensor has another key"
        return first_counter


class Update:
    """An image with its manifest, signed."""

    def __init__(self, signer, product, version, image, security_counter=0, key=1):
        self.version, self.image = version, image
        fields = b"HSU\x01" + struct.pack("<HI", product, 1) + bytes(reversed(version))
        fields += struct.pack("<II", security_counter, len(image)) + hashlib.sha512(image).digest() + bytes([key])
        self.manifest = fields + signer.sign(fields)

    async def send(self, session, until=None):
        """Brings it as far as that, from where the sensor has it on, and tells how far it was."""
        begin = self.how_far(await session.ask(bytes([OFFER]) + self.manifest))[1]
        for at in range(begin, until or len(self.image), MAX_CHUNK):
            await session.ask(struct.pack("<BI", CHUNK, at) + self.image[at:at + MAX_CHUNK])
        return begin

    def how_far(self, answer):
        kind, stage, version, received, length = struct.unpack("<BB4sII", answer)
        assert (kind, version, length) == (HOW_FAR, bytes(reversed(self.version)), len(self.image)), answer.hex()
        return stage, received


class Info:
    """What a sensor says of itself."""

    def __init__(self, payload):
        fields = struct.unpack_from("<BBH8s6s4sBIHBIB", payload)
        kind, self.protocol, self.product, self.uid, self.address, self.firmware, self.hardware = fields[:7]
        self.boot, self.battery_mv, self.claim, self.owners, certificate = fields[7:]
        assert kind == INFO and self.protocol == 1 and certificate == 0, payload.hex()


def health(answer):
    kind, *fields = struct.unpack("<BIIBHHH4sI", answer)
    assert kind == HOW, answer.hex()
    return fields


def blocks(answer):
    kind, rest, found = answer[0], answer[1:], []
    assert kind == BLOCKS, answer.hex()
    while rest:
        length = int.from_bytes(rest[:2], "little")
        found.append(rest[2:2 + length])
        rest = rest[2 + length:]
    return found
