"""Facts that a record does not tell."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.permission.masking import (
    CONTEXT_MAX,
    MASKED,
    TEXT_MAX,
    masked_address,
    masked_context,
)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("unix:", MASKED),
        (None, None),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str | None, shown: str | None) -> None:
    assert masked_address(address) == shown


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({"hour": 3, "night": True, "risk": 0.5}, {"hour": 3, "night": True, "risk": 0.5}),
        ({"access_token": "abc", "Password": 7}, {"access_token": MASKED, "Password": MASKED}),
        ({"headers": {"Authorization": "Basic eA=="}}, {"headers": {"Authorization": MASKED}}),
        ({"note": "Bearer abc"}, {"note": MASKED}),
        ({"note": ["eyJhbGciOiJIUzI1NiJ9.x.y"]}, {"note": [MASKED]}),
        ({"ip": "192.0.2.77"}, {"ip": "192.0.2.0/24"}),
        ({"text": "x" * (TEXT_MAX + 1)}, {"text": "x" * TEXT_MAX}),
        ({"risk": float("nan"), "top": [float("inf")]}, {"risk": "nan", "top": ["inf"]}),
        (None, None),
    ],
)
def test_secrets_are_masked_and_the_rest_is_kept(context: Any, shown: Any) -> None:
    assert masked_context(context) == shown


# Both too long and not, at half the price of as many parts as there may be.
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values))
def test_whatever_the_context_the_record_is_json_and_bounded(context: dict[str, Any]) -> None:
    assert len(json.dumps(masked_context(context), allow_nan=False)) <= CONTEXT_MAX


@given(st.dictionaries(st.text(), json_values), st.text(alphabet="xyz", min_size=20))
def test_no_secret_survives_wherever_it_stands(context: dict[str, Any], secret: str) -> None:
    deep = context | {"outer": [{"api_key": {"inner": [secret]}}]}
    assert secret not in json.dumps(masked_context(deep))
