"""The one way from a question to a verdict, for every caller.

Its steps: the entry in memory, else in Redis or the database; the bits; the policies; the reason;
the report of a power that is used; the record. Where memory allows and nothing else decides, a
caller that reads only the verdict pays for the first step alone.
"""

from __future__ import annotations

from time import perf_counter

from yoto import tracing
from yoto.cache import PlaceKey, Slot
from yoto.errors import StoreUnavailable
from yoto.permission.checking.asking import Context, PolicyOutcome, ask_policies
from yoto.permission.loading.source import Answer
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.requirement import Asked, BoundRequirement, Operator
from yoto.permission.registry.scopes import Place, place_of
from yoto.permission.state import EmergencyUse, PermissionState, SuperAdminUse
from yoto.permission.verdict import verdict
from yoto.permission.verdict.context import checked_context
from yoto.permission.verdict.meters import SEVERAL
from yoto.permission.verdict.resolver import Resolution
from yoto.permission.verdict.verdict import Decision, is_blocked, reason_of

SPAN = "permission.decide"

# The decision for an allow from memory where the caller reads no more than the verdict.
PLAINLY_ALLOWED = Decision(True, verdict.GRANTED, "l1")


def decide(
    state: PermissionState,
    user_id: int,
    asked: Asked,
    key: PlaceKey,
    context: Context = None,
    at_least: str | None = None,
    in_full: bool = True,
) -> Decision:
    """The verdict with its reason; the use of a super-admin's power is reported and recorded.

    Args:
        key: the place, as the cache calls it.
        context, at_least: as in ``PermissionSystem.decide``.
        in_full: whether the caller reads more than ``allowed``; it always may for a denial.
    """
    slot = state.remembered(user_id, key) if at_least is None else None
    picked = state.records is not None and state.records.picks()
    if slot is not None and not (in_full or picked) and asked.is_met_by(slot.mask):
        if context is None and not (asked.judged and _has_judges(state, asked, key)):
            state.meters.plain[asked.name or SEVERAL] += 1
            return PLAINLY_ALLOWED
    place, context = place_of(key), checked_context(context)
    started = perf_counter()
    with tracing.late_span(SPAN, {"yoto.permission": str(asked), "yoto.place": str(place)}) as span:
        answer, timings = _answer(state, user_id, place, slot, at_least)
        if isinstance(asked, RegisteredPermission):
            decision = _on_permission(state, user_id, asked, place, context, answer, timings)
        else:
            decision = _on_requirement(state, user_id, asked, place, context, answer, timings)
        span.set(_seen(decision))
    state.meters.decided(asked.name, decision, perf_counter() - started)
    if state.records is not None and (picked or not decision.allowed):
        mask = answer.resolution.mask
        state.records.take(user_id, str(asked), asked.operator, place, decision, mask, context)
    return decision


def _has_judges(state: PermissionState, asked: Asked, key: PlaceKey) -> bool:
    """Whether policies decide too; for several permissions, whether they might.

    Raises:
        StoreUnavailable: the places where policies decide could not be read.
    """
    return not isinstance(asked, RegisteredPermission) or state.asks(asked, place_of(key))


def answer_of(
    state: PermissionState, user_id: int, place: Place, at_least: str | None = None
) -> Answer:
    """The permissions of a user in a place by their roles, from the first tier that has them."""
    caching = state.caching
    try:
        if caching is None:
            return Answer(state.source.load(user_id, place))
        caching.start_threads()
        return caching.source.answer(user_id, place, at_least)
    except StoreUnavailable:
        state.meters.failed()
        raise


def _answer(
    state: PermissionState, user_id: int, place: Place, slot: Slot | None, at_least: str | None
) -> tuple[Answer, dict[str, float]]:
    """The answer where memory had ``slot``, and the microseconds of each step."""
    if slot is not None and state.caching is not None:
        return state.caching.source.answer_of(slot.entry), {}
    started = perf_counter()
    answer = answer_of(state, user_id, place, at_least)
    return answer, {"load": (perf_counter() - started) * 1e6}


