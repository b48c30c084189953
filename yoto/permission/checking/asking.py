"""Policy checks of permissions that roles give."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, TypeVar

from yoto.errors import DeadlineExceeded, PlatformError
from yoto.permission.registry.expressions import BoundExpression
from yoto.permission.registry.registry import RegisteredPermission
from yoto.permission.registry.requirement import BoundRequirement
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict.abac import (
    POLICIES_OFF,
    POLICY_ERROR,
    PolicyAnswer,
    PolicyBatch,
    PolicyQuestion,
)
from yoto.permission.ways import AHEAD
from yoto.store.models import OnPolicyError

log = logging.getLogger(__name__)

Context = Mapping[str, Any] | None


@dataclass(slots=True)
class PolicyOutcome:
    """The rest of a mask after the policies.

    Attributes:
        denied: bits that the policies took away.
        reason: code of the last denial.
        codes: all codes of that denial.
        failed: the engine gave no verdict; then nothing may be allowed.
        emergency: bits on which emergency access bears.
        unknown: permissions among ``denied`` whose facts are missing; by their names, the codes of
            the missing facts.
    """

    denied: int = 0
    reason: str = ""
    codes: tuple[str, ...] = ()
    version: str | None = None
    failed: bool = False
    emergency: int = 0
    unknown: int = 0
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def meets(self, bound: BoundExpression, mask: int) -> bool:
        """Whether the part of ``mask`` that the policies leave meets an expression.

        A ``NOT`` turns a missing permission into an allow: a failure must deny the whole, and a
        permission denied for lack of a fact must not be taken for not held.
        """
        return not self.failed and bound.matches(mask & ~self.denied, self.unknown)


def ask_policies(
    state: PermissionState,
    user_id: int,
    permissions: list[RegisteredPermission],
    place: Place,
    context: Context,
    batch: PolicyBatch | None = None,
) -> PolicyOutcome:
    """Ask the policy engine about each of ``permissions``, which RBAC allows.

    Any error is a denial of all of them; but where a permission says ``on_policy_error="rbac"``,
    roles decide about it, and that is counted. A part of the input that cannot be read is a denial
    there, too, and so are policies that are switched off.
    """
    outcome = PolicyOutcome()
    for permission in permissions:
        answer = _ask(state, PolicyQuestion(user_id, permission.name, place, context, batch))
        outcome.version = answer.version or outcome.version
        if answer.allow:
            outcome.emergency |= permission.mask if answer.emergency else 0
            continue
        lenient = permission.on_policy_error == OnPolicyError.RBAC
        if answer.failed and lenient and not answer.unread:
            # Counted, and shown with the registry; the engine has logged once why it gave no
            # verdict.
            state.policy_failures.add(permission.name)
            continue
        outcome.denied |= permission.mask
        outcome.reason, outcome.codes = answer.reason, answer.reasons
        if answer.unknown:
            outcome.unknown |= permission.mask
            outcome.missing[permission.name] = answer.unknown
        if answer.failed:
            outcome.failed = True
            break
    return outcome


def allowed_by_policies(
    state: PermissionState,
    permission: RegisteredPermission,
    asked: Sequence[tuple[int, Place]],
    context: Context = None,
) -> list[bool]:
    """Whether policies allow a permission that roles allow, to each person in their place.

    Where policies read the ways by which it came, these are read for many people at once.
    """
    outcomes = _outcomes(state, asked, repeat([permission]), context)
    return [not outcome.denied for outcome in outcomes]


def met_by_policies(
    state: PermissionState,
    requirement: BoundRequirement,
    held: Sequence[tuple[int, Place, int]],
    context: Context = None,
) -> list[bool]:
    """Whether a requirement is met by each person in their place, where roles give them a mask.

    Raises:
        StoreUnavailable: the places where policies decide could not be read.
    """
    places = list(dict.fromkeys(place for _, place, _ in held))
    judged = [(one, state.asks_in(one, places, context)) for one in requirement.permissions]
    asked_about = [
        [one for one, among in judged if one.mask & mask and place in among]
        for _, place, mask in held
    ]
    asked = [
        (user_id, place)
        for (user_id, place, _), about in zip(held, asked_about, strict=True)
        if about
    ]
    outcomes = _outcomes(state, asked, filter(None, asked_about), context)
    return [
        (next(outcomes) if about else PolicyOutcome()).meets(requirement.bound, mask)
        for (_, _, mask), about in zip(held, asked_about, strict=True)
    ]


def _outcomes(
    state: PermissionState,
    asked: Sequence[tuple[int, Place]],
    permissions: Iterable[list[RegisteredPermission]],
    context: Context,
) -> Iterator[PolicyOutcome]:
    """The policies about some permissions of each person in their place."""
    batches = batches_of(asked)
    about = iter(permissions)
    for number, (user_id, place) in enumerate(taking_turns(asked)):
        # The first question shows whether the others will need them.
        if state.ways is not None and number % AHEAD == 1:
            try:
                state.ways.ahead(asked[number : number + AHEAD])
            except PlatformError as error:
                log.warning("ways are read one by one: %s", error)
        yield ask_policies(state, user_id, next(about), place, context, next(batches))


def batches_of(asked: Sequence[tuple[int, Place]]) -> Iterator[PolicyBatch]:
    """The batch of each question."""
    for start in range(0, len(asked), AHEAD):
        some = asked[start : start + AHEAD]
        yield from repeat(PolicyBatch(some), len(some))


def _ask(state: PermissionState, question: PolicyQuestion) -> PolicyAnswer:
    if state.policy is None:
        return PolicyAnswer(False, POLICIES_OFF, failed=True, unread=True)
    try:
        return state.policy(question)
    except DeadlineExceeded:
        raise  # there is no verdict
    except Exception:
        log.exception("policy check of %s failed: denied", question.permission)
        return PolicyAnswer(False, POLICY_ERROR, failed=True)


T = TypeVar("T")

# Items between two pauses: some 10 ms where policies judge each.
ITEMS_AT_ONCE = 50


def taking_turns(items: Iterable[T]) -> Iterator[T]:
    """Yield the items; after each ``ITEMS_AT_ONCE`` other requests of the process get their turn.

    Not for a transaction: the other requests may wait for its locks.
    """
    for number, item in enumerate(items, 1):
        yield item
        if not number % ITEMS_AT_ONCE:
            # Lets other greenlets run where ``time`` is patched, and other threads elsewhere.
            time.sleep(0)
