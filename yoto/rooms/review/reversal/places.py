"""Takes back changes of servers, channels, categories and their overwrites."""

from __future__ import annotations

from typing import Any

from yoto.permission.audited import Record, before_of, target_of
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.reversal import Reversal


def overwritten(reversal: Reversal) -> None:
    """``overwrite.set`` and ``overwrite.clear``: all overwrites of the target in the place."""
    _set_overwrites(reversal, reversal.before)


def lender_before(record: Record) -> str | None:
    """The category that a channel was in before a record about the channel, as text."""
    number = before_of(record).get("category_id")
    return None if number is None else f"category:{number}"


def place_created(reversal: Reversal) -> None:
    """``server.create`` and ``channel.create``: the place did not exist."""
    if reversal.record.subject in (reversal.history.site.home, str(reversal.history.place)):
        reversal.history.exists = False


def transferred(reversal: Reversal) -> None:
    """The server had another owner."""
    if reversal.record.subject == reversal.history.site.home:
        reversal.history.owner_id = reversal.before["owner_id"]


def channel_moved(reversal: Reversal) -> None:
    """``channel.move``, ``channel.sync``, ``channel.unsync``."""
    history = reversal.history
    if reversal.record.subject != str(history.place):
        return
    if reversal.after["synced"]:
        # Its own overwrites were first made equal to the category's, each with a record, then
        # dropped.
        _copy_overwrites(history, history.overwritten, str(history.place))
    if "category_id" in reversal.before:
        history.lender = lender_before(reversal.record)
    history.synced = reversal.before["synced"]


def category_deleted(reversal: Reversal) -> None:
    """Its channels were in it; its overwrites were in force in those in sync."""
    before, history, sync = reversal.before, reversal.history, reversal.history.sync
    if sync is None or not reversal.record.subject.startswith(f"{sync.type}:"):
        return
    reversal.note_absent("channels", "synced", "overwrites")
    for values in before.get("overwrites", ()):
        _set_overwrites(reversal, values)
    if history.place.id in before.get("channels", ()):
        history.lender = reversal.record.subject
        history.synced = history.place.id in before.get("synced", ())


def _set_overwrites(reversal: Reversal, values: dict[str, Any]) -> None:
    place, target, rows = reversal.record.subject, target_of(values), reversal.history.overwrites
    for key in [key for key in rows if key[:2] == (place, target)]:
        del rows[key]
    for effect in ("allow", "deny"):
        for permission_id in reversal.ids(values[effect]):
            rows[place, target, permission_id] = effect == "allow"


def _copy_overwrites(history: History, source: str, place: str) -> None:
    copies = {
        (place, target, permission_id): allows
        for (found, target, permission_id), allows in history.overwrites.items()
        if found == source
    }
    for key in [key for key in history.overwrites if key[0] == place]:
        del history.overwrites[key]
    history.overwrites |= copies
