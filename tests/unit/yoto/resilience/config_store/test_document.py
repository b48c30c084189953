"""The document that the layers of an entry make together."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.resilience import Action, Change, Kind, Origin
from yoto.resilience.config_store.document import (
    Document,
    decode_document,
    documents_of,
    encode_document,
    field_of,
    key_of,
)


def change(version: int = 1, origin: Origin = Origin.OPERATOR, **values: Any) -> Change:
    expires_at = values.pop("expires_at", 0)
    return Change(
        kind=Kind.BULKHEAD,
        name="search",
        version=version,
        origin=origin,
        action=Action.SET,
        values=values,
        author="ada",
        at=1,
        expires_at=expires_at,
    )


def removal(version: int, origin: Origin = Origin.OPERATOR) -> Change:
    return Change(
        kind=Kind.BULKHEAD,
        name="search",
        version=version,
        origin=origin,
        action=Action.DELETE,
        values=None,
        author="ada",
        at=1,
    )


def document(*changes: Change) -> Document:
    return documents_of(changes)[Kind.BULKHEAD, "search"]


def test_an_operator_wins_over_the_tuner_field_by_field() -> None:
    both = document(
        change(1, Origin.OPERATOR, max_concurrent=5),
        change(2, Origin.TUNER, max_concurrent=9, wait=2),
    )
    assert both.values(0) == {"max_concurrent": 5, "wait": 2}
    assert both.version == 2


def test_of_each_layer_only_the_newest_change_counts() -> None:
    assert document(change(1, wait=1), change(3, lease=4), change(2, wait=2)).values(0) == {
        "lease": 4
    }


def test_a_removed_layer_uncovers_the_one_below_and_keeps_the_version_growing() -> None:
    left = document(change(1, Origin.TUNER, wait=2), change(2, wait=5), removal(3))
    assert (left.values(0), left.version) == ({"wait": 2}, 3)


def test_a_layer_ends_at_its_time_and_not_before() -> None:
    timed = document(change(1, Origin.TUNER, wait=2), change(2, wait=5, expires_at=1_000))
    assert timed.values(999) == {"wait": 5}
    assert timed.values(1_000) == {"wait": 2}
    assert (timed.next_expiry(999), timed.next_expiry(1_000)) == (1_000, None)


def test_the_next_expiry_is_the_earliest() -> None:
    timed = document(
        change(1, Origin.TUNER, wait=2, expires_at=500), change(2, wait=5, expires_at=1_000)
    )
    assert (timed.next_expiry(0), timed.next_expiry(500)) == (500, 1_000)


def test_the_stored_form_gives_the_document_back() -> None:
    before = document(change(1, Origin.TUNER, wait=2), change(2, wait=5, expires_at=1_000))
    assert decode_document(encode_document(before)) == before
    assert encode_document(before).startswith(b"2 ")


@pytest.mark.parametrize(
    "stored", [b"", b"2", b"2 {}", b"two [2,[]]", b'3 {"version":2,"layers":[]}', b"\xff\x00"]
)
def test_a_stored_form_that_is_none_is_refused(stored: bytes) -> None:
    import msgspec

    with pytest.raises((ValueError, msgspec.MsgspecError)):
        decode_document(stored)


def test_fields_and_entries_are_two_ways_to_write_one_thing() -> None:
    key = (Kind.RATE_LIMIT, "message.send:x")
    assert key_of(field_of(key)) == key
    assert key_of("revision") is None and key_of("hologram:x") is None


@given(st.permutations(range(1, 6)), st.integers(0, 5))
def test_the_order_in_which_changes_are_read_does_not_matter(
    order: list[int], removed: int
) -> None:
    changes = [
        removal(v) if v == removed else change(v, list(Origin)[v % 2], wait=v) for v in order
    ]
    assert document(*changes).values(0) == document(
        *sorted(changes, key=lambda c: c.version)
    ).values(0)
