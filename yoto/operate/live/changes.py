"""Changes of a stretch of time: acts of operators and on rights, events, and restarts."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from yoto.extensions import events as stream_of
from yoto.extensions import fleet, monitor
from yoto.fleet import WorkerState
from yoto.moments import Epoch, at_ms
from yoto.operate.audit import list_audit_records
from yoto.operate.live.events import Event, Wanted, page
from yoto.operate.live.filters import TypeFilter

MOST = 100  # changes of each source


class PastChange(TypedDict):
    """A change, as it is shown beside what happened after it."""

    at: Epoch
    kind: Annotated[Literal["audit", "event", "worker"], "Where it is known from"]
    what: Annotated[str, "The act, the type of event, or `worker.started`, `worker.ended`, ..."]
    id: Annotated[str, "Of the record, the event or the worker"]
    subject: str | None
    by: Annotated[str | None, "As records name authors; null: nobody, or unknown"]
    reason: str | None
    data: Annotated[dict[str, Any], "What it was and became, the event's, or the worker's"]


def acts(since: float, until: float, area: str, most: int) -> list[PastChange]:
    """Acts in [since, until) from the audit log, the newest first."""
    found = list_audit_records(
        after=None,
        limit=most,
        actor_id=None,
        actor=None,
        action=None,
        area=area,
        subject=None,
        server_id=None,
        since=at_ms(round(since * 1000)),
        until=at_ms(round(until * 1000)),
    )
    return [
        {
            "at": one.at.timestamp(),
            "kind": "audit",
            "what": one.action,
            "id": str(one.id),
            "subject": one.subject,
            "by": f"user:{one.actor.id}" if one.actor else _author(one.after),
            "reason": one.reason,
            "data": {"before": one.before, "after": one.after},
        }
        for one in found.items
    ]


def _author(after: Any) -> str | None:
    return after.get("author") if isinstance(after, dict) else None


def happened(
    since: float, until: float, types: TypeFilter | None = None, most: int = MOST + 1
) -> list[PastChange]:
    """Events in [since, until), the newest first; raises ``StoreUnavailable``."""
    wanted = Wanted(types or TypeFilter(), round(since * 1000), round(until * 1000))
    found: list[Event]
    found, _ = page(stream_of.stream, wanted, None, most)
    return [
        {
            "at": one["at"] / 1000,
            "kind": "event",
            "what": one["type"],
            "id": one["id"],
            "subject": _text(one["data"], "name"),
            "by": _text(one["data"], "by") or _text(one["data"], "author"),
            "reason": _text(one["data"], "reason"),
            "data": one["data"] or {},
        }
        for one in found
    ]


def _text(data: Any, name: str) -> str | None:
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) and value else None


def restarts(since: float, until: float) -> list[PastChange]:
    """Workers that began, announced their end, or sent their last heartbeat, in [since, until);
    raises ``StoreUnavailable``."""
    now = monitor.current.now()
    found: list[PastChange] = []
    for worker in fleet.current.all():
        started = worker.facts.get("started_at")
        moments = [("worker.started", started / 1000)] if isinstance(started, int) else []
        if worker.state in (WorkerState.ENDED, WorkerState.SILENT):
            moments.append((f"worker.{worker.state}", now - worker.heard_ms / 1000))
        found += [
            {
                "at": at,
                "kind": "worker",
                "what": what,
                "id": worker.id,
                "subject": worker.id,
                "by": None,
                "reason": None,
                "data": {"version": worker.facts.get("version")},
            }
            for what, at in moments
            if since <= at < until
        ]
    return sorted(found, key=lambda one: one["at"], reverse=True)