def _seen(decision: Decision) -> tracing.Attributes:
    return {
        "yoto.allowed": decision.allowed,
        "yoto.reason": decision.reason,
        "yoto.tier": decision.tier,
    }


def _on_permission(
    state: PermissionState,
    user_id: int,
    permission: RegisteredPermission,
    place: Place,
    context: Context,
    answer: Answer,
    timings: dict[str, float],
) -> Decision:
    resolution = answer.resolution
    allowed = resolution.mask & permission.mask != 0
    reason = reason_of(resolution, permission)
    outcome = PolicyOutcome()
    if allowed and state.asks(permission, place, context):
        asked = perf_counter()
        outcome = ask_policies(state, user_id, [permission], place, context)
        timings["policy"] = (perf_counter() - asked) * 1e6
        if outcome.denied:
            allowed, reason = False, outcome.reason
        elif outcome.emergency:
            state.on_emergency_use(EmergencyUse(user_id, permission.name, place))
    if reason == verdict.SUPER_ADMIN:
        state.on_super_admin_use(SuperAdminUse(user_id, permission.name, place))
    codes = () if allowed else outcome.codes
    return Decision(allowed, reason, *answer[1:], outcome.version, timings, (), codes)


def _on_requirement(
    state: PermissionState,
    user_id: int,
    asked: BoundRequirement,
    place: Place,
    context: Context,
    answer: Answer,
    timings: dict[str, float],
) -> Decision:
    resolution = answer.resolution
    if is_blocked(resolution):
        reason = reason_of(resolution, asked.permissions[0])
        return Decision(False, reason, *answer[1:], timings=timings)
    outcome = PolicyOutcome()
    held = state.registry.snapshot.in_mask(resolution.mask & asked.bound.names)
    judged = [permission for permission in held if state.asks(permission, place, context)]
    if judged:
        outcome = ask_policies(state, user_id, judged, place, context)
    mask = resolution.mask & ~outcome.denied
    if not outcome.meets(asked.bound, resolution.mask):
        reason, missing = _denial(resolution, asked, mask, outcome)
        codes = outcome.codes if reason == outcome.reason else ()
        if not outcome.failed and asked.bound.matches(mask):
            codes = tuple(dict.fromkeys(code for one in outcome.missing.values() for code in one))
        return Decision(False, reason, *answer[1:], outcome.version, timings, missing, codes)
    if outcome.emergency & mask:
        state.on_emergency_use(EmergencyUse(user_id, str(asked), place))
    reason = verdict.GRANTED
    if not asked.bound.matches(mask & resolution.ordinary, outcome.unknown):
        reason = verdict.SUPER_ADMIN
        state.on_super_admin_use(SuperAdminUse(user_id, str(asked), place))
    return Decision(True, reason, *answer[1:], outcome.version, timings)


def _denial(
    resolution: Resolution, asked: BoundRequirement, mask: int, outcome: PolicyOutcome
) -> tuple[str, tuple[str, ...]]:
    """Reason code of a requirement that was not met, and the names it is about."""
    if outcome.failed:
        return outcome.reason, ()
    if asked.bound.matches(mask):
        # It would be met if the unknown permissions were not held.
        return next(iter(outcome.missing.values()))[0], tuple(outcome.missing)
    if asked.operator is Operator.NOT:
        return verdict.EXCLUDED, tuple(p.name for p in asked.permissions if p.mask & mask)
    if asked.operator is None:
        return verdict.NOT_SATISFIED, ()
    missing = [p for p in asked.permissions if not p.mask & mask]
    if missing[0].mask & outcome.denied:
        return outcome.reason, tuple(p.name for p in missing)
    return reason_of(resolution, missing[0]), tuple(p.name for p in missing)
