"""Policies that turn slow in service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from app.extensions import policy as manager
from tests.support.small_policies import bound, question
from tests.support.waiting import wait_until
from yoto.events import Events
from yoto.rooms.policies import PolicyManager, Verdict
from yoto.rooms.policies.service import slow

LIMIT_MS = 40.0


@pytest.fixture
def app_config(app_config: dict[str, Any]) -> dict[str, Any]:
    return app_config | {"POLICY_SLOW_ALERT_MS": 10.0, "POLICY_SLOW_LIMIT_MS": LIMIT_MS}


def slow_down(app: Flask, monkeypatch: pytest.MonkeyPatch, milliseconds: float) -> None:
    """Have what is in service take so long for each evaluation from now on."""
    loaded = manager.of(app).loader.ready().loaded
    assert loaded is not None
    evaluate = loaded.compiled.evaluate

    def slowly(input_json: str) -> Verdict:
        time.sleep(milliseconds / 1000)
        return evaluate(input_json)

    monkeypatch.setattr(loaded.compiled, "evaluate", slowly)


@pytest.fixture
def retried_soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(slow, "RETRY_SECONDS", 0.5)
    yield


def told(app: Flask, name: str) -> Callable[[], list[Any]]:
    """The events of a type, newest first."""
    return lambda: [
        one.event for one in Events.of(app).stream.read_latest(50) if one.event.type == name
    ]


def decide(policy: PolicyManager, times: int = 10) -> None:
    for _ in range(times):
        policy.evaluate(question(5))


def test_slow_policies_raise_an_alert_that_names_what_each_costs(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(policy, 1)
    slow_down(app, monkeypatch, 15.0)
    decide(policy)
    wait_until(told(app, "policy.slow"), what="an alert")
    (alert,) = told(app, "policy.slow")()
    assert alert.bundle == policy.status().version
    assert 10.0 < alert.bound_ms + 1 and alert.median_ms >= 15.0
    assert "bound" in alert.suspects


def test_policies_that_are_too_slow_are_taken_out_and_deny_with_a_code_of_their_own(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(app, monkeypatch, LIMIT_MS * 1.5)
    decide(policy)
    began = time.monotonic()
    decision = policy.evaluate(question(5))
    assert (decision.allow, decision.reasons) == (False, ("policy_too_slow",))
    assert decision.failed
    assert time.monotonic() - began < 10.0
    assert policy.status().version is None
    wait_until(told(app, "policy.taken_out"), what="the event")
    assert told(app, "policy.taken_out")()[0].instead == "deny"


def test_a_new_version_ends_it(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(app, monkeypatch, LIMIT_MS * 1.5)
    decide(policy)
    policy.put("bound", bound(20), "ada", "a faster one")
    assert policy.evaluate(question(15)).allow
    assert policy.status().taken_out is None


def test_a_change_beside_it_does_not(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow_down(app, monkeypatch, LIMIT_MS * 1.5)
    decide(policy)
    policy.start_shadow("bound", bound(20), "bob")
    assert policy.evaluate(question(5)).reasons == ("policy_too_slow",)


def test_what_was_taken_out_comes_back_when_it_is_fast_again(
    app: Flask,
    policy: PolicyManager,
    monkeypatch: pytest.MonkeyPatch,
    retried_soon: None,
) -> None:
    with monkeypatch.context() as slowly:
        slow_down(app, slowly, LIMIT_MS * 1.5)
        decide(policy)
        assert policy.status().taken_out is not None
    wait_until(lambda: policy.evaluate(question(5)).allow, what="the policies to be back")
    wait_until(told(app, "policy.put_back"), what="the event")


class TestLastGood:
    @pytest.fixture
    def app_config(self, app_config: dict[str, Any]) -> dict[str, Any]:
        return app_config | {"POLICY_INSTEAD_OF_SLOW": "last_good"}

    def test_the_last_good_version_decides_instead(
        self, app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = policy.status().version
        policy.put("bound", bound(20), "ada")
        slow_down(app, monkeypatch, LIMIT_MS * 1.5)
        decide(policy)
        decision = policy.evaluate(question(15))
        assert (decision.reasons, decision.version) == (("above_bound",), before)
        wait_until(told(app, "policy.taken_out"), what="the event")
        assert told(app, "policy.taken_out")()[0].instead == "last_good"
