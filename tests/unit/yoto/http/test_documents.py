"""JSON documents that a database can store, and those that it cannot."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.http.rest import json_document

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(values, st.booleans())
def test_what_json_can_say_is_read_as_it_was_said(value: object, escaped: bool) -> None:
    assert json_document(json.dumps(value, ensure_ascii=escaped).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"NaN",
        b'{"a": [Infinity]}',
        b"-Infinity",
        b"1e999",
        b"-1e999",
        b'"\\ud800"',
        b"1" * 5_000,
    ],
)
def test_the_rest_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):
        json_document(body)


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(RecursionError):
        json_document(b"[" * 100_000)
