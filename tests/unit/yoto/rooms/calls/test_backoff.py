"""The pause before a retry, and what services ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from yoto.errors import CircuitOpen
from yoto.rooms.calls.backoff import (
    FIRST,
    LONGEST,
    NEVER,
    SPREAD,
    asked_for,
    is_shed,
    pause_before,
)

NOW = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)


def answered(**headers: str) -> Exception:
    error = Exception("503")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error.response = SimpleNamespace(headers=named)  # type: ignore[attr-defined]
    return error


@given(some.integers(1, 10_000), some.floats(0, 1, exclude_max=True))
def test_a_pause_is_anything_below_a_bound_that_doubles(retry: int, dice: float) -> None:
    bound = min(LONGEST, FIRST * 2.0 ** min(retry - 1, 60))
    assert 0 <= pause_before(retry, None, lambda: dice) <= bound


@given(some.floats(0, 1e6), some.floats(0, 1, exclude_max=True))
def test_never_less_is_waited_than_a_service_asks_for(asked: float, dice: float) -> None:
    assert asked <= pause_before(1, asked, lambda: dice) <= asked * (1 + SPREAD)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Tue, 01 Dec 2026 12:00:30 GMT", 30.0),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("9" * 400, None),
        ("", None),
    ],
)
def test_what_a_service_asks_for_is_in_its_response(text: str, seconds: float | None) -> None:
    assert asked_for(answered(Retry_After=text), lambda: NOW) == seconds


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (CircuitOpen("warehouse", 3.0), 3.0),
        (ValueError("no response at all"), None),
        (SimpleNamespace(retry_after=float("nan")), None),
        (SimpleNamespace(retry_after=-1.0), None),
    ],
)
def test_or_from_the_error_itself(error: Any, seconds: float | None) -> None:
    assert asked_for(error) == seconds


def aws_answered(metadata: Any) -> Exception:
    """As botocore raises it."""
    error = Exception("SlowDown")
    error.response = {"Error": {}, "ResponseMetadata": metadata}  # type: ignore[attr-defined]
    return error


def test_the_names_of_headers_are_read_in_any_case() -> None:
    assert asked_for(answered(RETRY_AFTER="7")) == asked_for(answered(retry_after="7")) == 7.0
    assert is_shed(answered(**{NEVER.lower(): "1"}))


def test_a_response_of_botocore_is_read_as_well() -> None:
    error = aws_answered({"HTTPStatusCode": 503, "HTTPHeaders": {"retry-after": "7"}})
    assert asked_for(error) == 7.0
    assert not is_shed(error)
    assert is_shed(aws_answered({"HTTPHeaders": {NEVER.lower(): "1"}}))


@pytest.mark.parametrize("metadata", [None, {}, {"HTTPHeaders": None}])
def test_a_response_of_botocore_may_have_no_headers(metadata: Any) -> None:
    assert asked_for(aws_answered(metadata)) is None


def test_who_was_refused_by_overload_does_not_come_again() -> None:
    assert is_shed(answered(**{NEVER: "1"}))
    assert not is_shed(answered(Retry_After="1"))
