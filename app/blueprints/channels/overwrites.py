"""Overwrites of channels and categories: reading, setting and clearing them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any, TypedDict

import marshmallow as ma
from marshmallow.validate import Length
from sqlalchemy import select
from werkzeug.exceptions import Conflict

from app.blueprints.channels.sync import detach
from app.blueprints.channels.targets import Overwrite, Target, overwrites_in
from app.extensions import permissions
from app.models import Category, Channel
from yoto.api.rows import existing, locked
from yoto.errors import UnknownResource
from yoto.http.operation import Actor, Subject
from yoto.permission import require_permission
from yoto.store.db import db
from yoto.store.models import record_audit

TARGETS_MAX = 200  # in one place: each verdict there looks through them, and the list has no pages
PERMISSION_LENGTH = 128
PERMISSIONS_MAX = 200  # names in one list; more than are registered would only repeat some
TARGET = "<any(role, user):target_type>/<int:target_id>"
IN_CHANNEL = "/channels/<int:channel_id>/overwrites"
IN_CATEGORY = "/servers/<int:server_id>/categories/<int:category_id>/overwrites"
OF_CHANNEL = require_permission("channel.overwrite", "channel", "channel_id")
OF_SERVER = require_permission("channel.overwrite", "server", "server_id")
Names = Annotated[
    Sequence[str],
    partial(
        ma.fields.List,
        ma.fields.String(validate=Length(1, PERMISSION_LENGTH)),
        validate=Length(max=PERMISSIONS_MAX),
        load_default=(),
    ),
]


class SortedNames(ma.fields.List):
    """Permission names, sorted on output."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **options: Any) -> list[str]:
        return sorted(value)


class OverwriteSchema(ma.Schema):
    """The overwrites of one role or user."""

    target_type = ma.fields.String(required=True, metadata={"enum": ["role", "user"]})
    target_id = ma.fields.Integer(required=True)
    allow = SortedNames(ma.fields.String(), required=True)
    deny = SortedNames(ma.fields.String(), required=True)


class Overwrites(TypedDict):
    """The overwrites in force in a place. ``synced``: whether they are those of the category."""

    synced: bool
    items: Sequence[Overwrite]


overwrites = Subject(
    "overwrites",
    "",
    "What roles and users may do differently in a channel or category",
    "overwrite",
    names={Overwrite: OverwriteSchema},
)


@overwrites.operation("GET", IN_CHANNEL, OF_CHANNEL)
def list_channel_overwrites(channel_id: int) -> Overwrites:
    """The overwrites in force in a channel"""
    channel = existing(Channel, channel_id)
    if channel.synced and channel.category_id is not None:
        return {"synced": True, "items": overwrites_in(category_id=channel.category_id)}
    return {"synced": False, "items": overwrites_in(channel_id=channel_id)}


@overwrites.operation(
    "PUT", f"{IN_CHANNEL}/{TARGET}", OF_CHANNEL, body="ChangeOverwrite", also=(409,)
)
def set_channel_overwrite(
    actor_id: Actor,
    channel_id: int,
    target_type: str,
    target_id: int,
    allow: Names = (),
    deny: Names = (),
) -> Overwrite:
    """Set the overwrites of a role or user in a channel, which ends its sync"""
    target = Target(target_type, target_id)
    _go_own_way(locked(Channel, channel_id), actor_id)
    present = overwrites_in(channel_id=channel_id)
    return _set(present, target, allow, deny, channel_id=channel_id, actor_id=actor_id)


@overwrites.operation("DELETE", f"{IN_CHANNEL}/{TARGET}", OF_CHANNEL)
def clear_channel_overwrite(
    actor_id: Actor, channel_id: int, target_type: str, target_id: int
) -> None:
    """Remove the overwrites of a role or user in a channel, which ends its sync"""
    target = Target(target_type, target_id)
    _go_own_way(locked(Channel, channel_id), actor_id)
    _require(overwrites_in(channel_id=channel_id), target)
    permissions.clear_overwrite(channel_id, **target.ids(), actor_id=actor_id, commit=False)
    db.session.commit()


@overwrites.operation("GET", IN_CATEGORY, OF_SERVER)
def list_category_overwrites(server_id: int, category_id: int) -> Overwrites:
    """The overwrites of a category"""
    _locked_category(server_id, category_id, lock=False)
    return {"synced": False, "items": overwrites_in(category_id=category_id)}


@overwrites.operation(
    "PUT", f"{IN_CATEGORY}/{TARGET}", OF_SERVER, body="ChangeOverwrite", also=(409,)
)
def set_category_overwrite(
    actor_id: Actor,
    server_id: int,
    category_id: int,
    target_type: str,
    target_id: int,
    allow: Names = (),
    deny: Names = (),
) -> Overwrite:
    """Set the overwrites of a role or user in a category and the channels in sync with it"""
    target = Target(target_type, target_id)
    _locked_category(server_id, category_id)
    present = overwrites_in(category_id=category_id)
    return _set(present, target, allow, deny, at=("category", category_id), actor_id=actor_id)


@overwrites.operation("DELETE", f"{IN_CATEGORY}/{TARGET}", OF_SERVER)
def clear_category_overwrite(
    actor_id: Actor, server_id: int, category_id: int, target_type: str, target_id: int
) -> None:
    """Remove the overwrites of a role or user in a category"""
    target = Target(target_type, target_id)
    _locked_category(server_id, category_id)
    _require(overwrites_in(category_id=category_id), target)
    permissions.clear_overwrite(
        at=("category", category_id), **target.ids(), actor_id=actor_id, commit=False
    )
    db.session.commit()


def _go_own_way(channel: Channel, actor_id: int) -> None:
    if not channel.synced:
        return
    detach([channel])
    record_audit(
        "channel.unsync",
        f"channel:{channel.id}",
        by=actor_id,
        home=f"server:{channel.server_id}",
        before={"synced": True},
        after={"synced": False},
    )


def _locked_category(server_id: int, category_id: int, lock: bool = True) -> Category:
    statement = select(Category).where(Category.id == category_id, Category.server_id == server_id)
    found = db.session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise UnknownResource("category", category_id)
    return found


def _set(
    present: Sequence[Overwrite], target: Target, allow: Names, deny: Names, **where: Any
) -> Overwrite:
    """Set them beside those that are there; ``where`` is the place and the actor."""
    if len(present) >= TARGETS_MAX and target not in [found.target for found in present]:
        raise Conflict(f"At most {TARGETS_MAX} roles and users have overwrites in one place.")
    permissions.set_overwrite(**where, **target.ids(), allow=allow, deny=deny, commit=False)
    db.session.commit()
    return Overwrite(target, frozenset(allow), frozenset(deny))


def _require(present: Sequence[Overwrite], target: Target) -> None:
    if target not in [found.target for found in present]:
        raise UnknownResource("overwrite", target.id, f"{target.kind}_id")
