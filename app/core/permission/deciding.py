"""From a resolution to a decision: bit tests, the policy engine, the reason."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from app.core import tracing
from app.core.errors import StoreUnavailable
from app.core.permission import verdict
from app.core.permission.abac import PolicyAnswer, PolicyQuestion
from app.core.permission.answer import Answer
from app.core.permission.registry import RegisteredPermission
from app.core.permission.requirement import Operator, Requirement
from app.core.permission.resolver import Resolution
from app.core.permission.scopes import Place
from app.core.permission.state import EmergencyUse, PermissionState, SuperAdminUse
from app.core.permission.verdict import Decision, is_blocked, reason_of
from app.core.policy import POLICY_ERROR, POLICY_UNAVAILABLE
from app.models import OnPolicyError

log = logging.getLogger(__name__)

SPAN = "permission.decide"

Context = Mapping[str, Any] | None


@dataclass(slots=True)
class PolicyOutcome:
    """What is left of a mask after the policies.

    Attributes:
        denied: bits that the policies took away.
        reason: code of the last denial.
        codes: all codes of that denial.
        failed: the engine gave no verdict; then nothing may be allowed.
        emergency: bits on which emergency access bears.
    """

    denied: int = 0
    reason: str = ""
    codes: tuple[str, ...] = ()
    version: str | None = None
    failed: bool = False
    emergency: int = 0


def _asked(what: str, place: Place) -> tracing.Attributes:
    return {"yoto.permission": what, "yoto.place": str(place)}


def _decided(decision: Decision) -> tracing.Attributes:
    return {
        "yoto.allowed": decision.allowed,
        "yoto.reason": decision.reason,
        "yoto.tier": decision.tier,
    }


def answer_of(
    state: PermissionState, user_id: int, place: Place, at_least: str | None = None
) -> tuple[Answer, dict[str, float]]:
    """A resolution with where it is from, and the microseconds that it took."""
    started = perf_counter()
    try:
        if state.caching is not None:
            answer = state.caching.source.answer(user_id, place, at_least)
        else:
            answer = Answer(state.source.load(user_id, place))
    except StoreUnavailable:
        state.meters.failed()
        raise
    return answer, {"load": (perf_counter() - started) * 1e6}


def decide_permission(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    place: Place,
    context: Context = None,
    at_least: str | None = None,
) -> Decision:
    """The verdict on one permission; a super-admin's use of it is reported."""
    if not tracing.recording():
        return _decide_one(state, user_id, permission, place, context, at_least)
    with tracing.late_span(SPAN, _asked(permission.name, place)) as traced:
        decision = _decide_one(state, user_id, permission, place, context, at_least)
        traced.set(_decided(decision))
    return decision


def _decide_one(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    place: Place,
    context: Context,
    at_least: str | None,
) -> Decision:
    started = perf_counter()
    answer, timings = answer_of(state, user_id, place, at_least)
    resolution = answer.resolution
    allowed = resolution.mask & permission.mask != 0
    reason = reason_of(resolution, permission)
    version: str | None = None
    codes: tuple[str, ...] = ()
    if allowed and state.asks(permission, place, context):
        asked = perf_counter()
        outcome = ask_policies(state, user_id, [permission], place, context)
        timings["policy"] = (perf_counter() - asked) * 1e6
        version = outcome.version
        if outcome.denied:
            allowed, reason, codes = False, outcome.reason, outcome.codes
        elif outcome.emergency:
            state.on_emergency_use(EmergencyUse(user_id, permission.name, place))
    if reason == verdict.SUPER_ADMIN:
        state.on_super_admin_use(SuperAdminUse(user_id, permission.name, place))
    decision = Decision(
        allowed, reason, *answer[1:], policy_version=version, timings=timings, codes=codes
    )
    state.meters.decided(permission.name, decision, perf_counter() - started)
    if state.records is not None:
        mask = resolution.mask
        state.records.take(user_id, permission.name, None, place, decision, mask, context)
    return decision


def decide_requirement(
    state: PermissionState,
    user_id: int,
    requirement: Requirement,
    place: Place,
    context: Context = None,
) -> Decision:
    """The verdict on a condition over several permissions; super-admin's use is reported."""
    names = requirement.expression.names
    if requirement.operator in (Operator.AND, Operator.OR) and len(names) == 1:
        return decide_permission(state, user_id, state.registry.get(names[0]), place, context)
    started = perf_counter()
    if not tracing.recording():
        decision, mask = _decide_condition(state, user_id, requirement, place, context)
    else:
        with tracing.late_span(SPAN, _asked(str(requirement), place)) as traced:
            decision, mask = _decide_condition(state, user_id, requirement, place, context)
            traced.set(_decided(decision))
    state.meters.decided(None, decision, perf_counter() - started)
    if state.records is not None:
        asked, operator = str(requirement), requirement.operator
        state.records.take(user_id, asked, operator, place, decision, mask, context)
    return decision


