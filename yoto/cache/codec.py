"""Entries as bytes in Redis.

A version byte; the position as ms (6 bytes) and sequence (4 bytes), big-endian, which Lua reads;
CRC-32 of the user, the place and all the rest (4 bytes); the body as MessagePack.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

from yoto.cache.entry import Entry, PlaceKey
from yoto.cache.position import Position
from yoto.nodes import key_of_text, key_text, place_text

VERSION = 2

# struct has no 6-byte ints; ms in two parts.
_HEAD = struct.Struct(">BHIII")
_WHOSE = struct.Struct(">QQQ")


class _Body(msgspec.Struct, array_like=True):
    loaded_at: int  # ms
    valid_until: int | None  # ms
    above: list[str]
    mask: bytes
    roles: list[int]
    detail: bytes


class Unreadable(Exception):
    """Bytes that no version of this code wrote for this entry, or that were damaged."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Body)


def encode(entry: Entry) -> bytes:
    """The bytes of ``entry``.

    Raises:
        OverflowError: the mask is negative.
    """
    mask = entry.mask
    valid_until = entry.valid_until
    body = _encoder.encode(
        _Body(
            int(entry.loaded_at * 1000),
            # Rounded down: rather a moment too early.
            None if valid_until is None else int(valid_until * 1000),
            [key_text(one) for one in entry.above],
            mask.to_bytes((mask.bit_length() + 7) // 8, "big"),
            sorted(entry.roles),
            entry.detail,
        )
    )
    ms, sequence = entry.position.ms, entry.position.sequence
    check = _checksum(entry.user_id, entry.place, ms, sequence, body)
    return _HEAD.pack(VERSION, ms >> 32, ms & 0xFFFFFFFF, sequence, check) + body


def decode(user_id: int, place: PlaceKey, data: bytes) -> Entry:
    """The entry of ``user_id`` in ``place`` that ``encode`` made ``data`` from.

    Raises:
        Unreadable: it is none.
    """
    try:
        version, ms_high, ms_low, sequence, check = _HEAD.unpack_from(data)
        body = data[_HEAD.size :]
        ms = ms_high << 32 | ms_low
        if version != VERSION or check != _checksum(user_id, place, ms, sequence, body):
            raise Unreadable("another version, another entry, or damaged")
        fields = _decoder.decode(body)
        position = Position.of(ms, sequence)
        above = tuple(map(key_of_text, fields.above))
    except (struct.error, msgspec.MsgspecError, OverflowError, ValueError) as error:
        raise Unreadable(str(error)) from error
    return Entry(
        user_id,
        place,
        position,
        fields.loaded_at / 1000,
        int.from_bytes(fields.mask, "big"),
        None if fields.valid_until is None else fields.valid_until / 1000,
        frozenset(fields.roles),
        above,
        fields.detail,
    )


def _checksum(user_id: int, place: PlaceKey, ms: int, sequence: int, body: bytes) -> int:
    where = place_text(place).encode()
    return crc32(body, crc32(where, crc32(_WHOSE.pack(user_id, ms, sequence))))
