"""``flask permission decisions``, ``decision-trends``, ``replay``: verdicts that people got."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from flask.cli import AppGroup

from yoto.cli.operations import command
from yoto.cli.options import Moment
from yoto.http.shapes import Between
from yoto.nodes import MAX_ID
from yoto.rooms.decision_log.operating import DecisionPage, DecisionTrends, page_of, trends_of
from yoto.rooms.decision_log.replaying import REPLAYING

ANOTHER_EXIT = 1
PAGE_MOST = 10_000

questions = AppGroup("permission")


def _decision_lines(found: DecisionPage, **given: Any) -> Iterator[str]:
    for one in found["items"]:
        who = f"user {one['user_id']}" if one["user"] is None else one["user"]
        named = "" if one["place_name"] is None else f" ({one['place_name']})"
        weight = "" if one["weight"] == 1 else f"  x{one['weight']}"
        yield (
            f"{one['id']:>8}  {one['at']:%Y-%m-%dT%H:%M:%SZ}  {who}  {one['permission']}  "
            f"{one['place']}{named}  {'allowed' if one['allowed'] else 'denied'}: "
            f"{one['reason']}{weight}"
        )
    if not found["items"]:
        yield "No decision was recorded."
    if found["next"] is not None:
        yield f"There are more: --after {found['next']}"


def _trend_lines(found: DecisionTrends, **given: Any) -> Iterable[str]:
    yield (
        f"since {found['start']:%Y-%m-%dT%H:%MZ}: {sum(found['denied'])} denied, "
        f"about {sum(found['allowed'])} allowed"
    )
    for facet in ("permissions", "places", "reasons"):
        yield f"{facet}:"
        for line in found[facet]:
            name = "" if line["name"] is None else f" ({line['name']})"
            allowed = f"about {line['allowed']} allowed"
            yield f"  {line['value']}{name}: {line['denied']} denied, {allowed}"
    oldest = "" if found["oldest"] is None else f", the oldest of {found['oldest']:%Y-%m-%d}"
    size = "" if found["bytes"] is None else f", about {found['bytes'] / 2**20:.0f} MiB"
    yield f"log: about {found['rows']} records{oldest}{size}"


@command(questions, "replay <record_id>")
def replay(record_id: int) -> Iterator[str]:
    """Ask the question of decision record RECORD_ID again, and say what has changed since.

    Exit status 1 when the verdict is another one now, or unknown.
    """
    found = REPLAYING.replay(record_id)
    yield found.text
    if found.now is None or found.recorded[0] is not found.now[0]:
        sys.exit(ANOTHER_EXIT)


@command(
    questions,
    "decisions",
    _decision_lines,
    request_id="request",
    since="from",
    until="to",
)
def decisions(
    user: Annotated[str | None, "Whose: username or id."] = None,
    place: Annotated[str | None, "'global', or TYPE:ID."] = None,
    permission: Annotated[str | None, "Or an expression, as it was asked."] = None,
    verdict: Literal["allowed", "denied"] | None = None,
    reason: Annotated[str | None, "Its code, such as not_granted."] = None,
    request_id: Annotated[str | None, "Of the request with this id."] = None,
    policy_version: str | None = None,
    since: Annotated[datetime | None, Moment(), "At or after this moment."] = None,
    until: Annotated[datetime | None, Moment(), "Before this moment."] = None,
    after: Annotated[int | None, Between(0, MAX_ID), "Older than this record."] = None,
    limit: Annotated[int, Between(1, PAGE_MOST)] = 50,
) -> DecisionPage:
    """Show recorded decisions, newest first: every denial, and a sample of the allowed ones."""
    wanted: Any = {
        "user": user,
        "place": place,
        "permission": permission,
        "allowed": None if verdict is None else verdict == "allowed",
        "reason": reason,
        "request": request_id,
        "policy_version": policy_version,
        "since": since,
        "until": until,
    }
    return page_of(wanted, after, limit, seconds=float("inf"))


@command(questions, "decision-trends", _trend_lines)
def decision_trends(
    days: Annotated[int, Between(1, 30), "By hour up to 7, by day beyond."] = 7,
) -> DecisionTrends:
    """Show numbers of decisions, by permission, place and reason, and the log's size."""
    return trends_of(days)
