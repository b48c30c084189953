"""Reversal of changes of servers, channels, categories and their overwrites."""

from __future__ import annotations

from typing import Any

from yoto.permission.audited import Record, after_of, before_of, target_of
from yoto.permission.registry.registry import PermissionRegistry
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.values import ids_of, note_absent

PARTS_OF_CATEGORY = ("channels", "synced", "overwrites")


def overwritten(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo ``overwrite.set`` and ``overwrite.clear``: all overwrites of the target in the place."""
    _set_overwrites(history, record.subject, before_of(record), registry)


def lender_before(record: Record) -> str | None:
    """The category that a channel was in before a record about the channel, as text."""
    number = before_of(record).get("category_id")
    return None if number is None else f"category:{number}"


def server_created(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a creation: the place did not exist."""
    if record.subject == history.site.home:
        history.exists = False


def transferred(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a transfer: the server had another owner."""
    if record.subject == history.site.home:
        history.owner_id = before_of(record)["owner_id"]


def channel_created(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a creation: the place did not exist."""
    if record.subject == str(history.place):
        history.exists = False


def channel_moved(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo ``channel.move``, ``channel.sync``, ``channel.unsync``."""
    if record.subject != str(history.place):
        return
    before = before_of(record)
    if after_of(record)["synced"]:
        # Its own overwrites were first made equal to the category's, each with a record, then
        # dropped.
        _copy_overwrites(history, history.overwritten, str(history.place))
    if "category_id" in before:
        history.lender = lender_before(record)
    history.synced = before["synced"]


def category_deleted(history: History, record: Record, registry: PermissionRegistry) -> None:
    """Undo a deletion: its channels were in it; its overwrites were in force in those in sync."""
    before, sync = before_of(record), history.sync
    if sync is None or not record.subject.startswith(f"{sync.type}:"):
        return
    note_absent(history, record, before, PARTS_OF_CATEGORY)
    for values in before.get("overwrites", ()):
        _set_overwrites(history, record.subject, values, registry)
    if history.place.id in before.get("channels", ()):
        history.lender = record.subject
        history.synced = history.place.id in before.get("synced", ())


def _set_overwrites(
    history: History, place: str, values: dict[str, Any], registry: PermissionRegistry
) -> None:
    target = target_of(values)
    for key in [key for key in history.overwrites if key[:2] == (place, target)]:
        del history.overwrites[key]
    for effect in ("allow", "deny"):
        for permission_id in ids_of(registry, values[effect]):
            history.overwrites[place, target, permission_id] = effect == "allow"


def _copy_overwrites(history: History, source: str, place: str) -> None:
    copies = {
        (place, target, permission_id): allows
        for (found, target, permission_id), allows in history.overwrites.items()
        if found == source
    }
    for key in [key for key in history.overwrites if key[0] == place]:
        del history.overwrites[key]
    history.overwrites |= copies
