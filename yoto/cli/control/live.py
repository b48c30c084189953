"""Past and present events, from a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

from yoto.cli.control.group import control
from yoto.cli.operations import command
from yoto.cli.options import Json, json_text
from yoto.events import to_plain
from yoto.extensions import events as platform
from yoto.http.files import json_array
from yoto.http.shapes import Between
from yoto.moments import at_ms, moment
from yoto.operate.live import events

FOLLOW_SECONDS = 0.5


@command(control, "events", types="type")
def list_events(
    types: Annotated[tuple[str, ...], "Such as alert.raised, or alert.* for all."] = (),
    after: Annotated[
        str | None, "In order after the event of this id, instead of the newest."
    ] = None,
    limit: Annotated[int, Between(1, events.EVENTS_MAX)] = 50,
    export: Annotated[bool, "All of them as one JSON array."] = False,
    follow: Annotated[bool, "Go on with those that come, until interrupted."] = False,
    json: Json = False,
) -> Iterator[str]:
    """Show events, the newest first."""
    wanted = ",".join(types)
    if export:
        yield from (piece.strip("\n") for piece in json_array(events.export_events(wanted)))
        return
    if follow:
        yield from _follow(wanted, after or platform.stream.last_id(), json)
        return
    found = events.list_events(wanted, after=after, limit=limit)
    if json:
        yield json_text(found)
        return
    yield from map(_line, found["items"])
    if not found["items"]:
        yield "There are no such events."
    if found["next"] is not None:
        yield f"More with --after '{found['next']}'."


def _follow(types: str, after: str, json: bool) -> Iterator[str]:
    wanted = events.wanted_by(types)
    while True:
        for stored in platform.stream.read(after):
            after = stored.id
            if wanted.has(stored):
                item = to_plain(stored)
                yield json_text(item) if json else _line(item)
        time.sleep(FOLLOW_SECONDS)


def _line(item: Any) -> str:
    at = moment(at_ms(item["at"]))
    data = item["data"] if isinstance(item["data"], dict) else {"data": item["data"]}
    fields = " ".join(f"{name}={value}" for name, value in data.items() if value not in ("", None))
    return f"{item['id']}  {at}  {item['type']}  {fields}"
