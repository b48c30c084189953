"""The roles that count for a user in a place, by their names."""

from __future__ import annotations

from typing import NamedTuple

from yoto import tracing
from yoto.permission.directory import renew_people
from yoto.permission.loading import load_one
from yoto.permission.loading.source import DATABASE_SPAN, reading
from yoto.permission.registry.requirement import Operator, RoleRequirement
from yoto.permission.registry.scopes import Place
from yoto.permission.state import PermissionState
from yoto.permission.verdict import verdict
from yoto.permission.verdict.resolver import MembershipStatus, Trace, flatten, resolve, role_closure
from yoto.permission.verdict.verdict import Decision


class HeldRoles(NamedTuple):
    """The result of ``roles_held``; the default role is not among the names."""

    status: MembershipStatus
    names: frozenset[str]


def roles_held(state: PermissionState, user_id: int, place: Place) -> HeldRoles:
    """The roles behind a verdict on ``user_id`` in ``place``, as the database has them now:
    assigned and in force, with all that they inherit from.

    Raises:
        UnknownResource: the place does not exist.
        StoreUnavailable: the database did not answer.
    """
    renew_people([user_id])
    with tracing.span(DATABASE_SPAN), reading() as connection:
        loaded = load_one(connection, user_id, place, with_names=True)
        facts, [user] = loaded.facts(state.registry)
        bits, trace = state.registry.snapshot.bits, Trace()
        found = resolve(flatten(facts, bits), user, state.clock(), bits, trace)
        counted = {id_ for role_id in trace.held for id_ in role_closure(role_id, facts)}
        return HeldRoles(found.status, frozenset(loaded.rights.names[id_] for id_ in counted))


def decide_roles(
    state: PermissionState, user_id: int, requirement: RoleRequirement, place: Place
) -> Decision:
    """Whether a user has the roles. Being owner, administrator or super-admin is no role.

    Raises: as ``roles_held``.
    """
    held = roles_held(state, user_id, place)
    missing = tuple(name for name in requirement.names if name not in held.names)
    enough = len(missing) < len(requirement.names)
    if not missing or (enough and requirement.operator is Operator.OR):
        return Decision(True, verdict.GRANTED)
    reason = {
        MembershipStatus.UNKNOWN: verdict.UNKNOWN_USER,
        MembershipStatus.DISABLED: verdict.DISABLED,
    }.get(held.status, verdict.LACKS_ROLE)
    return Decision(False, reason, names=missing)
