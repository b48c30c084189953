"""Search by name: people, resources, roles, guards, policies, things of rooms, and requests.

No statement reads a large table: people are found by the beginning of their names, as in lists of
accounts; among resources, roles and records only the newest thousands are searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import current_app
from sqlalchemy import func, select

from yoto.api.people import accounts
from yoto.nodes import shown_text
from yoto.operate.guard_state import GUARDED
from yoto.operate.insight import has_insight
from yoto.operate.overrides import page_at
from yoto.operate.permissions.names import named
from yoto.permission import Place
from yoto.resilience import get_resilience_controller
from yoto.room import of_rooms
from yoto.store.db import db
from yoto.store.models import AuditRecord, Role
from yoto.store.resources import ResourceType, known_types

# Newest rows of a table that are searched for a part of a name.
LATEST = 5_000
# The form of a request's id, which no name of the platform has.
REQUEST = re.compile(r"(?=.*[0-9])[0-9A-Za-z_-]{16,64}", re.ASCII)


# Records of requests: the kind, the rows with their ``request_id``, and the page that
# shows them, by the id of the request and of the newest row.
Recorded = tuple[str, type[Any], Callable[[str, int], str]]


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found.

    Attributes:
        of: its text in ``names``, such as ``user:31``; empty if it has none.
        hint: a text that distinguishes it from others of the same name.
        where: the page below ``/control/`` that shows it, with the page's parameters.
    """

    kind: str
    of: str
    name: str
    hint: str | None
    where: str


def hits(text: str, most: int, called: Callable[[str, str], str]) -> Iterator[Hit]:
    """Everything with such a name, at most ``most`` of each kind.

    Args:
        called: gives the reader's word for something with an own name, by its kind.
    """
    yield from _by_id(text)
    yield from people(text, most)
    for declared in known_types():
        if declared.label is not None:
            yield from _resources(declared, text, most)
    yield from roles(text, most)
    yield from guards(text, most)
    for find in of_rooms(current_app, lambda room: room.finds):
        yield from find(text, most, called)
    yield from _requests(text)


def people(text: str, most: int) -> Iterator[Hit]:
    """Accounts whose username begins with the text."""
    found = accounts(after=None, limit=most, username=text, disabled=None, super_admin=None)
    for one in found.items:
        hint = one.display_name if one.display_name != one.username else None
        yield Hit("person", f"user:{one.id}", one.username, hint, f"people/{one.id}")


def guards(text: str, most: int) -> Iterator[Hit]:
    """Guards whose name contains the text."""
    controller = get_resilience_controller()
    for kind in GUARDED:
        fitting = [name for name in controller.known_names(kind) if fits(name, text)]
        for name in sorted(fitting)[:most]:
            of = f"{kind.value}:{name}"
            yield Hit("guard", f"guard:{of}", name, kind.value, page_at("guards", guard=of))


def fits(name: str, text: str) -> bool:
    """Whether the name contains all words of the text."""
    lowered, wanted = name.lower(), text.lower()
    return all(word in lowered for word in wanted.split()) or (
        wanted.replace(" ", "") in lowered.replace(" ", "")
    )


def _by_id(text: str) -> Iterator[Hit]:
    """The thing that ``user:31``, ``channel:5`` or ``#31`` (a person) stands for."""
    of = f"user:{text[1:]}" if text.startswith("#") else text
    if ":" in of:
        yield from _named([of])


def _named(texts: Sequence[str]) -> Iterator[Hit]:
    """The existing things among those that the texts stand for."""
    for of, found in named(texts).items():
        kind, _, id_ = of.partition(":")
        name = found.name or of
        if kind == "user":
            yield Hit("person", of, name, found.hint, f"people/{id_}")
        elif kind == "role":
            yield Hit("role", of, name, found.hint, f"roles/{id_}")
        elif known_types().find(kind) is not None:
            yield Hit(kind, of, name, found.hint, f"resources/{kind}/{quote(id_, safe='=')}")


def _resources(declared: ResourceType, text: str, most: int) -> Iterator[Hit]:
    label: Any = declared.label
    latest = select(declared.id.label("id"), label.label("name")).select_from(declared.table)
    ids = _called(latest, declared.id, text, most)
    if ids:
        yield from _named([shown_text(str(Place(declared.name, id_))) for id_ in ids])


def roles(text: str, most: int) -> Iterator[Hit]:
    of_role: Any = Role
    latest = select(of_role.id.label("id"), of_role.name.label("name"))
    ids = _called(latest, of_role.id, text, most)
    if ids:
        yield from _named([f"role:{id_}" for id_ in ids])


def _called(rows: Any, key: Any, text: str, most: int) -> Sequence[Any]:
    """The ids of those among the newest rows whose name contains the text."""
    latest = rows.order_by(key.desc()).limit(LATEST).subquery()
    fitting = latest.c.name.icontains(text, autoescape=True)
    found = select(latest.c.id).where(fitting).order_by(latest.c.name).limit(most)
    return db.session.scalars(found).all()


def _requests(text: str) -> Iterator[Hit]:
    """The records of a request, for operators who may know about others."""
    if not REQUEST.fullmatch(text) or not has_insight():
        return
    of = f"request:{text}"
    of_rooms_here: list[Recorded] = of_rooms(current_app, lambda room: room.recorded)
    for kind, model, page in (*of_rooms_here, AUDITED):
        latest = select(model.id, model.request_id).order_by(model.id.desc()).limit(LATEST)
        rows = latest.subquery()
        found = db.session.scalar(select(func.max(rows.c.id)).where(rows.c.request_id == text))
        if found is not None:
            yield Hit(kind, of, text, None, page(text, found))


AUDITED: Recorded = (
    "record",
    AuditRecord,
    lambda request, record: page_at("audit", record=str(record)),
)
