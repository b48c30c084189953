from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.yoto.cache.builders import entry
from yoto.cache import ACCOUNT_PLACE, GLOBAL_PLACE, place_key
from yoto.errors import ValidationFailed
from yoto.nodes import (
    MAX_ID,
    TEXT_ID,
    id_of,
    key_of_text,
    key_text,
    node_key,
    parse_text,
    text_of,
    type_of,
)


@given(st.integers(1, MAX_ID), st.integers(1, MAX_ID))
def test_places_never_meet(server_id: int, channel_id: int) -> None:
    server, channel = place_key("server", server_id), place_key("channel", channel_id)
    assert len({GLOBAL_PLACE, ACCOUNT_PLACE, server, channel}) == 4
    assert (type_of(server), id_of(server)) == ("server", server_id)
    assert (type_of(channel), id_of(channel)) == ("channel", channel_id)
    for place in (GLOBAL_PLACE, ACCOUNT_PLACE):
        assert type_of(place) == ""


ids = st.integers(1, MAX_ID) | st.uuids() | st.from_regex(TEXT_ID, fullmatch=True)


@given(st.sampled_from(["server", "document"]), ids)
def test_a_node_comes_back_from_its_text_and_its_key(name: str, node_id: Any) -> None:
    key, text = node_key(name, node_id), text_of(name, node_id)
    assert (type_of(key), id_of(key)) == (name, node_id)
    assert parse_text(text) == (name, node_id) and key_text(key) == text


@pytest.mark.parametrize(
    "text",
    ["", "server", "server:", "server:0", "Server:1", "server:01", "file:a b", "file:=", ":1"],
)
def test_what_is_no_node_has_no_key(text: str) -> None:
    assert parse_text(text) is None
    with pytest.raises(ValueError, match="no node"):
        key_of_text(text)


def test_no_scope_is_the_global_one() -> None:
    assert place_key(None) == place_key("global") == GLOBAL_PLACE


@pytest.mark.parametrize(
    ("scope", "scope_id", "field"),
    [
        ("Galaxy", 1, "scope"),
        ("global", 1, "scope_id"),
        ("server", None, "scope_id"),
        ("server", 0, "scope_id"),
        ("channel", -1, "scope_id"),
        ("channel", True, "scope_id"),
        ("channel", "3 4", "scope_id"),
    ],
)
def test_a_place_that_is_none_is_refused(scope: str, scope_id: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as failed:
        place_key(scope, scope_id)
    assert list(failed.value.errors) == [field]


def test_an_entry_ends_with_its_kind_or_its_boundary_whichever_comes_first() -> None:
    assert entry(loaded_at=100.0).expires_at(900) == 1000.0
    assert entry(loaded_at=100.0, valid_until=130.0).expires_at(900) == 130.0
    assert entry(loaded_at=100.0, valid_until=5000.0).expires_at(900) == 1000.0
