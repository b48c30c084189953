"""Marks in charts: acts of operators, alerts, workers that began."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from yoto.errors import StoreUnavailable
from yoto.operate.live.changes import AlertChange, acts, happened, restarts
from yoto.operate.live.filters import TypeFilter
from yoto.operate.permissions.names import named
from yoto.store.translation import translated

# Marks of each kind: the newest.
MOST = 50
ALERTS = TypeFilter(["alert.raised", "alert.resolved"])


class Mark(TypedDict):
    """A moment to be marked in charts."""

    at: int
    kind: Literal["act", "alert", "restart"]
    what: Annotated[str, "The act, `alert.raised`, `alert.resolved`, or `worker.started`, ..."]
    id: Annotated[str, "Of the audit record, the alert or the worker"]
    subject: Annotated[str | None, "Of an alert its rule"]
    by: str | None
    by_name: Annotated[str | None, "Of an account that acted"]


class Marks(TypedDict):
    """The marks, oldest first."""

    items: list[Mark]
    unknown: Annotated[list[str], "What could not be asked: `act`, `alert`, `restart`"]


def marks_between(since: float, until: float) -> Marks:
    """The marks of a stretch of time, in epoch seconds."""
    items: list[Mark] = []
    unknown: list[str] = []
    if until <= since:  # it is yet to come
        return {"items": [], "unknown": []}
    for kind, find in (("act", _acts), ("alert", _alerts), ("restart", _restarts)):
        try:
            with translated():
                items += find(since, until)
        except StoreUnavailable:
            unknown.append(kind)
    return {"items": sorted(items, key=lambda one: one["at"]), "unknown": unknown}


def _acts(since: float, until: float) -> list[Mark]:
    found = [_mark("act", one, one["id"]) for one in acts(since, until, "operators", MOST)]
    people = named(one["by"] for one in found if one["by"])
    for one in found:
        known = people.get(one["by"] or "")
        one["by_name"] = known and known.name
    return found


def _alerts(since: float, until: float) -> list[Mark]:
    found = happened(since, until, ALERTS, MOST)
    return [
        {
            **_mark("alert", one, str(one["data"].get("alert_id"))),
            "subject": one["data"].get("rule"),
        }
        for one in found
    ]


def _restarts(since: float, until: float) -> list[Mark]:
    return [_mark("restart", one, one["id"]) for one in restarts(since, until)[:MOST]]


def _mark(kind: Literal["act", "alert", "restart"], change: AlertChange, of: str) -> Mark:
    return {
        "at": round(change["at"] * 1000),
        "kind": kind,
        "what": change["what"],
        "id": of,
        "subject": change["subject"],
        "by": change["by"],
        "by_name": None,
    }
