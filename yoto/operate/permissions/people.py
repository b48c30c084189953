"""One person or program: memberships, roles, teams, overwrites, and limits met.

Beyond `platform.view`, everything except names and limits met takes `admin.audit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, TypedDict, cast

from sqlalchemy import ColumnElement, literal, null, or_, select

from yoto.api.people import number_called
from yoto.api.permissions.checks.asking import Question
from yoto.auth.operators import VIEW
from yoto.errors import StoreUnavailable, UnknownResource, ValidationFailed
from yoto.http.fields import NodeId as NodeIdField
from yoto.http.fields import declared_id, row_id
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, cut, page_of
from yoto.http.shapes import schema_of
from yoto.moments import at_ms
from yoto.nodes import APPLICATIONS, GLOBAL_KIND, PUBLIC_NUMBER, NodeId, node_held_at, shown_text
from yoto.operate.guard_state import KeyUse, caller_parts
from yoto.operate.insight import demand_operators_insight, has_insight
from yoto.operate.permissions.shapes import AfterNode, Effect, Kind, Resource
from yoto.permission import MASKED, own_ids, person_number, subject_text, teams_above
from yoto.resilience import Kind as GuardKind
from yoto.resilience import get_resilience_controller, top_keys
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import (
    ChannelOverwrite,
    Permission,
    ProgramAccount,
    Role,
    RoleAssignment,
    Team,
    TeamMember,
    User,
)
from yoto.store.resources import known_types

# For each limit: the workers' reports to read, and the counters to show of one person.
REPORTS, COUNTED = 200, 20


class ShownPerson(TypedDict):
    """A person or program, as all operators may see them."""

    id: Annotated[NodeId, "The number by which the platform knows them"]
    own_id: Annotated[NodeId, "As the application knows them"]
    subject: Annotated[str, "`user:31`, or `application:3`"]
    username: str
    display_name: str
    disabled: Annotated[bool | None, "Null without `admin.audit`"]
    super_admin: Annotated[bool | None, "Null without `admin.audit`"]
    insight: Annotated[bool, "Whether the operator may read the other parts"]


class Membership(Resource):
    """A resource that somebody belongs to."""

    owner: bool
    banned: Annotated[bool, "Kept out: it is no membership any more"]
    timeout_until: datetime | None


class AssignedRole(TypedDict):
    """A role that somebody holds."""

    id: Annotated[int, "Of the assignment"]
    role_id: int
    role: str
    home: Annotated[str | None, "Where the role is from, such as server:7; null: everywhere"]
    at: Annotated[str | None, "What it is held at, with all below; null: wherever it counts"]
    here_only: Annotated[bool, "Whether it is held there and not below"]
    via: Annotated[str, "Who holds it: `user:31`, `team:5`, `everyone:server:7` or `public`"]
    active: Annotated[bool, "An inactive role grants nothing to anybody"]
    in_force: Annotated[bool, "Whether its window is open now"]
    valid_from: datetime | None
    valid_until: datetime | None
    since: datetime
    by: Annotated[str | None, "Who assigned it: `user:5`; null: no account"]


class JoinedTeam(TypedDict):
    """A team that somebody is in."""

    id: int
    name: str
    valid_from: datetime | None
    valid_until: datetime | None
    since: datetime


class LaidOverwrite(TypedDict):
    """An overwrite of a role, a team or a person at a resource."""

    id: int
    place: Annotated[str, "Such as channel:3"]
    via: Annotated[str, "For whom: `user:31`, `team:5` or `role:9`"]
    permission: str
    effect: Effect


class MetLimit(KeyUse):
    """The calls that one limit counted of somebody."""

    limit: Annotated[str, "Its name"]
    last: Annotated[datetime, "Their last call"]
    last_rejected: datetime | None


class MetLimits(TypedDict):
    """The limits that somebody met, those with most rejections first."""

    items: list[MetLimit]
    known: Annotated[bool, "False: Redis is unavailable, so nobody can tell"]


people = Subject(
    "people",
    "/people",
    "One person or program: what they belong to and hold, and what refuses them",
    "person",
    names={Page[Membership]: page_of(schema_of(Membership), NodeIdField)},
)


@people.operation("GET", "/<who>", VIEW)
def read_person(who: str) -> ShownPerson:
    """Somebody by number, username, the application's own id, or as `application:3`

    A text of digits alone is a number.
    """
    number = _number(who)
    row: Any = db.session.get(User, number)
    if number > APPLICATIONS:
        row = db.session.get(ProgramAccount, number - APPLICATIONS)
    if row is None:
        raise UnknownResource("person", who, "who")
    insight, is_program = has_insight(), number > APPLICATIONS
    called = subject_text(number)
    return {
        "id": number,
        "own_id": called if is_program else own_ids([number]).get(number, number),
        "subject": called,
        "username": called if is_program else row.username,
        "display_name": row.name if is_program else row.display_name,
        "disabled": bool(row.disabled) if insight else None,
        "super_admin": bool(not is_program and row.super_admin) if insight else None,
        "insight": insight,
    }


@people.operation("GET", "/<who>/memberships", VIEW, also=(404,))
def list_memberships(
    who: str, scope: Kind, after: AfterNode = None, limit: Limit = PAGE_DEFAULT
) -> Page[Membership]:
    """The resources of a type that somebody belongs to, or is kept out of"""
    number, declared = _private(who), known_types().get(scope, asked=True)
    of, after = declared.members, declared_id(scope, after, "after")
    if of is None:
        raise ValidationFailed({"scope": f"a {scope} has no members"})
    if number > APPLICATIONS:
        return Page([], None)
    own = own_ids([number]).get(number, number)
    columns: list[ColumnElement[Any]] = [
        declared.id,
        null() if declared.label is None else declared.label,
        literal(False) if declared.owner is None else declared.owner == own,
        literal(False) if of.banned is None else of.banned,
        null() if of.timeout_until is None else of.timeout_until,
    ]
    statement = (
        select(*columns)
        .select_from(of.table.join(declared.table, of.node == declared.id))
        .where(of.person == own)
        .order_by(declared.id)
    )
    if after is not None:
        statement = statement.where(declared.id > after)
    now, rows = utcnow(), db.session.execute(statement.limit(limit + 1)).all()
    found: list[Membership] = [
        {
            "scope": scope,
            "id": id_,
            "name": name,
            "owner": bool(owner),
            "banned": bool(banned),
            "timeout_until": until if until is not None and until > now else None,
        }
        for id_, name, owner, banned, until in rows
    ]
    return cut(found, limit, lambda one: one["id"])  # type: ignore[arg-type,return-value]


@people.operation("GET", "/<who>/roles", VIEW, also=(404,))
def list_held_roles(
    who: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[AssignedRole]:
    """The roles that were assigned to somebody, or to a team that they are in, by assignment"""
    number = _private(who)
    holders = [f"user:{number}", *(f"team:{one}" for one in _teams(number))]
    statement = (
        select(RoleAssignment, Role)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(RoleAssignment.subject.in_(holders), RoleAssignment.id > (after or 0))
        .order_by(RoleAssignment.id)
        .limit(limit + 1)
    )
    now, rows = utcnow(), db.session.execute(statement).all()
    found = [assigned(given, role, now) for given, role in rows]
    return cut(found, limit, lambda one: one["id"])


@people.operation("GET", "/<who>/teams", VIEW, also=(404,))
def list_joined_teams(
    who: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[JoinedTeam]:
    """The teams that somebody was put into"""
    statement = (
        select(TeamMember, Team.name)
        .join(Team, Team.id == TeamMember.team_id)
        .where(TeamMember.user_id == _private(who), TeamMember.team_id > (after or 0))
        .order_by(TeamMember.team_id)
        .limit(limit + 1)
    )
    found: list[JoinedTeam] = [
        {
            "id": joined.team_id,
            "name": name,
            "valid_from": joined.valid_from,
            "valid_until": joined.valid_until,
            "since": joined.created_at,
        }
        for joined, name in db.session.execute(statement)
    ]
    return cut(found, limit, lambda one: one["id"])


@people.operation("GET", "/<who>/overwrites", VIEW, also=(404,))
def list_overwrites_about(
    who: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[LaidOverwrite]:
    """Overwrites for somebody, or for a team that they are in"""
    number = _private(who)
    about = or_(ChannelOverwrite.user_id == number, ChannelOverwrite.team_id.in_(_teams(number)))
    return laid_by(about, after, limit)


@people.operation("GET", "/<who>/limits", VIEW, also=(404,))
def list_met_limits(who: str) -> MetLimits:
    """The rate limits that counted somebody in the last minutes, with their rejections"""
    number = _number(who)
    called = {str(number), str(own_ids([number]).get(number, number))}
    controller = get_resilience_controller()
    names = controller.known_names(GuardKind.RATE_LIMIT)
    try:
        guards = [(GuardKind.RATE_LIMIT, name) for name in names]
        trails = controller.trails.latest(guards, REPORTS)
    except StoreUnavailable:
        return {"items": [], "known": False}
    sees_networks, found = has_insight(), list[MetLimit]()
    for name, trail in zip(names, trails, strict=True):
        calls = [one for one in trail.calls if one.cost > 0 and _is_of(one.key, called)]
        for use in top_keys(calls, COUNTED):
            of_use = [one for one in calls if one.key == use.key]
            rejected = [one.at for one in of_use if not one.allowed]
            parts = caller_parts(use.key)
            if not sees_networks and parts["address"] is not None:
                parts["address"] = MASKED
            met = {
                **parts,
                "passed": use.passed,
                "rejected": use.rejected,
                "limit": name,
                "last": at_ms(int(of_use[-1].at * 1000)),
                "last_rejected": at_ms(int(rejected[-1] * 1000)) if rejected else None,
            }
            found.append(cast(MetLimit, met))
    found.sort(key=lambda one: (-one["rejected"], -one["passed"], one["limit"]))
    return {"items": found, "known": True}


def assigned(given: RoleAssignment, role: Role, now: datetime) -> AssignedRole:
    """An assignment as lists show it."""
    kind, _, rest = given.subject.partition(":")
    holder = f"{kind}:{shown_text(rest)}" if kind == "everyone" else given.subject
    return {
        "id": given.id,
        "role_id": role.id,
        "role": role.name,
        "home": shown_text(role.home) or None,
        "at": shown_text(node_held_at(given.node)) or None,
        "here_only": node_held_at(given.node) != given.node,
        "via": holder if given.user_id is None else subject_text(given.user_id),
        "active": role.active,
        "in_force": (given.valid_from is None or given.valid_from <= now)
        and (given.valid_until is None or now < given.valid_until),
        "valid_from": given.valid_from,
        "valid_until": given.valid_until,
        "since": given.created_at,
        "by": None if given.assigned_by is None else subject_text(given.assigned_by),
    }


def laid_by(wanted: ColumnElement[bool], after: int | None, limit: int) -> Page[LaidOverwrite]:
    """A page of overwrites, by id; a condition on ``ChannelOverwrite``."""
    row = ChannelOverwrite
    statement = (
        select(row, Permission.name)
        .join(Permission, Permission.id == row.permission_id)
        .where(wanted, row.id > (after or 0))
        .order_by(row.id)
        .limit(limit + 1)
    )
    found: list[LaidOverwrite] = [
        {
            "id": laid.id,
            "place": shown_text(laid.place),
            "via": _target(laid),
            "permission": name,
            "effect": laid.effect.value,
        }
        for laid, name in db.session.execute(statement)
    ]
    return cut(found, limit, lambda one: one["id"])


def _target(laid: ChannelOverwrite) -> str:
    if laid.role_id is not None:
        return f"role:{laid.role_id}"
    return f"team:{laid.team_id}" if laid.user_id is None else subject_text(laid.user_id)


def _is_of(key: Any, called: set[str]) -> bool:
    return isinstance(key, tuple) and key[0] is not None and str(key[0]) in called


def _number(who: str) -> int:
    """The number of the person or program that an address names.

    Raises:
        UnknownResource: there is no such person or program.
    """
    found: int | None = None
    if who.isascii() and who.isdecimal():
        given = row_id(who)
        found = None if given is None else person_number(given, "who")
    else:
        with suppress(ValidationFailed):
            found = number_called(who)
    if found is None or found >= PUBLIC_NUMBER:
        raise UnknownResource("person", who, "who")
    return found


def _private(who: str) -> int:
    """The same number, if the operator may know about others."""
    number = _number(who)
    demand_operators_insight([Question("", GLOBAL_KIND, None)])
    return number


def _teams(number: int) -> Sequence[int]:
    """The teams that somebody was put into at any time, and all above these."""
    joined = select(TeamMember.team_id).where(TeamMember.user_id == number)
    return sorted(teams_above(db.session(), list(db.session.scalars(joined))))
