"""The input: parts are made when they are read, and denied by when they cannot be read."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yoto.errors import StoreUnavailable
from yoto.rooms.policies.input import ABSENT, InputBuilder, InputPart, PartUnknown, Question, wanted

ASKED = Question(7, "server.manage", "server", 3)
ALL = frozenset({"*"})


def test_what_every_question_has() -> None:
    document, valid_for = InputBuilder([]).build(ASKED, ASKED, frozenset(), {})
    assert document == {
        "subject": {"id": 7},
        "action": {"name": "server.manage", "names": ["*", "server.*", "server.manage"]},
        "resource": {"scope": "server", "id": 3},
        "context": {},
    }
    assert valid_for == {}


def test_what_the_caller_says_stands_apart_and_cannot_pass_for_a_fact() -> None:
    asked = Question(7, "vault.open", "global", None, {"ip": "10.0.0.1", "risk": {"score": 0}})
    document, _ = InputBuilder([]).build(asked, asked, ALL, {})
    assert document["context"] == {"given": {"ip": "10.0.0.1", "risk": {"score": 0}}}


def test_a_part_that_nobody_reads_is_not_made() -> None:
    made: list[str] = []

    def make(asked: Question) -> Any:
        made.append(asked.permission)
        return 1

    builder = InputBuilder([InputPart("context.risk", make)])
    builder.build(ASKED, ASKED, frozenset({"context.ip", "context.risky"}), {})
    assert made == []
    document, _ = builder.build(ASKED, ASKED, frozenset({"context.risk.score"}), {})
    assert document["context"] == {"risk": 1}


def test_a_part_is_made_for_the_permissions_that_its_document_names() -> None:
    builder = InputBuilder([InputPart("context.risk", lambda _: 1, documents=("risk.limits",))])

    def has_risk(documents: Any) -> bool:
        return "risk" in builder.build(ASKED, ASKED, ALL, documents)[0]["context"]

    assert has_risk({"risk": {"limits": {"server.*": 60}}})
    assert has_risk({"risk": {"limits": ["*"]}})
    assert not has_risk({"risk": {"limits": {"admin.*": 60, "server": 1}}})
    assert not has_risk({"risk": {"limits": "server.*"}})
    assert not has_risk({"risk": None})
    assert not has_risk({})


def test_what_is_not_there_is_left_out() -> None:
    parts = [InputPart("context.device", lambda _: ABSENT)]
    assert InputBuilder(parts).build(ASKED, ASKED, ALL, {})[0]["context"] == {}


@pytest.mark.parametrize(
    "part",
    [
        InputPart("context.time", lambda _: unavailable()),
        InputPart("context.time", lambda _: 5, lambda _: unavailable()),
    ],
)
def test_without_what_cannot_be_read_there_is_no_input(part: InputPart[Question]) -> None:
    builder = InputBuilder([part])
    with pytest.raises(PartUnknown) as unknown:
        builder.build(ASKED, ASKED, ALL, {})
    assert unknown.value.path == "context.time"
    # Policies that do not read it are not kept up by it.
    assert builder.build(ASKED, ASKED, frozenset({"context.ip"}), {})[0]["context"] == {}


@pytest.mark.parametrize(
    "part",
    [
        InputPart("context.risk", lambda _: {}["score"]),
        InputPart("context.risk", lambda _: 1, lambda _: {}["score"]),
    ],
)
def test_a_mistake_is_not_taken_for_something_missing(
    part: InputPart[Question], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(PartUnknown) as unknown:
        InputBuilder([part]).build(ASKED, ASKED, ALL, {})
    assert unknown.value.path == "context.risk"
    assert "KeyError" in caplog.text


def test_false_nought_and_nothing_are_values() -> None:
    values: list[Any] = [False, 0, None, ""]
    parts = [
        InputPart(f"context.deep.p{number}", lambda _, value=value: value)  # type: ignore[misc]
        for number, value in enumerate(values)
    ]
    document, _ = InputBuilder(parts).build(ASKED, ASKED, ALL, {})
    assert list(document["context"]["deep"].values()) == values


def test_how_long_a_part_holds_is_told() -> None:
    parts = [
        InputPart("context.time", lambda _: 5, lambda _: 30.0),
        InputPart("context.ip", lambda _: "192.0.2.1", lambda _: math.inf),
    ]
    assert InputBuilder(parts).build(ASKED, ASKED, ALL, {})[1] == {"context.time": 30.0}


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join)


@given(paths, st.frozensets(paths, max_size=4))
def test_a_path_is_wanted_when_one_is_inside_the_other(path: str, reads: frozenset[str]) -> None:
    own = path.split(".")
    others = [read.split(".") for read in reads]
    assert wanted(path, reads) == any(
        own[: len(other)] == other or other[: len(own)] == own for other in others
    )


def unavailable() -> Any:
    raise StoreUnavailable("redis", ConnectionError("away"))
