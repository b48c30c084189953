from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import CHANNEL_3, SERVER_7, entry
from yoto.cache import ACCOUNT_PLACE, GLOBAL_PLACE, Entry, Loaded, Position, place_key
from yoto.cache.entry import channel_of, server_of
from yoto.errors import ValidationFailed

MAX_ID = 2**63 - 1


@given(st.integers(1, MAX_ID), st.integers(1, MAX_ID))
def test_places_never_meet(server_id: int, channel_id: int) -> None:
    server, channel = place_key("server", server_id), place_key("channel", channel_id)
    assert len({GLOBAL_PLACE, ACCOUNT_PLACE, server, channel}) == 4
    assert (server_of(server), channel_of(server)) == (server_id, None)
    assert (server_of(channel), channel_of(channel)) == (None, channel_id)
    for place in (GLOBAL_PLACE, ACCOUNT_PLACE):
        assert (server_of(place), channel_of(place)) == (None, None)


def test_no_scope_is_the_global_one() -> None:
    assert place_key(None) == place_key("global") == GLOBAL_PLACE


@pytest.mark.parametrize(
    ("scope", "scope_id", "field"),
    [
        ("galaxy", 1, "scope"),
        ("global", 1, "scope_id"),
        ("server", None, "scope_id"),
        ("server", 0, "scope_id"),
        ("channel", -1, "scope_id"),
        ("channel", True, "scope_id"),
        ("channel", "3", "scope_id"),
    ],
)
def test_a_place_that_is_none_is_refused(scope: str, scope_id: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        place_key(scope, scope_id)
    assert list(failed.value.errors) == [field]


def test_an_entry_knows_whose_changes_concern_it() -> None:
    loaded = Loaded(1, roles=frozenset({9}), server_id=7)
    made = Entry.of(1, CHANNEL_3, Position(5), 0.0, loaded)
    assert made.concerns == ({9}, {7}, {3})
    assert Entry.of(1, SERVER_7, Position(5), 0.0, Loaded(1)).concerns == (set(), {7}, set())
    for place in (GLOBAL_PLACE, ACCOUNT_PLACE):
        assert Entry.of(1, place, Position(5), 0.0, Loaded(1)).concerns == (set(), set(), set())


def test_a_channel_without_its_server_is_refused() -> None:
    with pytest.raises(ValueError, match="server"):
        Entry.of(1, CHANNEL_3, Position(5), 0.0, Loaded(1))


def test_an_entry_ends_with_its_kind_or_its_boundary_whichever_comes_first() -> None:
    assert entry(loaded_at=100.0).expires_at(900) == 1000.0
    assert entry(loaded_at=100.0, valid_until=130.0).expires_at(900) == 130.0
    assert entry(loaded_at=100.0, valid_until=5000.0).expires_at(900) == 1000.0
