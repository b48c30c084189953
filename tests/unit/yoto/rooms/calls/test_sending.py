"""What a request takes along, and how long its socket may wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.support.waiting import wait_until
from yoto import DeadlineExceeded, deadline, deadlines
from yoto.rooms.calls.calling import _Call, _is_once, _numbered
from yoto.rooms.calls.sending import DEADLINE, IDEMPOTENT, KEY, RETRY, headers_for, within

LONG = 60.0


def test_a_request_without_a_deadline_and_a_call_takes_nothing_along() -> None:
    assert headers_for("GET", {}) == {}
    assert headers_for("POST", {}) == {}


def test_what_is_left_is_said_in_whole_milliseconds() -> None:
    with deadline(LONG):
        assert 0 < int(headers_for("GET", {})[DEADLINE]) <= LONG * 1000


def test_less_than_a_millisecond_is_said_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with deadline(LONG):
        found = deadlines.at_hand()
        assert found is not None
        monkeypatch.setattr(deadlines, "monotonic", lambda: found.at - 1e-6)
        assert headers_for("GET", {})[DEADLINE] == "1"


def test_the_first_attempt_is_no_retry_and_the_third_is_the_second() -> None:
    with _numbered(1):
        assert headers_for("GET", {}) == {}
    with _numbered(3):
        assert headers_for("GET", {}) == {RETRY: "2"}


@pytest.mark.parametrize("name", [DEADLINE, RETRY])
def test_a_header_that_the_caller_set_stays(name: str) -> None:
    with deadline(LONG), _numbered(2):
        made = headers_for("GET", {name.lower(): "7"})
    assert set(made) == {DEADLINE, RETRY} - {name}


def test_nothing_is_sent_after_the_deadline() -> None:
    with deadline(1e-6):
        wait_until(deadlines.has_passed)
        with _Call():
            with pytest.raises(DeadlineExceeded):
                headers_for("POST", {})
            assert not _is_once()
        with pytest.raises(DeadlineExceeded):
            within(None)


@given(some.none() | some.floats(0.01, 1e6))
def test_a_socket_waits_for_the_smaller_of_its_own_and_what_is_left(own: float | None) -> None:
    assert within(own) == own
    with deadline(LONG):
        cut = within(own)
    assert cut is not None and 0 < cut <= LONG and (own is None or cut <= own)


@pytest.mark.parametrize("method", [*sorted(IDEMPOTENT), "POST", "PATCH"])
@pytest.mark.parametrize("with_key", [True, False])
def test_a_call_is_not_repeated_after_what_must_not_be(method: str, with_key: bool) -> None:
    with _Call():
        headers_for(method.lower(), {KEY.lower(): "7"} if with_key else {})
        assert _is_once() == (method in ("POST", "PATCH") and not with_key)


def test_a_client_may_know_better_than_the_method() -> None:
    with _Call():
        headers_for("POST", {}, repeatable=True)
        assert not _is_once()
        headers_for("GET", {}, repeatable=False)
        assert _is_once()


def test_a_call_inside_of_another_is_a_call_of_its_own() -> None:
    with _Call():
        with _Call():
            headers_for("POST", {})
            assert _is_once()
        assert not _is_once()
    assert not _is_once()
