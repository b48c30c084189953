"""Masks of bits, ids and places."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ValidationFailed
from yoto.nodes import number_in, text_of
from yoto.permission.registry.bits import bits_of, mask_of
from yoto.permission.registry.scopes import GLOBAL, MAX_ID, Place, checked_id, parse_place, words_of


@given(st.sets(st.integers(0, 3000)))
def test_a_mask_has_exactly_the_bits_it_was_made_of(bits: set[int]) -> None:
    assert list(bits_of(mask_of(bits))) == sorted(bits)


@pytest.mark.parametrize("value", [True, False, "7", 7.0, None, b"7", [7]])
def test_an_id_of_another_type_is_refused_and_never_converted(value: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_id(value, "user_id")
    assert "integer" in refused.value.errors["user_id"][0]


@pytest.mark.parametrize("value", [0, -1, MAX_ID + 1])
def test_an_id_that_no_row_can_have_is_refused(value: int) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_id(value, "user_id")
    assert list(refused.value.errors) == ["user_id"]


@pytest.mark.parametrize(
    ("scope", "scope_id", "place"),
    [
        (None, None, GLOBAL),
        ("global", None, GLOBAL),
        ("server", 7, Place("server", 7)),
        ("channel", MAX_ID, Place("channel", MAX_ID)),
    ],
)
def test_a_place_is_a_scope_with_its_id(
    context: None, scope: Any, scope_id: Any, place: Place
) -> None:
    assert parse_place(scope, scope_id) == place


@pytest.mark.parametrize(
    ("scope", "scope_id", "field"),
    [
        ("galaxy", 7, "scope"),
        ("category", 7, "scope"),
        ("", None, "scope"),
        ("Server", 7, "scope"),
        (7, 7, "scope"),
        ([], 7, "scope"),
        (None, 7, "scope_id"),
        ("global", 7, "scope_id"),
        ("server", None, "scope_id"),
        ("channel", "3", "scope_id"),
        ("channel", True, "scope_id"),
        ("channel", 0, "scope_id"),
    ],
)
def test_a_wrong_place_is_refused_naming_the_field(
    context: None, scope: Any, scope_id: Any, field: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        parse_place(scope, scope_id)
    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize("node_id", [7, uuid.UUID(int=7), "seven"])
def test_sentences_name_a_node_by_its_type_and_the_id_that_its_application_gave(
    node_id: int | uuid.UUID | str,
) -> None:
    assert words_of(text_of("workspace", node_id)) == f"workspace {node_id}"


def test_a_text_has_the_number_of_a_node_of_its_own_type_alone() -> None:
    texts = (
        "server:7",
        "channel:7",
        "server:=7",
        "server:",
        "global",
        "server:0",
        f"server:{7:032x}",
    )
    assert [number_in(text, "server") for text in texts] == [7, *[None] * 6]
    assert [number_in(text, "channel") for text in texts] == [None, 7, *[None] * 5]
    assert number_in(None, "server") is None
