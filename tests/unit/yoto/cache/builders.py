"""Entries and times for tests."""

from __future__ import annotations

from time import time
from typing import Any

from yoto.cache import Entry, LogEntry, Position, place_key


def entry(position: int = 5, user_id: int = 1, place: int = 0, **fields: Any) -> Entry:
    """An entry of ``user_id`` in ``place`` at ``position``."""
    fields.setdefault("loaded_at", time())
    fields.setdefault("mask", 0b101)
    return Entry(user_id=user_id, place=place, position=Position(position), **fields)


def logged(position: int, *tags: str, number: int = 0) -> LogEntry:
    """An entry of the log."""
    return LogEntry(Position(position), number or position, tags)


SERVER_7 = place_key("server", 7)
CHANNEL_3 = place_key("channel", 3)
