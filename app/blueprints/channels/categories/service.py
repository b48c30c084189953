"""Categories: making, changing and deleting one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from werkzeug.exceptions import Conflict

from app.blueprints.channels.sync import detach
from app.blueprints.channels.targets import overwrites_in
from app.models import Category, Channel, Server
from yoto.api.rows import change, locked
from yoto.errors import UnknownResource
from yoto.store.db import db
from yoto.store.models import record_audit

CATEGORIES_MAX = 50  # in a server, whose list of categories has no pages


def create_category(server_id: int, actor_id: int, name: str, position: int) -> Category:
    """Make a category.

    Raises:
        Conflict: the server has as many categories as it may have.
        UnknownResource: there is no such server.
    """
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


def change_category(
    server_id: int, category_id: int, actor_id: int, values: Mapping[str, Any]
) -> Category:
    """Set name or position.

    Raises:
        UnknownResource: the server has no such category.
    """
    category = _locked(server_id, category_id)
    before, after = change(category, values)
    if after:
        _record("category.update", category, actor_id, before, after)
    db.session.commit()
    return category


def delete_category(server_id: int, category_id: int, actor_id: int) -> None:
    """Delete a category. Its channels stay; those in sync keep its overwrites as their own.

    Raises:
        UnknownResource: the server has no such category.
    """
    category = _locked(server_id, category_id)
    channels = db.session.scalars(
        select(Channel).where(Channel.category_id == category_id).with_for_update()
    ).all()
    before = _kept(category, channels)
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
    return db.session.scalar(statement.with_for_update(read=True)) or 0


def _record(action: str, category: Category, actor_id: int, before: Any, after: Any) -> None:
    record_audit(
        action,
        f"category:{category.id}",
        by=actor_id,
        server_id=category.server_id,
        before=before,
        after=after,
    )
