"""Reports as JSON data."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

from yoto.permission.people.kinds import PUBLIC, Application


def plain(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, times in ISO 8601, UUIDs and subjects that are no
    people as texts; the rest as is.
    """
    if isinstance(value, Application):
        return f"application:{value.id}"
    if value is PUBLIC:
        return "public"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return value
