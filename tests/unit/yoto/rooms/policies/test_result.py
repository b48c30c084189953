from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import PolicyError
from yoto.rooms.policies import UNDEFINED, Verdict
from yoto.rooms.policies.result import read_verdict

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def test_codes_are_sorted() -> None:
    assert read_verdict({"allow": False, "deny": ["b", "a"]}) == Verdict(False, ("a", "b"))


def test_a_denial_wins_over_allow() -> None:
    assert read_verdict({"allow": True, "deny": ["a"]}) == Verdict(False, ("a",))


@pytest.mark.parametrize(
    "value", [UNDEFINED, None, True, {}, {"allow": True}, {"allow": 1, "deny": []}]
)
def test_any_other_shape_is_an_error(value: Any) -> None:
    with pytest.raises(PolicyError):
        read_verdict(value)


@given(JSON, JSON)
def test_nothing_but_true_and_no_codes_allows(allow: Any, deny: Any) -> None:
    try:
        allowed = read_verdict({"allow": allow, "deny": deny}).allow
    except PolicyError:
        allowed = False

    assert allowed == (allow is True and deny == [])
