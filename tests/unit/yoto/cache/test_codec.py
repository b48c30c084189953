from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import entry
from yoto.cache import Entry, Position, node_key
from yoto.cache.codec import VERSION, Unreadable, decode, encode
from yoto.cache.position import MAX_MS, MAX_SEQUENCE

ids = st.integers(1, 2**63 - 1)
moments = st.integers(0, 2**45).map(lambda ms: ms / 1000)
entries = st.builds(
    Entry,
    user_id=ids,
    place=st.sampled_from([0, 1]) | ids.map(lambda id_: node_key("channel", id_)),
    position=st.builds(Position.of, st.integers(0, MAX_MS), st.integers(0, MAX_SEQUENCE)),
    loaded_at=moments,
    mask=st.integers(0, 2**300),
    valid_until=st.none() | moments,
    roles=st.frozensets(ids, max_size=20),
    above=st.lists(ids.map(lambda id_: node_key("server", id_)), max_size=3).map(tuple),
    detail=st.binary(max_size=50),
)


@given(entries)
def test_an_entry_survives_being_stored(one: Entry) -> None:
    again = decode(one.user_id, one.place, encode(one))
    assert abs(again.loaded_at - one.loaded_at) < 0.002
    assert (again.valid_until is None) == (one.valid_until is None)
    if one.valid_until is not None and again.valid_until is not None:
        assert one.valid_until - 0.002 < again.valid_until <= one.valid_until
    for name in ("user_id", "place", "position", "mask", "roles", "above", "detail"):
        assert getattr(again, name) == getattr(one, name), name


@given(entries, st.data())
def test_one_changed_bit_makes_it_unreadable(one: Entry, data: st.DataObject) -> None:
    stored = bytearray(encode(one))
    bit = data.draw(st.integers(0, len(stored) * 8 - 1))
    stored[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unreadable):
        decode(one.user_id, one.place, bytes(stored))


@given(entries, st.data())
def test_a_part_of_it_is_unreadable(one: Entry, data: st.DataObject) -> None:
    stored = encode(one)
    with pytest.raises(Unreadable):
        decode(one.user_id, one.place, stored[: data.draw(st.integers(0, len(stored) - 1))])


@given(st.binary(max_size=100))
def test_any_other_bytes_are_unreadable(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(1, 0, junk)


def test_somebody_elses_entry_is_unreadable() -> None:
    stored = encode(entry(user_id=1, place=node_key("server", 7)))
    with pytest.raises(Unreadable):
        decode(2, node_key("server", 7), stored)
    with pytest.raises(Unreadable):
        decode(1, node_key("server", 8), stored)


def test_a_later_version_is_unreadable() -> None:
    stored = encode(entry())
    assert stored[0] == VERSION
    with pytest.raises(Unreadable):
        decode(1, 0, bytes([VERSION + 1]) + stored[1:])


def test_a_negative_mask_is_refused() -> None:
    with pytest.raises(OverflowError):
        encode(entry(mask=-1))


def test_a_common_entry_is_small() -> None:
    stored = encode(entry(roles=frozenset({1, 20, 300}), mask=2**80 - 1))
    assert len(stored) < 64
