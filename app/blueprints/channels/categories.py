"""Categories: headings over channels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, TypedDict, Unpack

import marshmallow as ma
from sqlalchemy import delete, func, select
from werkzeug.exceptions import Conflict

from app.blueprints.channels.listing import visible_categories
from app.blueprints.channels.sync import detach
from app.blueprints.channels.targets import overwrites_in
from app.models import Category, Channel, Server
from yoto.api.rows import change, locked
from yoto.auth.access import signed_in
from yoto.auth.identity import identity
from yoto.errors import UnknownResource
from yoto.http.fields import Name
from yoto.http.operation import Actor, Subject
from yoto.http.paging import Page
from yoto.http.shapes import Between, parts_of, schema_named
from yoto.permission import require_permission
from yoto.store.counting import counted_now
from yoto.store.db import db
from yoto.store.models import record_audit

CATEGORIES_MAX = 50  # in a server, whose list of categories has no pages
CATEGORIES = "/servers/<int:server_id>/categories"
CATEGORY = f"{CATEGORIES}/<int:category_id>"
MANAGE = require_permission("channel.manage", "server", "server_id")
CategoryName = Annotated[str, partial(Name, 100)]
CategoryPosition = Annotated[int, Between(0, 10_000)]


class Shown(TypedDict):
    """A category."""

    id: int
    server_id: int
    name: str
    position: int


class Changes(TypedDict, total=False):
    """Changes of a category; fields left out stay as they are."""

    name: CategoryName
    position: CategoryPosition


categories = Subject(
    "categories",
    "",
    "Headings over channels",
    "category",
    names={Category: schema_named("Category", ma.Schema, True, *parts_of(Shown))},
)


@categories.operation("GET", CATEGORIES, signed_in)
def list_categories(server_id: int) -> Page[Category]:
    """The categories in which you may read a channel, or all if you may manage channels"""
    return Page(visible_categories(server_id, identity()), None)


@categories.operation(
    "POST",
    CATEGORIES,
    MANAGE,
    body="NewCategory",
    once=True,
    status=201,
    location=("list_categories", "server_id"),
    also=(409,),
)
def create_category(
    actor_id: Actor, server_id: int, name: CategoryName, position: CategoryPosition = 0
) -> Category:
    """Make a category"""
    # The server's lock serialises the creation of categories, so that the limit holds.
    locked(Server, server_id)
    if _count(server_id) >= CATEGORIES_MAX:
        raise Conflict(f"A server holds at most {CATEGORIES_MAX} categories.")
    category = Category(server_id=server_id, name=name, position=position)
    db.session.add(category)
    db.session.flush()
    _record("category.create", category, actor_id, None, {"name": name, "position": position})
    db.session.commit()
    return category


@categories.operation("PATCH", CATEGORY, MANAGE, body="ChangeCategory")
def change_category(
    actor_id: Actor, server_id: int, category_id: int, **changes: Unpack[Changes]
) -> Category:
    """Change name or position"""
    category = _locked(server_id, category_id)
    before, after = change(category, changes)
    if after:
        _record("category.update", category, actor_id, before, after)
    db.session.commit()
    return category


@categories.operation("DELETE", CATEGORY, MANAGE)
def delete_category(actor_id: Actor, server_id: int, category_id: int) -> None:
    """Delete a category; its channels stay, with unchanged permissions"""
    category = _locked(server_id, category_id)
    channels = db.session.scalars(
        select(Channel).where(Channel.category_id == category_id).with_for_update()
    ).all()
    before = _kept(category, channels)
    # Channels in sync keep the overwrites of the category as their own.
    detach(channels)
    _record("category.delete", category, actor_id, before, None)
    db.session.execute(delete(Category).where(Category.id == category_id))
    db.session.commit()


def _locked(server_id: int, category_id: int) -> Category:
    category = locked(Category, category_id)
    if category.server_id != server_id:
        raise UnknownResource("category", category_id)
    return category


def _kept(category: Category, channels: Sequence[Channel]) -> dict[str, Any]:
    """The category's data for the record of its deletion: it explains earlier permissions."""
    return {
        "name": category.name,
        "channels": [channel.id for channel in channels],
        "synced": [channel.id for channel in channels if channel.synced],
        "overwrites": [
            {
                overwrite.target.kind: overwrite.target.id,
                "allow": sorted(overwrite.allow),
                "deny": sorted(overwrite.deny),
            }
            for overwrite in overwrites_in(category_id=category.id)
        ],
    }


def _count(server_id: int) -> int:
    # The count must include rows committed while this request waited for the lock.
    statement = select(func.count()).where(Category.server_id == server_id)
    return int(counted_now(statement)[0])


def _record(action: str, category: Category, actor_id: int, before: Any, after: Any) -> None:
    record_audit(
        action,
        f"category:{category.id}",
        by=actor_id,
        home=f"server:{category.server_id}",
        before=before,
        after=after,
    )
