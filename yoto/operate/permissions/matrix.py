"""Matrix of all roles' grants and overwrites in a resource with members.

A page takes the same number of statements however many roles or resources it has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from sqlalchemy import func, select

from yoto.api.permissions.checks.asking import Question
from yoto.api.rows import existing as existing_row
from yoto.auth.operators import VIEW
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import declared_id
from yoto.http.operation import After, Limit
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.nodes import GLOBAL_KIND, NodeId, shown_text
from yoto.operate.insight import demand_operators_insight
from yoto.operate.permissions.directory import channels_of, listed, servers
from yoto.operate.permissions.resources import existing, overwritten, resources
from yoto.operate.permissions.shapes import (
    AfterNode,
    Grant,
    Kind,
    Matrix,
    Overwritten,
    OverwrittenChannel,
    Resource,
    ResourceMatrix,
)
from yoto.permission import (
    Place,
    PlaceFacts,
    RoleFacts,
    grants_of,
    role_closure,
    roles_of,
    subject_text,
)
from yoto.store.db import db
from yoto.store.models import (
    NOWHERE,
    ChannelOverwrite,
    Effect,
    Permission,
    PermissionGroup,
    Role,
    RoleAssignment,
    Server,
    Team,
    User,
)
from yoto.store.resources import known_types

# Both are exported with the operations that this module declares on them.
__all__ = ["resources", "servers"]

ROLE, USER, TEAM = "role", "user", "team"


@resources.operation("GET", "/matrix", VIEW, also=(404,))
def read_matrix_of_resource(
    scope: Kind,
    scope_id: NodeId,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
    everywhere: Annotated[bool, "Global roles, too, which count there"] = False,
) -> ResourceMatrix:
    """Roles of a resource with members and their grants, directly and by groups

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    home = Place(scope, declared_id(scope, scope_id, "scope_id"))
    return _matrix_of(home, after, limit, everywhere)


def _matrix_of(home: Place, after: int | None, limit: int, everywhere: bool) -> ResourceMatrix:
    shown = _home(home)
    homes = [str(home), NOWHERE] if everywhere else [str(home)]
    statement = select(Role).where(Role.home.in_(homes), Role.id > (after or 0))
    found = db.session.scalars(statement.order_by(Role.id).limit(limit + 1)).all()
    page = cut(found, limit, lambda role: role.id)
    ids = [role.id for role in page.items]
    inherited = inherited_by(str(home), ids)
    elsewhere = {one for line in inherited.values() for one in line} - set(ids)
    ancestors = db.session.scalars(select(Role).where(Role.id.in_(elsewhere)).order_by(Role.id))
    granted, holders = granted_to([*ids, *elsewhere]), number_of_holders(ids)
    counted = counted_at(home)
    known = known_types()
    kinds = {one.name for one in (*known.line(home.kind), *known.below(home.kind))}
    return {
        "resource": shown,
        "scopes": counted,
        "permissions": [
            {
                "name": one.name,
                "scope": one.scope,
                "group": one.category,
                "description": one.description,
            }
            for one in db.session.scalars(
                select(Permission)
                .where(Permission.scope.in_(kinds))
                .order_by(Permission.category, Permission.bit)
            )
        ],
        "roles": [
            {
                "id": role.id,
                "name": role.name,
                "position": role.position,
                "active": role.active,
                "is_default": role.is_default,
                "holders": holders.get(role.id, 0),
                "inherits": inherited[role.id],
                "grants": granted[role.id],
            }
            for role in page.items
        ],
        "ancestors": [
            {
                "id": role.id,
                "name": role.name,
                "grants": [one for one in granted[role.id] if one["scope"] in counted],
            }
            for role in ancestors
        ],
        "next": page.next,
    }


@servers.operation("GET", "/<int:server_id>/matrix", VIEW)
def read_matrix(server_id: int, after: After = None, limit: Limit = PAGE_DEFAULT) -> Matrix:
    """Roles of a server and their grants, directly and by groups

    Beyond `platform.view` it takes `server.audit` in that server, or `admin.audit`.
    """
    found = _matrix_of(Place("server", server_id), after, limit, everywhere=False)
    return {**found, "server": listed(existing_row(Server, server_id))}


