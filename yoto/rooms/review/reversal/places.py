"""Takes back changes of servers, channels, categories and their overwrites."""

from __future__ import annotations

from typing import Any

from yoto.permission.audited import Record, before_of, target_of
from yoto.rooms.review.history import History
from yoto.rooms.review.reversal.reversal import Reversal


def overwritten(one: Reversal) -> None:
    """``overwrite.set`` and ``overwrite.clear``: all overwrites of the target in the place."""
    _set_overwrites(one, one.before)


def lender_before(record: Record) -> str | None:
    """The category that a channel was in before a record about the channel, as text."""
    number = before_of(record).get("category_id")
    return None if number is None else f"category:{number}"


def place_created(one: Reversal) -> None:
    """``server.create`` and ``channel.create``: the place did not exist."""
    if one.record.subject in (one.history.site.home, str(one.history.place)):
        one.history.exists = False


def transferred(one: Reversal) -> None:
    """The server had another owner."""
    if one.record.subject == one.history.site.home:
        one.history.owner_id = one.before["owner_id"]


def channel_moved(one: Reversal) -> None:
    """``channel.move``, ``channel.sync``, ``channel.unsync``."""
    history = one.history
    if one.record.subject != str(history.place):
        return
    if one.after["synced"]:
        # Its own overwrites were first made equal to the category's, each with a record, then
        # dropped.
        _copy_overwrites(history, history.overwritten, str(history.place))
    if "category_id" in one.before:
        history.lender = lender_before(one.record)
    history.synced = one.before["synced"]


def category_deleted(one: Reversal) -> None:
    """Its channels were in it; its overwrites were in force in those in sync."""
    before, history, sync = one.before, one.history, one.history.sync
    if sync is None or not one.record.subject.startswith(f"{sync.type}:"):
        return
    one.note_absent("channels", "synced", "overwrites")
    for values in before.get("overwrites", ()):
        _set_overwrites(one, values)
    if history.place.id in before.get("channels", ()):
        history.lender = one.record.subject
        history.synced = history.place.id in before.get("synced", ())


def _set_overwrites(one: Reversal, values: dict[str, Any]) -> None:
    place, target, rows = one.record.subject, target_of(values), one.history.overwrites
    for key in [key for key in rows if key[:2] == (place, target)]:
        del rows[key]
    for effect in ("allow", "deny"):
        for permission_id in one.ids(values[effect]):
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
