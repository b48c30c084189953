"""Explanations and searches for operators, with the names of what is found."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from marshmallow.validate import Length
from sqlalchemy import select

from yoto.api.permissions.checks.asking import Question
from yoto.api.permissions.checks.schemas import NAME_LENGTH
from yoto.auth.operators import VIEW
from yoto.errors import ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import Facts
from yoto.http.fields import NodeId as NodeIdField
from yoto.http.fields import declared_id
from yoto.http.operation import After, Limit, Subject
from yoto.http.paging import PAGE_DEFAULT, Page, page_of
from yoto.http.shapes import schema_of
from yoto.nodes import APPLICATIONS, GLOBAL_KIND, NodeId
from yoto.operate.insight import asked_user, demand_operators_insight, open_question
from yoto.operate.permissions.resources import described
from yoto.operate.permissions.shapes import (
    AfterNode,
    FoundPerson,
    FoundResource,
    Kind,
    Number,
    PermissionName,
    PlacedResource,
    Scope,
    Username,
    WhoPage,
    Within,
)
from yoto.permission import Application, Explanation, Place, VerdictChange, subject_text
from yoto.store.db import db
from yoto.store.models import ProgramAccount, User

explain = Subject(
    "explain",
    "/explain",
    "Why somebody may do something, or may not",
    "verdict",
    names={VerdictChange: "Change"},
)
search = Subject(
    "search",
    "/search",
    "Who may do something, and where somebody may",
    "verdict",
    names={Page[FoundResource]: page_of(schema_of(FoundResource), NodeIdField)},
)


@explain.operation("POST", "", VIEW, body="Ask", changes=False, also=(404,))
def explain_verdict(
    permission: Annotated[str, Length(max=NAME_LENGTH)],
    scope: Scope = GLOBAL_KIND,
    scope_id: NodeId | None = None,
    user_id: Number = None,
    username: Username = None,
    context: Annotated[
        dict[str, Any] | None,
        partial(Facts),
        "Facts about the request; giving any makes policies take part",
    ] = None,
) -> Explanation:
    """Explain any user's verdict, and list changes that would turn it

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    question = open_question(permission, scope, scope_id, spelled=False)
    return permissions.explain(asked_user(user_id, username), *question, context=context)


@search.operation("GET", "/who", VIEW, also=(404,))
def search_who(
    permission: PermissionName,
    scope: Scope = GLOBAL_KIND,
    scope_id: NodeId | None = None,
    after: After = None,
    limit: Limit = PAGE_DEFAULT,
) -> WhoPage:
    """People with a permission in a place; a short page alone is not the end

    Beyond `platform.view` it takes the right to audit there, or `admin.audit`.
    """
    question = open_question(permission, scope, scope_id)
    found = permissions.list_users(*question, after=after, limit=limit, numbers=True)
    rows = db.session.execute(
        select(User.id, User.username, User.display_name)
        .where(User.id.in_(found.ids))
        .order_by(User.id)
    )
    people: list[FoundPerson] = [
        {"id": id_, "username": username, "display_name": name} for id_, username, name in rows
    ]
    ids = [number - APPLICATIONS for number in found.ids if number > APPLICATIONS]
    programs = db.session.execute(
        select(ProgramAccount.id, ProgramAccount.name)
        .where(ProgramAccount.id.in_(ids))
        .order_by(ProgramAccount.id)
    )
    for id_, name in programs if ids else ():
        called = subject_text(Application(id_))
        people.append({"id": APPLICATIONS + id_, "username": called, "display_name": name})
    return {"items": people, "next": found.next_after, "incomplete": found.incomplete}


@search.operation("GET", "/what", VIEW, also=(404,))
def search_what(
    permission: PermissionName,
    scope: Kind = "channel",
    user_id: Number = None,
    username: Username = None,
    within: Within = None,
    server_id: Annotated[Number, "Short for `within` of a server"] = None,
    after: AfterNode = None,
    limit: Limit = PAGE_DEFAULT,
) -> Page[FoundResource]:
    """The resources of a type with which somebody has a permission

    Beyond `platform.view` it takes `admin.audit`, or `within` and the right to audit there.
    """
    if server_id is not None:
        if within is not None:
            raise ValidationFailed({"server_id": "Give either within or server_id."})
        within = ("server", server_id)
    # 0 means that the page begins before the first number.
    after = None if after == "0" else declared_id(scope, after, "after")
    demand_operators_insight([Question(permission, *(within or (GLOBAL_KIND, None)))])
    found = permissions.list_resources(
        asked_user(user_id, username), permission, scope, after=after, limit=limit, within=within
    )
    shown = described([Place(scope, id_) for id_ in found.ids])
    return Page(list(map(_with_server, shown)), found.next_after)


def _with_server(found: PlacedResource) -> FoundResource:
    """Add the fields about servers, which are older than other types of resources."""
    at = found if found["scope"] == "server" else found["home"]
    is_server = at is not None and at["scope"] == "server"
    return {
        **found,
        "server_id": at["id"] if at is not None and is_server else None,
        "server": at["name"] if at is not None and is_server else None,
    }
