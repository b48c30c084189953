"""The rules of values, and how a field that breaks one is named."""

from __future__ import annotations

import math
import sys
from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.rules import (
    ABOVE_0,
    Errors,
    Number,
    Rule,
    Text,
    Whole,
    check,
    checked,
    is_number,
    refuse,
    require_reason,
)


@pytest.mark.parametrize(
    ("rule", "value", "text"),
    [
        (Whole(1, 9, "s"), 10, "must be from 1 to 9 s, not 10"),
        (Whole(1, 9), True, "must be a whole number, from 1 to 9, not True"),
        (Whole(1, 9, says="1 to 9"), 1.0, "must be 1 to 9, not 1.0"),
        (Number(0, 1), math.nan, "must be from 0 to 1, not nan"),
        (Number(0, 1), 10**400, f"must be from 0 to 1, not {10**400}"),
        (Number(0, math.inf), 10**400, f"must be from 0 to inf, not {10**400}"),
        (Number(0, math.inf), math.inf, "must be from 0 to inf, not inf"),
        (Number(0, 1), "1", "must be a number, from 0 to 1, not '1'"),
        (Number(ABOVE_0, 1, says="above 0, at most 1"), 0, "must be above 0, at most 1, not 0"),
        (Text(3), "four", "must be text of at most 3 characters, not 'four'"),
        (Text(3, shortest=1), "", "must be text of 1 to 3 characters, not ''"),
        (Text(3), "\ud800", "must be text of at most 3 characters, not '\\ud800'"),
        (Text(3, controls=False), "a\n", "must be text of at most 3 characters, not 'a\\n'"),
    ],
)
def test_a_refused_value_is_named_with_its_field_and_what_is_allowed(
    rule: Rule, value: Any, text: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked("field", value, rule)
    assert refused.value.errors == {"field": [text]}


def test_a_value_is_left_out_of_the_text_where_it_is_not_to_be_shown() -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked("key", "long", Text(3), shown=False)
    assert refused.value.errors == {"key": ["must be text of at most 3 characters"]}


def test_several_fields_are_refused_at_once_and_what_is_allowed_is_kept() -> None:
    errors: Errors = {}
    assert check(errors, "share", 1, Number(0, 1)) == 1.0
    refuse(errors)
    check(errors, "one", 0, Whole(1, 2))
    check(errors, "other", 3, Whole(1, 2))
    with pytest.raises(ValidationFailed) as refused:
        refuse(errors)
    assert set(refused.value.errors) == {"one", "other"}


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_an_operator_says_why(reason: Any) -> None:
    with pytest.raises(ValidationFailed, match="must say why"):
        require_reason(reason)
    require_reason("it is on fire")


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400, True, "1", None])
def test_what_no_float_can_hold_is_no_number(value: Any) -> None:
    assert not is_number(value)
    assert is_number(1) and is_number(-1.5) and is_number(sys.float_info.max)
