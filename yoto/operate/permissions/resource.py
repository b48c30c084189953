"""One resource: the resources around it, the holders of roles there, and overwrites in force.

Beyond `platform.view`, everything except names takes the right to audit in its home, or
`admin.audit`.
"""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import and_, or_, select

from yoto.api.permissions.checks.asking import Question
from yoto.auth.operators import VIEW
from yoto.errors import PermissionDenied, UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.operation import After, Limit
from yoto.http.paging import PAGE_DEFAULT, Page, cut
from yoto.nodes import GLOBAL, place_of_text, shown_text
from yoto.operate.insight import demand_operators_insight
from yoto.operate.permissions.people import AssignedRole, LaidOverwrite, assigned, laid_by
from yoto.operate.permissions.resources import described, existing, resources
from yoto.operate.permissions.shapes import Resource
from yoto.permission import Place, Site, node_of_text, subject_text
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import NOWHERE, ChannelOverwrite, Role, RoleAssignment
from yoto.store.resources import known_types

__all__ = ["resources"]


class ShownResource(Resource):
    """A resource with the resources around it."""

    place: Annotated[str, "Such as channel:3"]
    chain: Annotated[list[Resource], "What it is in, from the top down; it is not among them"]
    home: Annotated[str | None, "What people belong to: itself, or one of these"]
    owner: Annotated[str | None, "Of the home: `user:5`"]
    members: Annotated[bool, "Whether people belong to it, so that it has roles of its own"]
    overwrites_of: Annotated[list[str], "Whose overwrites are in force, the last in the end"]
    insight: Annotated[bool, "Whether the operator may read the other parts"]


@resources.operation("GET", "/<kind>/<node:node>", VIEW)
def read_resource(kind: str, node: str) -> ShownResource:
    """One resource, and the resources around it"""
    place = _place(kind, node)
    shown, site = existing(place), permissions.sites_of([place])[place]
    above = [place_of_text(text) for text in site.nodes if text != str(place)]
    home = None if site.home is None else place_of_text(site.home)
    named = {(one["scope"], one["id"]): one["name"] for one in described(above)}
    chain: list[Resource] = [
        {"scope": one.kind, "id": one.id, "name": named.get((one.kind, one.id))} for one in above
    ]
    try:
        _demand(home)
        insight = True
    except PermissionDenied:
        insight = False
    return {
        **shown,
        "place": shown_text(str(place)),
        "chain": chain,
        "home": None if home is None else shown_text(str(home)),
        "owner": None if site.owner_id is None else subject_text(site.owner_id),
        "members": known_types().get(kind).members is not None,
        "overwrites_of": list(map(shown_text, site.overwritten)),
        "insight": insight,
    }


@resources.operation("GET", "/<kind>/<node:node>/holders", VIEW, also=(404,))
def list_holders_at(
    kind: str, node: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[AssignedRole]:
    """Assignments of the roles that count there; global roles only if held there alone"""
    site = _private(kind, node)
    statement = (
        select(RoleAssignment, Role)
        .join(Role, Role.id == RoleAssignment.role_id)
        .where(
            or_(
                RoleAssignment.node.in_(site.holding),
                and_(RoleAssignment.node == NOWHERE, Role.home.in_(site.nodes)),
            ),
            RoleAssignment.id > (after or 0),
        )
        .order_by(RoleAssignment.id)
        .limit(limit + 1)
    )
    now, rows = utcnow(), db.session.execute(statement).all()
    return cut([assigned(given, role, now) for given, role in rows], limit, lambda one: one["id"])


@resources.operation("GET", "/<kind>/<node:node>/overwrites", VIEW, also=(404,))
def list_overwrites_at(
    kind: str, node: str, after: After = None, limit: Limit = PAGE_DEFAULT
) -> Page[LaidOverwrite]:
    """The overwrites in force there: its own, and those of resources around it"""
    return laid_by(ChannelOverwrite.place.in_(_private(kind, node).overwritten), after, limit)


def _place(kind: str, node: str) -> Place:
    """The resource that an address names.

    Raises:
        UnknownResource: there is no such type, or the id is none of this type.
    """
    try:
        known_types().get(kind)
        return node_of_text(f"{kind}:{node}", "node")
    except ValidationFailed:
        raise UnknownResource(kind, node, "node") from None


def _private(kind: str, node: str) -> Site:
    """The surroundings of a resource, if the operator may know about others there."""
    place = _place(kind, node)
    existing(place)
    site = permissions.sites_of([place])[place]
    _demand(None if site.home is None else place_of_text(site.home))
    return site


def _demand(home: Place | None) -> None:
    demand_operators_insight([Question("", *(GLOBAL if home is None else home))])
