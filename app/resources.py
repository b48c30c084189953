"""The places of the community, users, servers and channels, declared to the platform here alone.

The tables of the platform refer to those of the application, so that what belongs to a server ends
with it; the platform alone has no such keys, since it knows no such tables.
"""

from __future__ import annotations

from flask import Flask
from sqlalchemy import ForeignKey, Table

from app.models import Category, Channel, Member, Message, Server, User
from yoto.store.columns import Model
from yoto.store.declarations import declare, same
from yoto.store.resources import declare_resource

# Without it nothing else in a channel remains.
READ = "channel.read"

# Table of the platform, column, and whose rows it names; places take what is theirs along.
_REFERENCES = {
    User: (
        ("api_tokens", "user_id"),
        ("audit_records", "actor_id"),
        ("devices", "user_id"),
        ("emergency_accesses", "user_id"),
        ("idempotency_keys", "user_id"),
        ("platform_switches", "changed_by"),
        ("revoked_tokens", "user_id"),
        ("role_assignments", "assigned_by"),
    ),
    Server: (
        ("roles", "server_id"),
        ("role_grants", "server_id"),
        ("role_group_grants", "server_id"),
    ),
    Channel: (
        ("channel_overwrites", "channel_id"),
        ("role_grants", "channel_id"),
        ("role_group_grants", "channel_id"),
    ),
    Category: (("channel_overwrites", "category_id"),),
}


def init_resources(app: Flask) -> None:
    """Register the application's users and places with the platform."""
    declare(
        app,
        users=same(User),
        servers=same(Server),
        members=same(Member),
        categories=same(Category),
        channels=same(Channel),
        messages=same(Message),
    )
    declare_types(app)


def declare_types(app: Flask) -> None:
    """Declare the types of places: a server has members, and channels with overwrites."""
    declare_resource(
        app,
        "server",
        Server,
        owner="owner_id",
        members=(Member, "server_id", "user_id"),
        banned="banned",
        timeout_until="timeout_until",
        remaining=(READ, "message.read_history"),
        administrator="server.administrator",
        audit="server.audit",
        approver="role.assign",
        label="name",
        attributes=("time_zone", "access_hours", "blocked_networks", "device_required"),
    )
    declare_resource(
        app, "category", Category, parent="server_id", gate=READ, label="name", askable=False
    )
    declare_resource(
        app,
        "channel",
        Channel,
        parent="server_id",
        gate=READ,
        approver="channel.overwrite",
        label="name",
        sync=("category", "category_id", "synced"),
        attributes=("sensitivity", "hours"),
    )


def _refer() -> None:
    tables: dict[str, Table] = dict(Model.metadata.tables)
    for model, columns in _REFERENCES.items():
        for table, column in columns:
            key = ForeignKey(
                model.__table__.c.id,  # type: ignore[attr-defined]
                ondelete=None if model is User else "CASCADE",
            )
            tables[f"yoto_{table}"].c[column].append_foreign_key(key)


_refer()
