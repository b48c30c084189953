"""Addresses of overwrites, and asking what they bring about."""

from __future__ import annotations

from flask import Flask

from app.extensions import permissions
from tests.support.world import Community, Person


def in_channel(channel_id: int, *parts: object) -> str:
    return "/".join(("/api/v1/channels", str(channel_id), "overwrites", *map(str, parts)))


def in_category(community: Community, category_id: int, *parts: object) -> str:
    base = f"/api/v1/servers/{community.id}/categories/{category_id}/overwrites"
    return "/".join((base, *map(str, parts)))


def may(app: Flask, person: Person, name: str, channel_id: int) -> bool:
    with app.app_context():
        return permissions.check_permission(person.id, name, "channel", channel_id)
