"""The reach of an act: the places and people whose verdicts it can change."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from yoto.nodes import GLOBAL_KIND, place_of_text
from yoto.permission.loading.finding import grant_scope, require, require_role
from yoto.permission.loading.sites import load_sites
from yoto.permission.people.kinds import Everyone
from yoto.permission.people.subjects import Holder, holder_of
from yoto.permission.registry.scopes import parse_place
from yoto.rooms.what_if.acts import Act
from yoto.store.models import NOWHERE, PermissionGroup, Role, RoleGroupGrant


class Reach(NamedTuple):
    """The reach of an act, in doubt too large.

    Attributes:
        roots: nodes, as texts; places below them, or with their overwrites, are reached. An empty
            text: everywhere.
        roles: the roles whose holders are concerned, with holders of roles that inherit from them.
        holder: the subject that is concerned instead.
    """

    roots: tuple[str, ...]
    roles: frozenset[int] = frozenset()
    holder: Holder | None = None


def reach_of(session: Session, act: Act) -> Reach:
    """The reach of an act before it is carried out.

    Raises:
        UnknownResource: the role, the group, or the subject does not exist.
        ValidationFailed: its fields contradict each other.
    """
    given: Any = act.given
    if act.name.startswith("group."):
        return _of_group(session, require(session, PermissionGroup, given["group_id"]).id)
    if act.name.startswith("overwrite."):
        node = act.node
        root = "" if node is None else str(parse_place(*node, asked=False))
        if "role_id" in given["target"]:
            return Reach((root,), frozenset({given["target"]["role_id"]}))
        [(name, value)] = given["target"].items()
        if name == "team_id":
            return Reach((root,), holder=Holder(f"team:{value}", team_id=value))
        return Reach((root,), holder=holder_of(session, value, "target"))
    if act.name.startswith("member."):
        home = parse_place(given["scope"], given["scope_id"])
        return Reach((str(home),), holder=holder_of(session, given["subject"]))
    if act.name in ("role.assign", "role.unassign"):
        role = require_role(session, given["role_id"], lent_too=True)
        node = act.node
        if node is None and isinstance(given["subject"], Everyone):
            root = role.home
        else:
            root = role.home if node is None else str(parse_place(*node))
        return Reach((root,), holder=holder_of(session, given["subject"]))
    role = require_role(session, given["role_id"], default_too=True, lent_too=True)
    root = role.home
    if "scope" in given:
        scope = grant_scope(session, role, given["scope"], given["scope_id"], taken=True)
        root = role.home if scope == GLOBAL_KIND else scope
    return Reach((root,), frozenset({role.id}))


def _of_group(session: Session, group_id: int) -> Reach:
    rows = session.execute(
        select(Role.id, Role.home, RoleGroupGrant.scope_key)
        .join(Role, Role.id == RoleGroupGrant.role_id)
        .where(RoleGroupGrant.group_id == group_id)
    ).all()
    found = {home if scope == GLOBAL_KIND else scope for _, home, scope in rows}
    if NOWHERE in found:
        roots: tuple[str, ...] = (NOWHERE,)
    else:
        # A root below another root is reached with that.
        sites = load_sites(session.connection(), {place_of_text(root) for root in found})
        above = {str(place): site.nodes[:-1] for place, site in sites.items()}
        roots = tuple(sorted(root for root in above if found.isdisjoint(above[root])))
    return Reach(roots, frozenset(role_id for role_id, _, _ in rows))
