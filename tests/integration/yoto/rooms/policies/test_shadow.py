"""A candidate beside what is in force."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.extensions import policy as manager
from app.models import User
from tests.integration.yoto.rooms.policies.conftest import another_process
from tests.support.small_policies import bound, bound_tests, question
from tests.support.waiting import wait_until
from yoto.errors import PolicyError, StoreUnavailable, ValidationFailed
from yoto.events import Events
from yoto.rooms.policies import PolicyManager, ShadowReport
from yoto.rooms.policies.store.shadow_counts import ShadowCountStore, StoredCounts
from yoto.rooms.policies.tables import PolicyShadowCount
from yoto.store.db import db, writing


def report_after(policy: PolicyManager, decisions: int) -> ShadowReport:
    """The report once it is about so many decisions."""

    def reported() -> ShadowReport | None:
        report = policy.shadow_report()
        return report if report is not None and report.evaluated >= decisions else None

    wait_until(reported, what="the candidate to be evaluated")
    report = reported()
    assert report is not None
    return report


def test_a_candidate_decides_nothing_and_tells_what_would_change(policy: PolicyManager) -> None:
    receipt = policy.start_shadow("bound", bound(20), "bob", 1.0, "more room", bound_tests(20))
    assert receipt.version == 2
    for number, user in ((5, "1"), (15, "1"), (15, "2"), (25, "2")):
        assert policy.evaluate(question(number, user)).allow == (number <= 10)
    report = report_after(policy, 4)
    assert (report.deny_to_allow, report.allow_to_deny, report.errors) == (2, 0, 0)
    assert report.subjects == {"1": 1, "2": 1}
    assert report.places == {"message.send channel:3": 2}
    assert report.codes == {"above_bound": 2}
    assert policy.status().candidate is not None


def test_a_report_writes_nothing_and_leaves_the_callers_transaction_alone(
    policy: PolicyManager,
) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    policy.evaluate(question(15))
    report_after(policy, 1)
    db.session.rollback()
    with writing():
        db.session.add(User(username="unfinished", display_name="", password_hash="x"))
        db.session.flush()
        assert policy.shadow_report() is not None
        assert db.session().in_transaction()
        db.session.rollback()
    assert db.session.scalars(select(User.id).where(User.username == "unfinished")).all() == []


def test_what_this_process_has_not_written_yet_is_in_its_report(
    policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(store: ShadowCountStore, version_id: int, counts: StoredCounts) -> None:
        raise StoreUnavailable("database")

    monkeypatch.setattr(ShadowCountStore, "write", refuse)
    policy.start_shadow("bound", bound(20), "bob")
    policy.evaluate(question(15))
    assert report_after(policy, 1).deny_to_allow == 1
    db.session.rollback()
    assert db.session.scalars(select(PolicyShadowCount.id)).all() == []


def test_counts_are_written_once_however_many_write_them(app: Flask, policy: PolicyManager) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    policy.evaluate(question(15))
    report_after(policy, 1)
    task = manager.of(app).shadow_task
    threads = [threading.Thread(target=task.flush) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert db.session.scalars(select(PolicyShadowCount.evaluated)).all() == [1]
    assert report_after(policy, 1).evaluated == 1


def test_a_candidate_is_promoted_as_the_version_that_it_is(policy: PolicyManager) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    receipt = policy.promote("ada", "as seen")
    assert receipt.version == 2 and policy.evaluate(question(15)).allow
    assert [(one.version, one.state) for one in policy.versions("bound")] == [
        (2, "live"),
        (1, "retired"),
    ]
    assert policy.shadow_report() is None and policy.status().candidate is None


def test_a_candidate_that_is_dropped_never_was_in_force(policy: PolicyManager) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    policy.drop("ada")
    assert not policy.evaluate(question(15)).allow
    assert [one.state for one in policy.versions("bound")] == ["dropped", "live"]
    for end in (policy.promote, policy.drop):
        with pytest.raises(ValidationFailed, match="there is none"):
            end("ada")


def test_there_is_one_candidate_at_a_time(policy: PolicyManager) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    with pytest.raises(ValidationFailed, match="'bound' version 2"):
        policy.start_shadow("other", bound(30), "ada")


@pytest.mark.parametrize("sample", [0, 1.5, -0.1, True])
def test_a_sample_that_is_no_share_is_refused(policy: PolicyManager, sample: Any) -> None:
    with pytest.raises(ValidationFailed, match="sample"):
        policy.start_shadow("bound", bound(20), "bob", sample)


def test_a_candidate_that_does_not_compile_is_refused(policy: PolicyManager) -> None:
    with pytest.raises(PolicyError):
        policy.start_shadow("bound", "package yoto.authz\n\ndeny contains", "bob")
    assert policy.shadow_report() is None


def test_a_candidate_goes_on_beside_another_change(policy: PolicyManager) -> None:
    policy.start_shadow("bound", bound(20), "bob")
    policy.put_document("network", {}, "ada")
    policy.evaluate(question(15))
    assert report_after(policy, 1).deny_to_allow == 1


def test_a_promotion_after_which_denials_jump_is_undone(app: Flask, policy: PolicyManager) -> None:
    for _ in range(60):
        assert policy.evaluate(question(5)).allow
    policy.start_shadow("bound", bound(1), "bob")
    policy.promote("ada")

    def undone() -> bool:
        return policy.evaluate(question(5)).allow

    wait_until(undone, limit=30.0, what="the promotion to be undone")
    newest, promoted, first = policy.versions("bound")
    assert (newest.state, newest.source, newest.author) == (
        "live",
        first.source,
        "system:deny-rate",
    )
    assert "denials rose from 0% to 100% with version 2" in newest.comment
    assert promoted.state == "retired"

    def told() -> bool:
        latest = Events.of(app).stream.read_latest(10)
        return any(one.event.type == "policy.rolled_back" for one in latest)

    wait_until(told, what="the event")


def test_a_promotion_is_watched_also_where_the_next_change_is_loaded_with_it(
    policy: PolicyManager, app_config: dict[str, Any], tmp_path: Path
) -> None:
    # So rarely does it look by itself, and nobody tells it.
    alone = {"REDIS_URL": "redis://127.0.0.1:1/0", "POLICY_POLL_SECONDS": 3600.0}
    with another_process(app_config, tmp_path, **alone) as other:
        with other.app_context():
            assert manager.evaluate(question(5)).allow
        policy.start_shadow("bound", bound(1), "bob")
        policy.promote("ada")
        policy.put_document("network", {}, "ada")
        loader = manager.of(other).loader
        loader.refresh()
        assert loader.serving.loaded is not None
        watched = loader.serving.loaded.rollback_watch
        assert watched is not None and (watched.version, watched.fallback) == (2, 1)


def test_a_put_is_the_will_of_somebody_and_stays(app: Flask, policy: PolicyManager) -> None:
    for _ in range(60):
        policy.evaluate(question(5))
    policy.put("bound", bound(1), "ada")
    for _ in range(60):
        policy.evaluate(question(5))
    loaded = manager.of(app).loader.serving.loaded
    assert loaded is not None and loaded.rollback_watch is None
    assert len(policy.versions("bound")) == 2
