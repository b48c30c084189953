"""Explanations and searches for operators, with the names of what is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from yoto.api.people import Person
from yoto.api.permissions.checks.service import Question
from yoto.control_plane.permissions import resources
from yoto.extensions import permissions
from yoto.http.paging import Page
from yoto.nodes import APPLICATIONS, GLOBAL_KIND
from yoto.operate.insight import (
    asked_user,
    demand_operators_insight,
    open_question,
)
from yoto.permission import Application, Explanation, Place, subject_text
from yoto.store.db import db
from yoto.store.models import ProgramAccount, User


def explanation(asked: Mapping[str, Any]) -> Explanation:
    """How a verdict about somebody comes about.

    Raises:
        PermissionDenied: the operator may not know about others there.
        ValidationFailed, UnknownResource: as ``PermissionSystem.explain``.
    """
    question = open_question(asked)
    return permissions.explain(asked_user(asked), *question, context=asked["context"])


def who(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Who may do something in a place, programs too; raises as ``explanation``."""
    question = open_question(asked)
    found = permissions.list_users(
        *question, after=asked["after"], limit=asked["limit"], numbers=True
    )
    rows = db.session.execute(
        select(User.id, User.username, User.display_name)
        .where(User.id.in_(found.ids))
        .order_by(User.id)
    )
    people = [Person(*row) for row in rows]
    ids = [number - APPLICATIONS for number in found.ids if number > APPLICATIONS]
    programs = db.session.execute(
        select(ProgramAccount.id, ProgramAccount.name)
        .where(ProgramAccount.id.in_(ids))
        .order_by(ProgramAccount.id)
    )
    for id_, name in programs if ids else ():
        people.append(Person(APPLICATIONS + id_, subject_text(Application(id_)), name))
    return {"items": people, "next": found.next_after, "incomplete": found.incomplete}


def what(asked: Mapping[str, Any]) -> Page[dict[str, Any]]:
    """With which resources of a type somebody may do something; raises as ``explanation``.

    Everywhere at once it takes the platform's right to audit.
    """
    within, scope = asked["within"], asked["scope"]
    demand_operators_insight([Question(asked["permission"], *(within or (GLOBAL_KIND, None)))])
    found = permissions.list_resources(
        asked_user(asked),
        asked["permission"],
        scope,
        after=asked["after"],
        limit=asked["limit"],
        within=within,
    )
    shown = resources.described([Place(scope, id_) for id_ in found.ids])
    return Page([one | _server(one) for one in shown], found.next_after)


def _server(found: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of servers before other types were there."""
    at = found if found["scope"] == "server" else found["home"]
    is_server = at is not None and at["scope"] == "server"
    return {
        "server_id": at["id"] if is_server else None,
        "server": at["name"] if is_server else None,
    }
