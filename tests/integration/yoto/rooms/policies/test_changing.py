"""Changes of policies: one that is refused changes nothing, any other is recorded."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.extensions import policy as manager
from tests.support.small_policies import bound, bound_tests, question
from tests.support.world import World
from yoto.errors import (
    PlatformError,
    PolicyError,
    PolicyUnavailable,
    ValidationFailed,
    VersionConflict,
)
from yoto.events import Events
from yoto.rooms.policies import Bundle, CompiledPolicies, PolicyManager, Verdict
from yoto.rooms.policies.tables import PolicyRevision
from yoto.store.db import db
from yoto.store.models import AuditRecord, OutboxEvent


def test_a_policy_that_was_put_decides(policy: PolicyManager) -> None:
    assert policy.evaluate(question(10)).allow
    denied = policy.evaluate(question(11))
    assert (denied.allow, denied.reasons, denied.engine) == (False, ("above_bound",), "embedded")
    receipt = policy.put("bound", bound(20), "bob", "more room", bound_tests(20))
    assert (receipt.version, receipt.tests_passed) == (2, 2)
    now = policy.evaluate(question(11))
    assert now.allow and now.version == receipt.bundle != denied.version


@pytest.mark.parametrize(
    ("source", "tests", "says"),
    [
        ("package yoto.authz\n\ndeny contains", "", "line 3"),
        (bound(20), bound_tests(10), "test_above"),
        ("package other\n\nx := 1\n", "", "package"),
    ],
)
def test_a_policy_that_is_refused_changes_nothing_and_says_why(
    policy: PolicyManager, source: str, tests: str, says: str
) -> None:
    before = policy.list()
    with pytest.raises(PolicyError, match=says):
        policy.put("bound", source, "ada", tests=tests)
    assert policy.list() == before
    assert not policy.evaluate(question(11)).allow


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("name", {"name": "No Name"}),
        ("author", {"author": " "}),
        ("author", {"author": "user:999999"}),
        ("comment", {"comment": "x" * 501}),
    ],
)
def test_a_bad_field_is_named(policy: PolicyManager, field: str, arguments: dict[str, str]) -> None:
    given = {"name": "bound", "rego_source": bound(1), "author": "ada"} | arguments
    with pytest.raises(ValidationFailed) as caught:
        policy.put(**given)
    assert list(caught.value.errors) == [field]
    assert len(policy.versions("bound")) == 1


def test_versions_keep_who_what_and_why(policy: PolicyManager) -> None:
    policy.put("bound", bound(20), "bob", "more room")
    newest, oldest = policy.versions("bound")
    assert (newest.version, newest.author, newest.comment, newest.state) == (
        2,
        "bob",
        "more room",
        "live",
    )
    assert (oldest.source, oldest.tests, oldest.state) == (bound(10), bound_tests(10), "retired")
    assert newest.source_hash != oldest.source_hash and newest.at >= oldest.at
    assert [one.version for one in policy.versions("bound", before=2)] == [1]


def test_a_rollback_is_a_new_version_with_the_old_source(policy: PolicyManager) -> None:
    policy.put("bound", bound(20), "ada")
    receipt = policy.rollback("bound", 1, "bob")
    assert receipt.version == 3
    assert not policy.evaluate(question(11)).allow
    assert policy.versions("bound")[0].comment == "as version 1"
    with pytest.raises(ValidationFailed, match="no version 9"):
        policy.rollback("bound", 9, "ada")


def test_a_policy_that_is_removed_keeps_its_versions_and_can_come_back(
    policy: PolicyManager,
) -> None:
    policy.remove("bound", "ada", "not needed")
    assert [one.name for one in policy.list()] == ["main"]
    assert len(policy.versions("bound")) == 1
    with pytest.raises(ValidationFailed, match="in force"):
        policy.remove("bound", "ada")
    assert policy.rollback("bound", 1, "ada").version == 2
    assert not policy.evaluate(question(11)).allow


def test_the_entry_point_cannot_be_removed(policy: PolicyManager) -> None:
    with pytest.raises(PolicyError):
        policy.remove("main", "ada")
    assert policy.evaluate(question(10)).allow


def test_a_change_made_from_an_old_version_is_refused(policy: PolicyManager) -> None:
    policy.put("bound", bound(20), "ada", version=1)
    with pytest.raises(VersionConflict) as caught:
        policy.put("bound", bound(30), "bob", version=1)
    assert caught.value.current_version == 2
    assert caught.value.current["author"] == "ada"
    with pytest.raises(VersionConflict):
        policy.put("bound", bound(30), "bob", version=0)


def test_of_changes_at_once_of_one_policy_one_wins_and_others_are_kept(
    app: Flask, policy: PolicyManager
) -> None:
    """Changes of other policies are examined again together with the one that came first."""
    outcomes: dict[str, str] = {}
    together = threading.Barrier(4)

    def change(name: str, number: int) -> None:
        with app.app_context():
            together.wait()
            try:
                policy.put(name.split("/")[0], bound(number), name)
                outcomes[name] = "done"
            except PlatformError as error:
                outcomes[name] = type(error).__name__

    threads = [
        threading.Thread(target=change, args=arguments)
        for arguments in (("bound/1", 21), ("bound/2", 22), ("third/1", 23), ("fourth/1", 24))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes["third/1"] == outcomes["fourth/1"] == "done"
    same = [outcomes["bound/1"], outcomes["bound/2"]]
    assert same.count("done") in (1, 2) and set(same) <= {"done", "VersionConflict"}
    revisions = db.session.scalars(
        select(PolicyRevision.revision).order_by(PolicyRevision.revision)
    ).all()
    assert list(revisions) == list(range(1, len(revisions) + 1))
    assert {one.name for one in policy.list()} == {"main", "bound", "third", "fourth"}


def test_every_change_is_audited_and_told_in_the_same_transaction(
    app: Flask, policy: PolicyManager
) -> None:
    person = World(app).user()
    told = select(func.count()).where(OutboxEvent.subject == "policy")
    before = db.session.scalar(told)
    # Reads from here on begin after the change.
    db.session.rollback()
    policy.put("bound", bound(20), f"user:{person.id}", "more room")
    records = db.session.scalars(
        select(AuditRecord).where(AuditRecord.action == "policy.put").order_by(AuditRecord.id)
    ).all()
    assert [(one.action, one.subject) for one in records] == [
        ("policy.put", "rego:main"),
        ("policy.put", "rego:bound"),
        ("policy.put", "rego:bound"),
    ]
    assert (records[-1].reason, records[-1].actor_id) == ("more room", person.id)
    assert (records[-1].before, records[-1].after["version"]) == ({"live_version": 1}, 2)
    assert (db.session.scalar(told) or 0) - (before or 0) == 1


def test_a_change_is_an_event(app: Flask, policy: PolicyManager) -> None:
    receipt = policy.put("bound", bound(20), "ada")
    newest = Events.of(app).stream.read_latest(1)[0]
    assert newest.event.type == "policy.changed"
    assert newest.event.bundle == receipt.bundle  # type: ignore[attr-defined]


def test_a_document_is_data_for_policies_and_has_versions(policy: PolicyManager) -> None:
    source = 'package yoto.authz\n\ndeny contains "blocked" if input.ip in data.network.block\n'
    policy.put_document("network", {"block": ["10.0.0.1"]}, "ada")
    policy.put("network_rule", source, "ada")
    assert policy.evaluate(question(1) | {"ip": "10.0.0.1"}).reasons == ("blocked",)
    policy.put_document("network", {"block": []}, "ada", "nobody is blocked")
    assert policy.evaluate(question(1) | {"ip": "10.0.0.1"}).allow
    assert [one.name for one in policy.documents()] == ["network"]
    assert len(policy.versions("network", kind="data")) == 2
    policy.rollback("network", 1, "ada", kind="data")
    assert not policy.evaluate(question(1) | {"ip": "10.0.0.1"}).allow


def test_a_document_that_is_no_json_or_hides_the_policies_is_refused(
    policy: PolicyManager,
) -> None:
    with pytest.raises(ValidationFailed, match="no JSON data"):
        policy.put_document("network", {"at": float("nan")}, "ada")
    with pytest.raises(PlatformError):
        policy.put_document("yoto", {"authz": {"decision": True}}, "ada")
    assert policy.documents() == []


def test_a_put_says_what_would_flip_on_recent_inputs(policy: PolicyManager) -> None:
    for number in (5, 10, 15):
        policy.evaluate(question(number))
    receipt = policy.put("bound", bound(7), "ada")
    assert receipt.comparison is not None
    compared = receipt.comparison
    assert (compared.inputs, compared.allow_to_deny, compared.deny_to_allow) == (3, 1, 0)
    assert compared.subjects == {"42": 1}
    assert compared.places == {"message.send channel:3": 1}


def test_an_engine_that_is_lost_during_the_comparison_refuses_the_change(
    app: Flask, policy: PolicyManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost answer is no denial: the receipt would tell of flips that are none."""
    policy.evaluate(question(5))
    engine = manager.of(app).engine
    compile_bundle = engine.compile
    closed: list[str] = []

    def lost(input_json: str) -> Verdict:
        raise PolicyUnavailable(OSError("connection refused"))

    def compile_and_lose(bundle: Bundle) -> CompiledPolicies:
        compiled = compile_bundle(bundle)
        monkeypatch.setattr(compiled, "evaluate", lost)
        monkeypatch.setattr(compiled, "close", lambda: closed.append(compiled.version))
        return compiled

    monkeypatch.setattr(engine, "compile", compile_and_lose)
    with pytest.raises(PolicyUnavailable, match="connection refused"):
        policy.put("bound", bound(7), "ada")
    assert len(policy.versions("bound")) == 1 and policy.evaluate(question(8)).allow
    assert len(closed) == 1


