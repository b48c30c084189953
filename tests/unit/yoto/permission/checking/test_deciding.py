"""Decisions: reasons, policies, requirements over several permissions, super-admins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from tests.unit.yoto.permission.conftest import STORED, FakeSource
from yoto.errors import UnknownPermission, UnknownResource, ValidationFailed
from yoto.permission import Decision, PermissionSystem, PolicyAnswer, PolicyQuestion, SuperAdminUse
from yoto.permission.registry.registry import PermissionRegistry, RegisteredPermission
from yoto.permission.registry.scopes import GLOBAL, Place
from yoto.permission.state import EXTENSION
from yoto.permission.verdict.resolver import MembershipStatus, Resolution
from yoto.permission.verdict.verdict import reason_of

CHANNEL = ("channel", 3)
SEND = next(p for p in STORED if p.name == "message.send")
VIEW = next(p for p in STORED if p.name == "platform.view")


@pytest.fixture(autouse=True)
def in_context(bare_app: Flask) -> Iterator[None]:
    with bare_app.app_context():
        yield


@pytest.fixture
def policy(bare_app: Flask) -> Callable[[Any], list[PolicyQuestion]]:
    """Wires a policy engine; gives the list of what it is asked."""

    def wire(answer: Any) -> list[PolicyQuestion]:
        asked: list[PolicyQuestion] = []

        def check(question: PolicyQuestion) -> PolicyAnswer:
            asked.append(question)
            if isinstance(answer, Exception):
                raise answer
            found: PolicyAnswer = answer
            return found

        bare_app.extensions[EXTENSION].policy = check
        return asked

    return wire


def resolution(
    standing: MembershipStatus = MembershipStatus.MEMBER,
    mask: int = 0,
    base: int = 0,
    shaped: int = 0,
    ordinary: int = 0,
    **flags: bool,
) -> Resolution:
    return Resolution(mask, None, standing, base, shaped, ordinary, **flags)


ALL = (1 << len(STORED)) - 1


@pytest.mark.parametrize(
    ("found", "permission", "reason"),
    [
        (resolution(mask=ALL, ordinary=ALL), SEND, "granted"),
        (resolution(MembershipStatus.OUTSIDER, mask=ALL, ordinary=ALL), SEND, "granted"),
        (resolution(MembershipStatus.OWNER, mask=ALL, ordinary=ALL), SEND, "owner"),
        (resolution(MembershipStatus.OWNER, mask=ALL, ordinary=ALL), VIEW, "granted"),
        (resolution(MembershipStatus.ADMINISTRATOR, mask=ALL, ordinary=ALL), SEND, "administrator"),
        (resolution(mask=ALL, ordinary=0), SEND, "super_admin"),
        (resolution(MembershipStatus.OWNER, mask=ALL, ordinary=SEND.mask), SEND, "owner"),
        (resolution(MembershipStatus.OWNER, mask=ALL, ordinary=SEND.mask), VIEW, "super_admin"),
        (resolution(MembershipStatus.UNKNOWN), SEND, "unknown_user"),
        (resolution(MembershipStatus.DISABLED), SEND, "disabled"),
        (resolution(), SEND, "not_granted"),
        (resolution(MembershipStatus.OUTSIDER), SEND, "not_member"),
        (resolution(base=ALL, shaped=0), SEND, "overwrite_denied"),
        (resolution(base=ALL, shaped=ALL, hidden=True), SEND, "no_channel_access"),
        (resolution(base=0, shaped=ALL, hidden=True), SEND, "no_channel_access"),
        (resolution(base=ALL, shaped=ALL, timed_out=True), SEND, "timed_out"),
        (
            resolution(base=ALL, shaped=ALL, hidden=True, timed_out=True),
            SEND,
            "no_channel_access",
        ),
    ],
)
def test_every_verdict_has_the_reason_that_decided_it(
    found: Resolution, permission: RegisteredPermission, reason: str
) -> None:
    assert reason_of(found, permission) == reason


def test_a_decision_says_what_and_why(system: PermissionSystem, source: FakeSource) -> None:
    source.give(2, "message.send")
    allowed = system.decide(2, "message.send", *CHANNEL)
    assert (allowed.allowed, allowed.reason, allowed.tier) == (True, "granted", "db")
    assert allowed.timings["load"] > 0
    denied = system.decide(2, "message.pin", *CHANNEL)
    assert (denied.allowed, denied.reason) == (False, "not_granted")
    assert system.check_permission(2, "message.send", *CHANNEL)
    assert not system.check_permission(9, "message.send", *CHANNEL)
    assert system.decide(9, "message.send", *CHANNEL).reason == "unknown_user"


def test_effective_permissions_are_named_in_bit_order(
    system: PermissionSystem, source: FakeSource
) -> None:
    source.give(2, "message.send", "channel.read")
    assert system.effective_permissions(2, *CHANNEL) == ["channel.read", "message.send"]


@pytest.mark.parametrize(
    ("arguments", "error", "field"),
    [
        ((2, "message.edit", *CHANNEL), UnknownPermission, "permission"),
        ((2, "send", *CHANNEL), ValidationFailed, "permission"),
        ((2, None, *CHANNEL), ValidationFailed, "permission"),
        (("2", "message.send", *CHANNEL), ValidationFailed, "user_id"),
        ((True, "message.send", *CHANNEL), ValidationFailed, "user_id"),
        ((2, "message.send", "galaxy", 3), ValidationFailed, "scope"),
        ((2, "message.send", "channel", None), ValidationFailed, "scope_id"),
        ((2, "message.send", "channel", "3"), ValidationFailed, "scope_id"),
        ((2, "message.send", None, 3), ValidationFailed, "scope_id"),
        ((2, "message.send", "channel", 404), UnknownResource, "channel_id"),
    ],
)
def test_bad_questions_are_errors_naming_the_field_and_never_verdicts(
    system: PermissionSystem,
    source: FakeSource,
    arguments: tuple[Any, ...],
    error: type[ValidationFailed],
    field: str,
) -> None:
    source.give(2, "message.send")
    for ask in (system.decide, system.check_permission):
        with pytest.raises(error) as refused:
            ask(*arguments)
        assert list(refused.value.errors) == [field]


def test_an_abac_permission_without_an_engine_is_denied(
    system: PermissionSystem, source: FakeSource
) -> None:
    source.give(2, "vault.open", "message.send")
    assert system.decide(2, "vault.open", *CHANNEL) == denied("policies_off")
    assert system.check_many(2, [("vault.open", *CHANNEL)]) == [False]
    assert system.batch_check_permissions([2], "vault.open", *CHANNEL) == {2: False}


def test_a_context_makes_the_engine_take_part(system: PermissionSystem, source: FakeSource) -> None:
    source.give(2, "message.send")
    assert system.decide(2, "message.send", *CHANNEL).allowed
    asked = system.decide(2, "message.send", *CHANNEL, context={"ip": "192.0.2.1"})
    assert asked == denied("policies_off")
    assert system.decide(2, "message.send", *CHANNEL, context={}) == denied("policies_off")


def test_the_engine_is_asked_only_about_what_rbac_allows(
    system: PermissionSystem, source: FakeSource, policy: Callable[[Any], list[PolicyQuestion]]
) -> None:
    asked = policy(PolicyAnswer(True, "ok", "v7"))
    source.give(2, "vault.open")
    source.give(3, "message.send")
    decision = system.decide(2, "vault.open", *CHANNEL, context={"risk": 1})
    assert (decision.allowed, decision.reason, decision.policy_version) == (True, "granted", "v7")
    assert asked == [PolicyQuestion(2, "vault.open", Place(*CHANNEL), {"risk": 1})]
    assert system.decide(3, "vault.open", *CHANNEL).reason == "not_granted"
    assert len(asked) == 1
    assert system.check_many(2, [("vault.open", *CHANNEL)]) == [True]
    assert system.batch_check_permissions([2, 3], "vault.open", *CHANNEL) == {2: True, 3: False}


def test_a_policy_that_denies_gives_its_code(
    system: PermissionSystem, source: FakeSource, policy: Callable[[Any], list[PolicyQuestion]]
) -> None:
    policy(PolicyAnswer(False, "outside_business_hours", "v7"))
    source.give(2, "vault.open")
    decision = system.decide(2, "vault.open", *CHANNEL)
    assert (decision.allowed, decision.reason) == (False, "outside_business_hours")
    assert decision.policy_version == "v7"


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyError("x"), TimeoutError()])
def test_an_engine_that_fails_denies(
    system: PermissionSystem,
    source: FakeSource,
    policy: Callable[[Any], list[PolicyQuestion]],
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    policy(error)
    source.give(2, "vault.open", only_as_super_admin=["message.pin"])
    assert system.decide(2, "vault.open", *CHANNEL) == denied("policy_error")
    assert "vault.open" in caplog.text


@pytest.mark.parametrize("code", ["policy_error", "policy_unavailable", "too_late"])
def test_only_the_engine_says_that_there_is_no_verdict_and_no_code_does(
    bare_app: Flask,
    system: PermissionSystem,
    source: FakeSource,
    policy: Callable[[Any], list[PolicyQuestion]],
    code: str,
) -> None:
    stored = [replace(one, on_policy_error="rbac") for one in STORED]
    bare_app.extensions[EXTENSION].registry = PermissionRegistry(lambda: list(stored))
    source.give(2, "vault.open")
    policy(PolicyAnswer(False, code, reasons=(code,)))
    assert system.decide(2, "vault.open", *CHANNEL) == denied(code)
    policy(PolicyAnswer(False, code, reasons=(code,), failed=True))
    assert system.decide(2, "vault.open", *CHANNEL).allowed


def test_a_failing_policy_never_makes_a_not_true(
    system: PermissionSystem, source: FakeSource, policy: Callable[[Any], list[PolicyQuestion]]
) -> None:
    source.give(2, "vault.open", "message.send")
    expression = "message.send AND NOT vault.open"
    assert system.decide_expression(2, expression, *CHANNEL) == denied("policies_off")
    policy(RuntimeError("boom"))
    assert system.decide_expression(2, expression, *CHANNEL) == denied("policy_error")
    policy(PolicyAnswer(False, "outside_hours"))
    assert system.decide_expression(2, expression, *CHANNEL).allowed, "denied is not held"
    policy(PolicyAnswer(True, "ok"))
    assert system.decide_expression(2, expression, *CHANNEL) == denied("not_satisfied")


MISSING_CODE = PolicyAnswer(False, "missing:context.ip", reasons=("missing:context.ip",))
NOT_GIVEN = PolicyAnswer(False, "slow", reasons=("slow",), missing=("missing:context.given.speed",))


@pytest.mark.parametrize(
    ("answer", "code"),
    [(MISSING_CODE, "missing:context.ip"), (NOT_GIVEN, "missing:context.given.speed")],
)
def test_a_denial_for_lack_of_a_fact_is_unknown_and_never_makes_a_not_true(
    system: PermissionSystem,
    source: FakeSource,
    policy: Callable[[Any], list[PolicyQuestion]],
    answer: PolicyAnswer,
    code: str,
) -> None:
    source.give(2, "vault.open", "message.send")
    policy(answer)

    for expression in (
        "NOT vault.open",
        "message.send AND NOT vault.open",
        "NOT (vault.open AND message.send)",
        "NOT vault.open OR message.pin",
    ):
        decision = system.decide_expression(2, expression, *CHANNEL)
        assert not decision.allowed, expression
        assert (decision.reason, decision.names) == (code, ("vault.open",)), expression
        assert decision.codes == (code,), expression
    # A condition that an unknown part cannot change is allowed, or denied for its own reason.
    assert system.decide_expression(2, "message.send OR NOT vault.open", *CHANNEL).allowed
    assert system.decide_expression(2, "NOT (vault.open AND message.pin)", *CHANNEL).allowed
    decided = system.decide_expression(2, "message.pin AND NOT vault.open", *CHANNEL)
    assert (decided.reason, decided.allowed) == ("not_satisfied", False)
    assert not system.decide(2, "vault.open", *CHANNEL).allowed


@pytest.mark.parametrize("standing", [MembershipStatus.UNKNOWN, MembershipStatus.DISABLED])
def test_nobody_and_the_disabled_meet_no_requirement_not_even_a_not(
    system: PermissionSystem, source: FakeSource, standing: MembershipStatus
) -> None:
    source.give(2, standing=standing)
    decision = system.decide_expression(2, "NOT member.muted", *CHANNEL)
    assert not decision.allowed
    assert decision.reason == {0: "unknown_user", 1: "disabled"}[standing]


def test_a_super_admins_use_is_reported_only_when_it_made_the_difference(
    system: PermissionSystem, source: FakeSource, uses: list[SuperAdminUse]
) -> None:
    source.give(2, "message.send", only_as_super_admin=["message.pin", "channel.read"])
    assert system.decide(2, "message.send", *CHANNEL).reason == "granted"
    assert system.decide_expression(2, "message.send OR message.pin", *CHANNEL).allowed
    assert system.decide_expression(2, "message.pin AND NOT message.send", *CHANNEL) == denied(
        "not_satisfied"
    )
    assert uses == []
    assert system.decide(2, "message.pin", *CHANNEL).reason == "super_admin"
    both = "message.send AND message.pin"
    assert system.decide_expression(2, both, *CHANNEL).reason == "super_admin"
    assert uses == [
        SuperAdminUse(2, "message.pin", Place(*CHANNEL)),
        SuperAdminUse(2, both, Place(*CHANNEL)),
    ]


def test_a_use_that_a_policy_denies_is_none(
    system: PermissionSystem, source: FakeSource, uses: list[SuperAdminUse]
) -> None:
    source.give(2, only_as_super_admin=["vault.open"])
    assert not system.decide(2, "vault.open", *CHANNEL).allowed
    assert uses == []


def test_a_use_that_cannot_be_recorded_does_not_happen(
    bare_app: Flask, system: PermissionSystem, source: FakeSource
) -> None:
    def refuse(use: SuperAdminUse) -> None:
        raise OSError("audit log is full")

    bare_app.extensions[EXTENSION].on_super_admin_use = refuse
    source.give(2, only_as_super_admin=["message.pin"])
    with pytest.raises(OSError, match="full"):
        system.check_permission(2, "message.pin", *CHANNEL)


def test_questions_about_many_are_not_uses(
    system: PermissionSystem, source: FakeSource, uses: list[SuperAdminUse]
) -> None:
    source.give(2, only_as_super_admin=["message.pin"])
    assert system.check_many(2, [("message.pin", *CHANNEL)]) == [True]
    assert system.batch_check_permissions([2], "message.pin", *CHANNEL) == {2: True}
    assert uses == []


def test_many_checks_load_each_place_once(system: PermissionSystem, source: FakeSource) -> None:
    source.give(2, "message.send")
    source.give(2, "platform.view", place=GLOBAL)
    verdicts = system.check_many(
        2,
        [
            ("message.send", *CHANNEL),
            ("platform.view", None, None),
            ("message.pin", *CHANNEL),
            ("platform.view", "global", None),
            ("message.send", *CHANNEL),
        ],
    )
    assert verdicts == [True, True, False, True, True]
    assert sorted(map(str, (place for _, place in source.loads))) == ["channel:3", "global"]


@pytest.mark.parametrize(
    "check",
    [("message.send", "channel", True), ("message.send", "channel", "3"), ("message.send",), None],
)
def test_a_malformed_check_among_many_is_refused(
    system: PermissionSystem, source: FakeSource, check: Any
) -> None:
    source.give(2, "message.send", place=Place("channel", 1))
    with pytest.raises(ValidationFailed):
        system.check_many(2, [("message.send", "channel", 1), check])


def test_a_batch_answers_for_everybody_asked_about(
    system: PermissionSystem, source: FakeSource
) -> None:
    source.give(2, "message.send")
    source.give(3)
    verdicts = system.batch_check_permissions([3, 2, 99, 2], "message.send", *CHANNEL)
    assert verdicts == {3: False, 2: True, 99: False}
    assert system.batch_check_permissions([], "message.send", *CHANNEL) == {}
    ids: list[Any] = [2, "3"]
    with pytest.raises(ValidationFailed) as refused:
        system.batch_check_permissions(ids, "message.send", *CHANNEL)
    assert list(refused.value.errors) == ["user_ids"]


class Denied:
    """Equals every denial with this reason, whatever it took."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and (other.allowed, other.reason) == (False, self.reason)

    def __repr__(self) -> str:
        return f"denied: {self.reason}"


def denied(reason: str) -> Denied:
    return Denied(reason)
