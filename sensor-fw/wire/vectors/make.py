#!/usr/bin/env python3
"""Writes the golden vectors of pairing and updates with implementations of others.

    python3 -m venv venv && venv/bin/pip install cryptography base45
    venv/bin/python make.py        # in this folder

Primitives are those of `cryptography` (OpenSSL), Base45 is that of `base45`, CRC-32 that of zlib; the tables in the
modules' documentation are written out once more here, by hand. Same inputs, same files.
"""

import hashlib
import hmac
import struct
import zlib
from pathlib import Path

import base45
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

HERE = Path(__file__).parent


def made_of(text: str, length: int) -> bytes:
    """Bytes that look random and are the same each time."""
    return hashlib.shake_256(text.encode()).digest(length)


def public(key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def write(name: str, head: str, rows: list[dict]) -> None:
    lines = [f"# {line}".rstrip() for line in head.strip().splitlines()]
    lines.append("#\n# Written by make.py; do not edit.")
    for row in rows:
        lines.append("\n[[vector]]")
        for key, value in row.items():
            if isinstance(value, bytes):
                value = value.hex()
            lines.append(f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"')
    (HERE / name).write_text("\n".join(lines) + "\n")


def setup_code() -> None:
    rows = []
    for name, product, fill in [
        ("a sensor as it is made", 0x0102, None),
        ("all bytes zero", 0x0000, 0x00),
        ("all bytes 0xff", 0xFFFF, 0xFF),
    ]:
        if fill is None:
            uid, secret = made_of("uid", 8), made_of("secret", 16)
            key = public(X25519PrivateKey.from_private_bytes(made_of("static", 32)))
        else:
            uid, key, secret = bytes([fill]) * 8, bytes([fill]) * 32, bytes([fill]) * 16
        fields = struct.pack("<BH8s32s16s", 1, product, uid, key, secret)
        text = "HS1:" + base45.b45encode(fields + struct.pack("<I", zlib.crc32(fields))).decode()
        rows.append(
            dict(name=name, text=text, product=product, uid=uid, public_key=key, secret=secret, source="base45, zlib")
        )
    write("setup_code.toml", "Golden vectors of setup codes: the text of the label and what it says.", rows)


def pairing_advert() -> None:
    rows = []
    service = bytes.fromhex("9473ef6e532742618fdb16a39352cb82")[::-1]
    for number in range(3):
        secret, nonce = made_of(f"advert secret {number}", 16), made_of(f"advert nonce {number}", 4)
        data = nonce + hmac.new(secret, b"adv" + nonce, hashlib.sha256).digest()[:6]
        legacy = bytes.fromhex("020106") + bytes([1 + 16 + 10, 0x21]) + service + data
        rows.append(
            dict(name=f"sensor {number}", secret=secret, nonce=nonce, service_data=data, legacy=legacy, source="hmac of Python")
        )
    write("pairing_advert.toml", "Golden vectors of pairing adverts.", rows)


def hkdf(key: bytes, info: bytes, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(key)


def keys() -> None:
    rows = []
    for name, epoch in [("first", 1), ("second", 2), ("the last", 0xFFFFFFFF)]:
        key, secret = made_of(f"device key {name}", 32), made_of(f"setup secret {name}", 16)
        little = struct.pack("<I", epoch)
        said = made_of(f"said {name}", 100)
        rows.append(
            dict(
                name=name,
                setup_secret=secret,
                pairing_psk=hkdf(secret, b"pairing", 32),
                device_key=key,
                epoch=epoch,
                advert_key=hkdf(key, b"bthome" + little, 16),
                link_psk=hkdf(key, b"gatt" + little, 32),
                said=said,
                confirmation=hmac.new(hkdf(key, b"confirm" + little, 32), said, hashlib.sha256).digest(),
                source="cryptography (HKDF), hmac of Python",
            )
        )
    write("keys.toml", "Golden vectors of derived keys.", rows)


def message() -> None:
    def row(name: str, data: bytes, says: str) -> dict:
        return dict(name=name, bytes=data, says=says, source="struct of Python, by the table in message.rs")

    key, hub_key, hub = made_of("new key", 32), made_of("hub key", 32), made_of("hub", 16)
    uid, nonce, proof = made_of("uid", 8), made_of("session", 8), made_of("proof", 32)
    name = "Küche, Süd".encode()


    def settings(revision, interval, power, heartbeat, sampling, window, bands=()) -> tuple[bytes, str]:
        data = struct.pack("<BBHbHHHB", 1, revision, interval, power, heartbeat, sampling, window, len(bands))
        data += b"".join(struct.pack("<HI", *band) for band in bands)
        listed = " ".join(f"{code}:{steps}" for code, steps in bands)
        return data, (
            f"settings {revision} interval {interval} power {power} heartbeat {heartbeat} sampling {sampling} "
            f"window {window} bands [{listed}]"
        )

    usual, usually = settings(7, 5000, 0, 300, 60, 600)
    edge, edgy = settings(255, 100, -40, 10, 1, 0, [(1, 100), (2, 10_000), (18, 1), (0xFFFF, 0xFFFFFFFF)])
    address = bytes.fromhex("f2e14907c4dc")
    info = struct.pack("<BBH8s6sIBIHBI", 0x81, 1, 0x0102, uid, address, 0x04020100, 3, 17, 2987, 0, 4)
    rows = [
        row("hello", struct.pack("<BBB16s8s", 0x01, 1, 3, hub, nonce), f"hello 1..3 hub {hub.hex()} nonce {nonce.hex()}"),
        row(
            "provision",
            struct.pack("<B32sII32sQB", 0x02, key, 1, 5, hub_key, 1_795_000_000, len(usual)) + usual + bytes([len(name)]) + name,
            f"provision epoch 1 owner 5 hub {hub_key.hex()} time 1795000000 {usually} name Küche, Süd",
        ),
        row(
            "provision by a hub without a clock",
            struct.pack("<B32sII32sQB", 0x02, key, 9, 1, hub_key, 0, len(edge)) + edge + b"\x00",
            f"provision epoch 9 owner 1 hub {hub_key.hex()} time none {edgy} name ",
        ),
        row("confirm", b"\x03", "confirm"),
        row("identify", b"\x04\x05", "identify 0101"),
        row("rotate", struct.pack("<BI32s", 0x05, 2, key), "rotate epoch 2"),
        row("release", b"\x06", "release"),
        row("set", b"\x10" + edge, f"set {edgy}"),
        row("set, of a newer version", b"\x10" + usual + b"\x05\x06", f"set {usually}"),
        row("ask for settings", b"\x11", "ask for settings"),
        row("settings", b"\x90" + usual, usually),
        row("release of a newer version", b"\x06\x01\x02\x03", "release"),
        row(
            "info",
            info + b"\x00",
            f"info 1 product 258 uid {uid.hex()} address {address.hex()} firmware 4.2.1.0 hardware 3 boot 17 battery 2987 Unclaimed owner 4",
        ),
        row(
            "info with a certificate",
            info + b"\x40" + made_of("certificate", 64),
            f"info 1 product 258 uid {uid.hex()} address {address.hex()} firmware 4.2.1.0 hardware 3 boot 17 battery 2987 Unclaimed owner 4 "
            f"certificate {made_of('certificate', 64).hex()}",
        ),
        row("done", struct.pack("<BI32s", 0x82, 8192, proof), f"done 8192 {proof.hex()}"),
        row("confirmed", b"\x83", "confirmed"),
        row("blinking", b"\x84", "blinking"),
        row("released", b"\x85", "released"),
    ]
    reasons = [
        (1, 0x30, "the sensor does not know messages of kind 0x30"),
        (2, 0x02, "the sensor cannot read the message of kind 0x02"),
        (3, 1, "the sensor speaks protocol version 1 alone"),
        (4, 6, "the sensor's next owner epoch is 6"),
        (5, 3, "the sensor's next key epoch is 3"),
        (6, 0, "nobody owns the sensor"),
        (7, 0, "the sensor does not do that in a session for this purpose"),
        (8, 0, "the sensor could not write its flash"),
        (9, 3, "the sensor cannot have that heartbeat"),
        (10, 8, "the sensor takes no image with a lower security counter than its own"),
        (11, 65536, "the sensor has 65536 bytes of the image and needs the next"),
        (12, 2310, "the sensor's battery has 2310 mV, too little to write flash"),
        (13, 0, "the image that the sensor received is not the one that was signed"),
        (14, 0, "the sensor has no update that this could be done to"),
        (200, 70000, "the sensor refused for reason 200 (70000)"),
    ]
    for reason, detail, words in reasons:
        rows.append(row(f"refused, reason {reason}", struct.pack("<BBI", 0x8F, reason, detail), f"refused: {words}"))
    write("message.toml", "Golden vectors of what hub and sensor say to each other. Keys are not spelled out in `says`.", rows)


def service() -> None:
    def row(name: str, data: bytes, says: str) -> dict:
        return dict(name=name, bytes=data, says=says, source="struct of Python, by the table in service.rs")

    offered, chunk = made_of("manifest", 151), made_of("chunk", 20)
    first, second = made_of("first block", 40), made_of("second block", 30)
    blocks = b"".join(struct.pack("<H", len(block)) + block for block in (first, second))
    version = bytes([0, 1, 2, 4])
    rows = [
        row("log", struct.pack("<BII", 0x20, 7, 4711), "log from 7/4711"),
        row("offer", b"\x30" + offered, f"offer {offered.hex()}"),
        row("chunk", struct.pack("<BI", 0x31, 65536) + chunk, f"chunk at 65536 {chunk.hex()}"),
        row("install", b"\x32", "install"),
        row("abandon", b"\x33", "abandon"),
        row("ask for progress", b"\x34", "progress?"),
        row("ask for health", b"\x40", "health?"),
        row("no blocks", b"\xa0", "blocks"),
        row("blocks", b"\xa0" + blocks, f"blocks {first.hex()} {second.hex()}"),
        row("no update", struct.pack("<BB4sII", 0xB0, 0, bytes(4), 0, 0), "progress None 0.0.0.0 0 of 0"),
        row("receiving", struct.pack("<BB4sII", 0xB0, 1, version, 4096, 200000), "progress Receiving 4.2.1.0 4096 of 200000"),
        row("trial", struct.pack("<BB4sII", 0xB0, 3, version, 9, 9), "progress Trial 4.2.1.0 9 of 9"),
        row(
            "health",
            struct.pack("<BIIBHHH4sI", 0xC0, 17, 86400, 2, 3, 5, 2987, version, 6),
            "health boot 17 up 86400 after watchdog panics 3 watchdogs 5 battery 2987 firmware 4.2.1.0 counter 6",
        ),
        row("refused", struct.pack("<BBI", 0x8F, 11, 960), "refused: the sensor has 960 bytes of the image and needs the next"),
    ]
    write("service.toml", "Golden vectors of what a hub asks a claimed sensor for.", rows)


def manifest() -> None:
    image = made_of("image", 1000)
    first, recovery, stranger = (Ed25519PrivateKey.from_private_bytes(made_of(f"signer {n}", 32)) for n in range(3))
    good = dict(
        head=b"HSU\x01",
        product=0x0102,
        hardware=0b1100,
        version=bytes([0, 1, 2, 4]),
        counter=5,
        length=len(image),
        digest=hashlib.sha512(image).digest(),
        key=1,
    )

    def row(name: str, verdict: str, signer=first, tail: bytes = b"", flip: int | None = None, **changed) -> dict:
        it = good | changed
        fields = struct.pack(
            "<4sHI4sII64sB",
            it["head"], it["product"], it["hardware"], it["version"], it["counter"], it["length"], it["digest"], it["key"],
        )
        signed = bytearray(fields + signer.sign(fields) + tail)
        if flip is not None:
            signed[flip] ^= 1
        return dict(name=name, manifest=bytes(signed), verdict=verdict, source="cryptography (Ed25519), struct of Python")

    order = 2**252 + 27742317777372353535851937790883648493
    fine = row("signed by the first key", "4.2.1.0 of 1000 bytes, counter 5")
    malleable = bytearray(fine["manifest"])
    # The same signature with the group's order added to s: right by the equation, refused by RFC 8032.
    s = int.from_bytes(malleable[119:151], "little") + order
    malleable[119:151] = s.to_bytes(32, "little")
    rows = [
        fine,
        row("signed by the recovery key", "4.2.1.0 of 1000 bytes, counter 5", recovery, key=2),
        row("counter of a later image", "4.2.1.0 of 1000 bytes, counter 4294967295", counter=0xFFFFFFFF),
        row("signed by a stranger", "the manifest's signature is not that of key 1", stranger),
        row("signed by the other key", "the manifest's signature is not that of key 1", recovery),
        row("signed by nobody that we know", "the manifest is signed by key 9, which is not trusted", stranger, key=9),
        row("a bit of the version changed", "the manifest's signature is not that of key 1", flip=10),
        row("a bit of the signature changed", "the manifest's signature is not that of key 1", flip=100),
        dict(fine, name="signature made over", manifest=bytes(malleable), verdict="the manifest's signature is not that of key 1"),
        row("another thing", "not a manifest", head=b"PK\x03\x04"),
        row("a newer format", "the manifest's format 2 is newer than this program", head=b"HSU\x02"),
        row("other product", "the image is for product 259, not 258", product=0x0103),
        row("other board", "the image is not for hardware 3 (mask 0x00000004)", hardware=0b0100),
        row("older counter", "the image's security counter 4 is lower than 5", counter=4),
        row("too long", "image of 200001 bytes, 1 to 200000 fit", length=200_001),
        row("empty", "image of 0 bytes, 1 to 200000 fit", length=0),
        row("a byte too many", "manifest of 152 bytes instead of 151", tail=b"\x00"),
    ]
    for it in rows:
        it["active_key"], it["recovery_key"] = public(first), public(recovery)
    write(
        "manifest.toml",
        """Golden vectors of update manifests, as a sensor of product 258, hardware 3, security counter 5 with room for
200000 bytes reads them; key 1 and key 2 are the keys that it trusts. The image is 1000 bytes of SHAKE-256("image").""",
        rows,
    )


if __name__ == "__main__":
    setup_code()
    pairing_advert()
    keys()
    message()
    service()
    manifest()
