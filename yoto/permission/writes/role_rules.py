"""Rules for a role's fields, and the effects of changes on roles that inherit."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.permission.database.transactions import has_written
from yoto.permission.loading.finding import refuse_lent, require
from yoto.permission.rank.delegation import delegated_grants, merged, parents_of, role_closure
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.role_snapshot import may_inherit
from yoto.permission.rank.teams import MOST_DEEP, TOO_DEEP, Edges, edges_from, longest
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rules import Flag, Whole, checked
from yoto.store.models import EVERYONE, Effect, Role, RoleParent

NAME_MAX_LENGTH = 100
LOWEST_POSITION = 1  # 0 is the default role's
MAX_POSITION = 1_000_000  # far more than people rank by hand

NAME_TAKEN = {"name": "another role has this name"}
# The beginning of the names of roles that hold the rights of access requests.
LENDING = "Access request #"


def checked_role_name(
    session: Session, name: Any, home: str, own_id: int | None = None, *, lends: bool = False
) -> str:
    """``name`` without outer blanks, if no other role of the home has it.

    Args:
        lends: it names a role that holds the rights of an access request.

    Raises:
        ValidationFailed: field ``name``.
    """
    label = checked_label(name, NAME_MAX_LENGTH)
    if label == EVERYONE:
        raise ValidationFailed({"name": f"{EVERYONE} is the default role's"})
    same = session.scalar(select(Role.id).where(Role.home == home, Role.name == label))
    if same not in (None, own_id):
        raise ValidationFailed(NAME_TAKEN)
    if same is None and not lends and label.startswith(LENDING):
        raise ValidationFailed({"name": "is a name of what access requests lend"})
    return label


def lending_name(session: Session, request_id: int, home: str) -> str:
    """The name of the role that holds a request's lent rights: one that no role of the home has,
    since roles may have such names from before these were reserved.
    """
    name = f"{LENDING}{request_id}"
    alike = select(Role.name).where(Role.home == home, Role.name.startswith(name, autoescape=True))
    taken = set(session.scalars(alike))
    others = (f"{name} ({n})" for n in range(2, len(taken) + 3))
    return next(one for one in (name, *others) if one not in taken)


def checked_label(name: Any, max_length: int) -> str:
    """A name for people to read: trimmed, not empty, not too long, no control characters.

    Raises:
        ValidationFailed: field ``name``.
    """
    if not isinstance(name, str):
        raise ValidationFailed({"name": f"must be a string, not {type(name).__name__}"})
    label: str = name.strip()
    if not 1 <= len(label) <= max_length:
        raise ValidationFailed({"name": f"must have 1 to {max_length} characters"})
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in label):
        raise ValidationFailed({"name": "must not contain control characters"})
    return label


def checked_role(name: Any, field: str) -> str:
    """``name`` as a requirement must write it: byte by byte as it is stored.

    Raises:
        ValidationFailed: names ``field``: no role can have it, or it is the default role's, which
            everybody has.
    """
    try:
        label = checked_label(name, NAME_MAX_LENGTH)
    except ValidationFailed as error:
        raise ValidationFailed({field: error.errors["name"]}) from None
    if label != name or label == EVERYONE:
        raise ValidationFailed({field: f"{name!r} is no name of a role that somebody is assigned"})
    return label


def checked_position(position: Any) -> int:
    """Raises ``ValidationFailed`` (field ``position``) for a value that is no rank."""
    says = f"an integer from {LOWEST_POSITION} to {MAX_POSITION}"
    rule = Whole(LOWEST_POSITION, MAX_POSITION, says=says)
    return int(checked("position", position, rule, shown=False))


def checked_flag(value: Any, field: str) -> bool:
    """Raises ``ValidationFailed`` for anything but True and False."""
    return bool(checked(field, value, Flag(), shown=False))


def wait_for_others(session: Session, role_id: int, *, begin_anew: bool) -> None:
    """Take turns: two writers who give roles of a home parents could close a circle, also through
    roles that neither of them names. Writes of global roles wait in ``keeping_by_roles``.

    Args:
        begin_anew: as there; this call comes first, right after that.
    """
    home = session.scalar(select(Role.home).where(Role.id == role_id))
    if not home:
        return
    if begin_anew and not has_written(session):
        session.rollback()
    first = select(Role.id).where(Role.home == home).order_by(Role.name).limit(1)
    session.execute(first.with_for_update())


def checked_parent(
    session: Session, parent_id: int | None, home: str, child: Role | None = None
) -> Role | None:
    """The role to inherit from, if a role of ``home`` may.

    Raises:
        ValidationFailed: field ``parent_id``: no such role, the default role, a role of another
            home, a cycle back to ``child``, or more roles below each other than may be.
    """
    if parent_id is None:
        return None
    parent = require(session, Role, parent_id, "parent_id")
    refuse_lent(parent, "parent_id")
    if parent.is_default:
        raise ValidationFailed({"parent_id": "everybody has the default role already"})
    if not may_inherit(home, parent.home):
        allowed = "a global role" if not home else "a role of the same server, or global"
        raise ValidationFailed({"parent_id": f"must be {allowed}"})
    above = _edges(session, parent.id, upward=True)
    if child is not None and child.id in above:
        raise ValidationFailed({"parent_id": "would make the role its own ancestor"})
    # An existing parent stays, however deep.
    if child is None or parent.id != child.parent_id:
        below = 1 if child is None else longest(_edges(session, child.id, upward=False), child.id)
        if below + longest(above, parent.id) > MOST_DEEP:
            raise ValidationFailed({"parent_id": TOO_DEEP})
    return parent


def _edges(session: Session, role_id: int, *, upward: bool) -> Edges:
    """Parents of a role and of those above it; or heirs of it and of those below."""
    columns: list[tuple[Any, Any]] = [
        (Role.id, Role.parent_id),
        (RoleParent.role_id, RoleParent.parent_id),
    ]

    def following(newest: set[int]) -> Iterator[Any]:
        for child, parent in columns:
            here, there = (child, parent) if upward else (parent, child)
            found = select(here, there).where(here.in_(newest), there.is_not(None))
            yield from session.execute(found)

    return edges_from([role_id], following)


def check_inheritance(
    session: Session,
    registry: PermissionRegistry,
    authority: Authority,
    role: Role,
    changes: Mapping[str, Any],
) -> None:
    """The delegation and rank rules for a change of parent or activity.

    The delegation rule is for new allows, and removed denials, with roles as they are and as if
    all were active; the rank rule for the new ancestors.

    Raises:
        PermissionDenied: the actor lacks one of these permissions, or stands too low.
    """
    parent_id = changes.get("parent_id", role.parent_id)
    active = changes.get("active", role.active)
    if (parent_id, active) == (role.parent_id, role.active):
        return
    parent = session.get(Role, parent_id) if parent_id else None
    others = [one for one in parents_of(session, role) if one.id != role.parent_id]
    gained: list[Role] = []
    lost: list[Role] = []
    for asleep in (False, True):
        old = role_closure(session, role, asleep=asleep)
        new = [role] if active or asleep else []
        for one in [parent, *others] if new else []:
            new += role_closure(session, one, asleep=asleep)
        gained += [ancestor for ancestor in new if ancestor not in old + gained]
        lost += [ancestor for ancestor in old if ancestor not in new + lost]
    home = role.home
    authority.check_delegation(
        merged(
            delegated_grants(session, registry, gained, Effect.ALLOW, home),
            delegated_grants(session, registry, lost, Effect.DENY, home),
        )
    )
    # A holder of a role that becomes active is an heir from then on, like a new holder.
    if parent_id != role.parent_id or active and not role.active:
        authority.check_giving(home, role_closure(session, parent))
