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


if __name__ == "__main__":
    setup_code()
    pairing_advert()
    keys()
