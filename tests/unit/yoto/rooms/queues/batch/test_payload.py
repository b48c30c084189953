"""Items that may go into a queue."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import ValidationFailed
from yoto.rooms.queues.batch.payload import (
    MAX_DEPTH,
    MAX_PAYLOAD,
    checked_key,
    checked_kind,
    decode,
    encode,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_what_goes_in_comes_out(payload: dict[str, Any]) -> None:
    assert decode(encode(payload)) == payload


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ([1], "payload"),
        ({"a": object()}, "payload.a"),
        ({"a": {"b": [1, {2}]}}, "payload.a.b[1]"),
        ({"at": datetime.now(UTC)}, "payload.at"),
        ({"raw": b"x"}, "payload.raw"),
        ({"a": float("nan")}, "payload.a"),
        ({"a": float("-inf")}, "payload.a"),
        ({"a": 2**64}, "payload.a"),
        ({"a": {1: 2}}, "payload.a"),
        ({"a": "\ud800"}, "payload.a"),
        ({"\udfff": 1}, "payload"),
        ({"a": "x" * MAX_PAYLOAD}, "payload"),
    ],
)
def test_what_json_cannot_say_is_refused_by_field(payload: Any, field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        encode(payload)
    assert list(refused.value.errors) == [field]


def test_what_is_too_deep_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    with pytest.raises(ValidationFailed):
        encode({"a": deep})
    assert encode({"a": deep[0]})


@pytest.mark.parametrize("kind", ["", "A", "1a", "a b", "a{", "a:b", "x" * 65, 7, None])
def test_a_kind_is_a_plain_name(kind: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_kind(kind)
    assert list(refused.value.errors) == ["kind"]


@pytest.mark.parametrize("key", ["", "x" * 201, 7])
def test_a_key_is_text_of_some_length(key: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_key(key)
    assert list(refused.value.errors) == ["key"]
