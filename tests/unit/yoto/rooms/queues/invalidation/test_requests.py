"""Requests that may be submitted."""

from __future__ import annotations

from typing import Any

import pytest

from yoto.cache import tags
from yoto.errors import ValidationFailed
from yoto.rooms.queues.invalidation import LogAccess, Submission
from yoto.rooms.queues.invalidation.requests import check_submissions

ACCESS = LogAccess(print, tags.is_known, tags.memory, tags.GLOBAL)
GOOD: dict[str, Any] = {"subject": "user:42", "reason": "import"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subject": "global"},
        {"level": "l1"},
        {"covering": "role:7"},
        {"due": 0},
        {"due": 1_700_000_000.5},
        {"reason": "a"},
        {"reason": "a" * 64},
        {"reason": "role_ends.late-1"},
    ],
)
def test_good_submissions_pass(fields: dict[str, Any]) -> None:
    check_submissions([Submission(**GOOD | fields)], ACCESS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("subject", "of_a_later_version:5"),
        ("subject", ""),
        ("subject", None),
        ("subject", ["user:1"]),
        ("subject", "user:1 user:2"),
        ("covering", "galaxy"),
        ("covering", 7),
        ("level", "l2"),
        ("level", None),
        ("reason", ""),
        ("reason", "A"),
        ("reason", "a,b"),
        ("reason", "a=b"),
        ("reason", "a b"),
        ("reason", "a" * 65),
        ("reason", None),
        ("due", -1),
        ("due", float("nan")),
        ("due", float("inf")),
        ("due", 10**400),
        ("due", "soon"),
        ("due", True),
    ],
)
def test_bad_ones_are_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        check_submissions([Submission(**GOOD), Submission(**GOOD | {field: value})], ACCESS)
    assert list(caught.value.errors) == [field]


@pytest.mark.parametrize("subject", ["policy", tags.memory("user:1")])
def test_only_what_processes_remember_can_be_forgotten(subject: str) -> None:
    check_submissions([Submission(subject, "x")], ACCESS)
    with pytest.raises(ValidationFailed):
        check_submissions([Submission(subject, "x", "l1")], ACCESS)