def test_an_input_without_a_verdict_counts_as_denied(policy: PolicyManager) -> None:
    policy.evaluate(question(5, "no number"))
    broken = 'package yoto.authz\n\ndeny contains "x" if to_number(input.subject.id) == 7\n'
    receipt = policy.put("broken", broken, "ada")
    assert receipt.comparison is not None and receipt.comparison.allow_to_deny == 1


def test_a_test_of_a_policy_counts_nothing(policy: PolicyManager) -> None:
    assert policy.test("bound", question(11)).reasons == ("above_bound",)
    assert policy.metrics().counts.decisions == 0
    with pytest.raises(ValidationFailed, match="in force"):
        policy.test("nobody", question(1))
    with pytest.raises(PolicyError, match="no JSON"):
        policy.test("bound", {"number": float("nan")})


PAIRS = """package yoto.authz

all := numbers.range(1, 10000)

deny contains "huge" if count([[i, j] | some i in all; {condition}; some j in all]) < 0
"""


def test_a_policy_that_blows_up_is_refused_with_the_figure(policy: PolicyManager) -> None:
    huge = PAIRS.format(condition="i != 0")
    with pytest.raises(PolicyError, match=r"more than \d+ (s of processor time|MB of memory)"):
        policy.put("bound", huge, "ada")
    assert len(policy.versions("bound")) == 1
    assert policy.evaluate(question(5)).allow


def test_a_policy_that_blows_up_on_a_recent_input_alone_is_refused(policy: PolicyManager) -> None:
    policy.evaluate(question(5) | {"much": 900_000_000})
    trap = PAIRS.format(condition="i < input.much")
    with pytest.raises(PolicyError, match="recorded inputs"):
        policy.put("trap", trap, "ada")
    assert policy.evaluate(question(5)).allow
