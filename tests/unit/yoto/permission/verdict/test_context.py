"""The bounds of a context, and how often it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan
from types import MappingProxyType
from typing import Any

import pytest

from yoto.errors import ValidationFailed
from yoto.permission import CONTEXT_BYTES, CONTEXT_DEPTH, checked_context, taking_turns
from yoto.permission.checking.asking import ITEMS_AT_ONCE
from yoto.permission.verdict.context import MOST_NAMES, checked_json
from yoto.rooms.decision_log.log import EQUAL, collapsed

LONGEST = "x" * (CONTEXT_BYTES - len('{"a":""}'))


def nested(depth: int, kind: type = dict) -> dict[str, Any]:
    """A context of so many objects, or of lists in one object."""
    found: Any = {} if kind is dict else []
    for _ in range(depth - 2):
        found = {"a": found} if kind is dict else [found]
    return {"a": found}


class Unread:
    """A value that nobody may turn into text."""

    def __str__(self) -> str:
        raise AssertionError("it was encoded")


@pytest.mark.parametrize(
    "context", [{}, {"a": LONGEST}, {"a": "é" * (len(LONGEST) // 2)}, nested(CONTEXT_DEPTH)]
)
def test_a_context_within_its_bounds_is_taken_as_it_is(context: dict[str, Any]) -> None:
    found = checked_context(context)
    assert found == context and found is checked_context(found)


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"a": LONGEST + "x"}, "bytes"),
        ({"a": LONGEST[:-1] + "é"}, "bytes"),
        ({f"a{number}": number for number in range(12_000)}, "bytes"),
        ({"a": [[0] * 5_000, Unread()]}, "bytes"),
        ({"a": [Unread(), *["x" * 1_000] * 9]}, "bytes"),
        (nested(CONTEXT_DEPTH + 1), "deep"),
        (nested(CONTEXT_DEPTH + 1, list), "deep"),
        ([1], "object"),
    ],
)
def test_one_beyond_them_is_refused_by_name_and_a_long_one_before_it_is_encoded(
    context: Any, message: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_context(context, "facts")
    assert refused.value.errors.keys() == {"facts"} and message in str(refused.value)


def test_what_is_kept_is_as_it_will_be_read_and_no_longer_the_callers() -> None:
    given = {"levels": (1, 2.5, None), "who": {"name": "Zoë"}}
    kept = checked_json(given, "attributes")
    given["who"]["name"] = "another"  # type: ignore[index]
    assert kept == {"levels": [1, 2.5, None], "who": {"name": "Zoë"}}
    assert checked_json(MappingProxyType({}), "attributes") == {}
    assert checked_json(None, "attributes") is None


@pytest.mark.parametrize(
    "value",
    [
        {"a": {1}},
        {"a": [datetime(2026, 1, 1, tzinfo=UTC)]},
        {"a": nan},
        {"a": [-inf]},
        {"a": 10**5_000},
        {"a": "\ud800"},
        {1: "a"},
        {"a": [{None: 1}]},
        {f"a{number}": 0 for number in range(MOST_NAMES + 1)},
        {"a": LONGEST + "x"},
        nested(CONTEXT_DEPTH + 1),
        [1],
        "text",
    ],
)
def test_what_is_no_json_is_not_kept(value: Any) -> None:
    with pytest.raises(ValidationFailed) as refused:
        checked_json(value, "attributes")
    assert refused.value.errors.keys() == {"attributes"}


def test_a_context_is_masked_once_however_many_questions_share_it() -> None:
    context = checked_context({"a": 1})
    assert context is not None
    seen: list[Any] = []

    def mask(given: Any) -> Any:
        seen.append(given)
        return {"masked": True}

    assert context.masked_by(mask) is context.masked_by(mask)
    assert seen == [context]


def test_long_batches_let_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    assert list(taking_turns(range(2 * ITEMS_AT_ONCE + 1))) == list(range(2 * ITEMS_AT_ONCE + 1))
    assert pauses == [0, 0]


def test_equal_denials_of_one_request_are_one_record_that_weighs_as_many() -> None:
    context = {"a": 1}
    denial = dict.fromkeys(EQUAL, "same") | {"allowed": False, "weight": 1, "context": context}
    others = [
        denial | {"request_id": "another"},
        denial | {"asked": "another"},
        denial | {"context": {"a": 2}},
        *[denial | {"request_id": None}] * 2,
        *[denial | {"allowed": True}] * 2,
    ]
    rows = [dict(denial), *(dict(other) for other in others), dict(denial), dict(denial)]
    # A batch that was not stored as a whole is stored in halves: nothing may be counted twice.
    assert collapsed(rows) == collapsed(rows) == [denial | {"weight": 3}, *others]