def _decide_condition(
    state: PermissionState,
    user_id: int,
    requirement: Requirement,
    place: Place,
    context: Context,
) -> tuple[Decision, int]:
    """The verdict, and all that the user may do there by their roles."""
    names = requirement.expression.names
    bound = state.registry.bind(requirement.expression)
    answer, timings = answer_of(state, user_id, place)
    resolution = answer.resolution
    if is_blocked(resolution):
        reason = reason_of(resolution, state.registry.get(names[0]))
        return Decision(False, reason, *answer[1:], timings=timings), resolution.mask

    outcome = PolicyOutcome()
    snapshot = state.registry.snapshot
    held = snapshot.in_mask(resolution.mask & bound.names)
    asked = [permission for permission in held if state.asks(permission, place, context)]
    if asked:
        outcome = ask_policies(state, user_id, asked, place, context)
    mask = resolution.mask & ~outcome.denied
    # A NOT turns a missing permission into an allow, so a failure must deny the whole.
    allowed = not outcome.failed and bound.matches(mask)
    if not allowed:
        reason, missing = _denial(state, resolution, requirement, mask, outcome)
        codes = outcome.codes if reason == outcome.reason else ()
        decision = Decision(False, reason, *answer[1:], outcome.version, timings, missing, codes)
        return decision, resolution.mask
    if outcome.emergency & mask:
        state.on_emergency_use(EmergencyUse(user_id, str(requirement), place))
    reason = verdict.GRANTED
    if not bound.matches(mask & resolution.ordinary):
        reason = verdict.SUPER_ADMIN
        state.on_super_admin_use(SuperAdminUse(user_id, str(requirement), place))
    decision = Decision(True, reason, *answer[1:], policy_version=outcome.version, timings=timings)
    return decision, resolution.mask


def _denial(
    state: PermissionState,
    resolution: Resolution,
    requirement: Requirement,
    mask: int,
    outcome: PolicyOutcome,
) -> tuple[str, tuple[str, ...]]:
    """Reason code of a requirement that was not met, and the names it is about."""
    if outcome.failed:
        return outcome.reason, ()
    named = state.registry.get_many(requirement.expression.names)
    if requirement.operator is Operator.NOT:
        return verdict.EXCLUDED, tuple(p.name for p in named if p.mask & mask)
    if requirement.operator is None:
        return verdict.NOT_SATISFIED, ()
    missing = [p for p in named if not p.mask & mask]
    if missing[0].mask & outcome.denied:
        return outcome.reason, tuple(p.name for p in missing)
    return reason_of(resolution, missing[0]), tuple(p.name for p in missing)


def ask_policies(
    state: PermissionState,
    user_id: int,
    permissions: list[RegisteredPermission],
    place: Place,
    context: Context,
) -> PolicyOutcome:
    """Ask the policy engine about each of ``permissions``, which RBAC allows.

    Any error, and a missing engine, is a denial of all of them; but where a permission says
    ``on_policy_error="rbac"``, roles decide about it, and that is counted.
    """
    outcome = PolicyOutcome()
    for permission in permissions:
        answer = _ask(state, PolicyQuestion(user_id, permission.name, place, context))
        outcome.version = answer.version or outcome.version
        if answer.allow:
            outcome.emergency |= permission.mask if answer.emergency else 0
            continue
        if answer.failed and permission.on_policy_error == OnPolicyError.RBAC:
            # Counted, and shown with the registry; whoever gave no verdict has said why once.
            state.policy_failures.add(permission.name)
            continue
        outcome.denied |= permission.mask
        outcome.reason, outcome.codes = answer.reason, answer.reasons
        if answer.failed:
            outcome.failed = True
            break
    return outcome


def _ask(state: PermissionState, question: PolicyQuestion) -> PolicyAnswer:
    if state.policy is None:
        return PolicyAnswer(False, POLICY_UNAVAILABLE, failed=True)
    try:
        return state.policy(question)
    except Exception:
        log.exception("policy check of %s failed: denied", question.permission)
        return PolicyAnswer(False, POLICY_ERROR, failed=True)
