"""Decisions: whatever happens, nothing is allowed that the policies did not allow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.extensions import policy as manager
from tests.integration.yoto.rooms.policies.conftest import empty_record
from tests.support.small_policies import bound, question
from yoto.errors import PolicyError, PolicyUnavailable
from yoto.rooms.policies import PolicyManager, Verdict


def failing(error: BaseException) -> Callable[[str], Verdict]:
    def evaluate(input_json: str) -> Verdict:
        raise error

    return evaluate


def break_engine(app: Flask, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    loaded = manager.of(app).loader.ready().loaded
    assert loaded is not None
    monkeypatch.setattr(loaded.compiled, "evaluate", failing(error))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PolicyError("bound", "no verdict"), "policy_error"),
        (PolicyUnavailable(), "policy_unavailable"),
        (RuntimeError("anything"), "policy_error"),
        (MemoryError(), "policy_error"),
    ],
)
def test_an_engine_that_fails_denies(
    app: Flask,
    policy: PolicyManager,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    code: str,
) -> None:
    assert policy.evaluate(question(1)).allow
    break_engine(app, monkeypatch, error)
    decision = policy.evaluate(question(1))
    assert (decision.allow, decision.reasons) == (False, (code,))
    assert decision.failed and decision.version is not None
    counts = policy.metrics().counts
    assert counts.errors + counts.unavailable == 1 and counts.denies_by_code == {code: 1}


@pytest.mark.parametrize("document", [{"number": math.nan}, {"number": {1, 2}}, {"number": b"1"}])
def test_an_input_that_is_no_json_denies(policy: PolicyManager, document: dict[str, Any]) -> None:
    decision = policy.evaluate(question(1) | document)
    assert (decision.allow, decision.reasons) == (False, ("policy_error",))
    assert decision.failed


def test_a_verdict_is_no_failure(policy: PolicyManager) -> None:
    for number in (1, 15):
        assert [policy.evaluate(question(number), {}).failed for _ in range(2)] == [False] * 2


def test_the_end_of_a_greenlet_goes_through(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_engine(app, monkeypatch, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        policy.evaluate(question(1))


def test_without_policies_every_decision_is_a_denial(app: Flask) -> None:
    with app.app_context():
        empty_record()
        decision = manager.evaluate(question(1))
        assert (decision.allow, decision.reasons) == (False, ("policy_unavailable",))
        assert decision.failed and decision.version is None
        error = manager.status().loading.error
        assert error is not None and "none are stored" in error
        assert manager.reads() == frozenset({"*"})


def test_a_mask_that_fails_changes_no_decision(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manager.of(app).recent, "_mask", failing(RuntimeError("mask")))
    assert policy.evaluate(question(1)).allow
    assert policy.metrics().uncounted == 1


def test_a_decision_is_given_again_until_a_policy_changes(policy: PolicyManager) -> None:
    for _ in range(3):
        assert not policy.evaluate(question(15), valid_for={}).allow
    counts = policy.metrics().counts
    assert (counts.evaluations, counts.cache_hits, counts.cache_misses) == (1, 2, 1)
    policy.put("bound", bound(20), "ada")
    assert policy.evaluate(question(15), valid_for={}).allow


def test_decisions_on_values_that_change_by_themselves_are_not_given_again(
    policy: PolicyManager,
) -> None:
    for valid_for in (None, {"number": None}):
        for _ in range(2):
            policy.evaluate(question(15), valid_for=valid_for)
    counts = policy.metrics().counts
    assert (counts.evaluations, counts.cache_hits, counts.uncacheable) == (4, 0, 4)


def test_what_the_policies_read_is_known(policy: PolicyManager) -> None:
    assert {"number", "subject.id"} <= policy.reads()
    assert not any(path.startswith("resource") for path in policy.reads())


def test_metrics_tell_what_each_policy_did(policy: PolicyManager) -> None:
    policy.evaluate(question(1))
    policy.evaluate(question(15))
    metrics = policy.metrics()
    line = metrics.policies["bound"]
    assert (line.version, line.denies) == (1, {"above_bound": 1})
    assert line.complexity.rules == 1 and line.latency is None
    assert metrics.latency["count"] == 2
    assert metrics.data_bytes == len("{}")
    policy.measure_costs()
    measured = policy.metrics().policies["bound"].latency
    assert measured is not None and measured["count"] == 2