@resources.operation("GET", "/overwrites", VIEW, also=(404,))
def read_overwrites_below(
    scope: Kind,
    scope_id: NodeId,
    of: Kind,
    after: AfterNode = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[Overwritten]:
    """Resources below one, with the overwrites in force in each; same rights as the matrix"""
    home = Place(scope, declared_id(scope, scope_id, "scope_id"))
    after = declared_id(of, after, "after")
    _home(home)
    page = overwritten(of, home, after, limit)
    laid = _overwrites({place for _, place in page.items})
    shown: list[Overwritten] = [
        {**one, "place": shown_text(place), "overwrites": laid[place]} for one, place in page.items
    ]
    return Page(shown, page.next)


@servers.operation("GET", "/<int:server_id>/overwrites", VIEW)
def read_overwrites_of_server(
    server_id: int, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[OverwrittenChannel]:
    """Channels of a server with the overwrites in force in each; same rights as the matrix"""
    _home(Place("server", server_id))
    found = db.session.execute(channels_of(server_id, after).limit(limit + 1)).all()
    page = cut(found, limit, lambda row: row.id)
    sites = permissions.sites_of(Place("channel", row.id) for row in page.items)
    places = {at.id: site.overwritten[-1] for at, site in sites.items()}
    laid = _overwrites(set(places.values()))
    return Page(
        [
            {
                "id": id_,
                "name": name,
                "category": category,
                "synced": places[id_] != f"channel:{id_}",
                "overwrites": laid[places[id_]],
            }
            for id_, name, category in page.items
        ],
        page.next,
    )


def _home(home: Place) -> Resource:
    shown = existing(home)
    if known_types().get(home.kind).members is None:
        raise ValidationFailed({"scope": f"a {home.kind} has no members"})
    demand_operators_insight([Question("", *home)])
    return shown


def inherited_by(home: str, ids: Sequence[int]) -> dict[int, Sequence[int]]:
    """The roles that each role of a place inherits from now, nearest first."""
    place = _place_of(home)
    return {id_: role_closure(id_, place)[1:] for id_ in ids}


def _place_of(home: str) -> PlaceFacts:
    """The roles that may count in a place, as the resolver's facts, without grants."""
    return PlaceFacts(
        home,
        roles={
            one.id: RoleFacts(one.home, one.parents, one.active, one.is_default)
            for one in roles_of(db.session(), [home, NOWHERE]).values()
        },
    )


def counted_at(home: Place) -> tuple[str, ...]:
    """The nodes at which grants count for roles of a resource; global roles may have others too."""
    return (GLOBAL_KIND, *map(shown_text, permissions.sites_of([home])[home].nodes))


def granted_to(role_ids: Sequence[int]) -> defaultdict[int, list[Grant]]:
    """The roles' own grants, directly and by groups, in the order of permissions."""
    rows = grants_of(db.session(), lambda of: of.role_id.in_(role_ids))
    ids = {one.permission_id for _, one in rows}
    known = select(Permission.id, Permission.name).where(Permission.id.in_(ids))
    names = {id_: name for id_, name in db.session.execute(known.order_by(Permission.bit))}
    by_bit = {id_: n for n, id_ in enumerate(names)}
    group_ids = {one.group_id for _, one in rows} - {None}
    named = select(PermissionGroup.id, PermissionGroup.name)
    of_groups = db.session.execute(named.where(PermissionGroup.id.in_(group_ids)))
    groups: dict[int | None, str] = {id_: name for id_, name in of_groups}
    found: defaultdict[int, list[Grant]] = defaultdict(list)
    for scope, one in sorted(rows, key=lambda row: by_bit[row[1].permission_id]):
        found[one.role_id].append(
            {
                "permission": names[one.permission_id],
                "effect": "allow" if one.allows else "deny",
                "scope": shown_text(scope),
                "group": groups.get(one.group_id),
                "group_id": one.group_id,
            }
        )
    return found


def number_of_holders(role_ids: Sequence[int]) -> dict[int, int]:
    """Number of assignments of each role, in force or not; roles without any are left out."""
    statement = (
        select(RoleAssignment.role_id, func.count())
        .where(RoleAssignment.role_id.in_(role_ids))
        .group_by(RoleAssignment.role_id)
    )
    return {role_id: number for role_id, number in db.session.execute(statement)}


def _overwrites(places: set[str]) -> defaultdict[str, list[Any]]:
    row = ChannelOverwrite
    statement = (
        select(
            row.place,
            row.role_id,
            row.team_id,
            row.user_id,
            Role.name,
            Team.name,
            User.username,
            row.effect,
            Permission.name,
        )
        .join(Permission, Permission.id == row.permission_id)
        .outerjoin(Role, Role.id == row.role_id)
        .outerjoin(Team, Team.id == row.team_id)
        .outerjoin(User, User.id == row.user_id)
        .where(row.place.in_(places))
        .order_by(Permission.bit)
    )
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    rows: Any = db.session.execute(statement)
    for place, role_id, team_id, user_id, role, team, username, effect, name in rows:
        if role_id is not None:
            target: tuple[str, int, str] = (ROLE, role_id, role)
        elif team_id is not None:
            target = (TEAM, team_id, team)
        else:
            # Programs have no user account.
            target = (USER, user_id, username or subject_text(user_id))
        entry = found.setdefault(
            (place, target[0], target[1]),
            {
                "target_type": target[0],
                "target_id": target[1],
                "target": target[2],
                "allow": [],
                "deny": [],
            },
        )
        entry[Effect(effect).value].append(name)
    laid: defaultdict[str, list[Any]] = defaultdict(list)
    for (place, _, _), entry in sorted(found.items()):
        laid[place].append(entry)
    return laid
