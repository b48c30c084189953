"""The reach of one change of rights: the workers that have applied it, and how soon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, TypedDict

from marshmallow.validate import Length

from yoto.auth.operators import VIEW
from yoto.cache import Position
from yoto.extensions import cache as extension
from yoto.extensions import fleet, monitor, permissions
from yoto.fleet import WorkerState
from yoto.http.operation import Subject
from yoto.parts.worker import took_ms

POSITION_LENGTH = 40
FOLLOWING = (WorkerState.LIVE, WorkerState.DRAINING)

reach = Subject("reach", "/cache/reach", "Which workers have applied a change of rights", "change")


class Reach(TypedDict):
    """The live workers that have applied a change."""

    position: str
    workers: Annotated[int, "Live ones that follow the invalidation log"]
    reached: Annotated[int, "Those of them that have applied the change"]
    took_ms: Annotated[
        int | None,
        "Until the last of them had applied it; null: not all have, or it was too long ago",
    ]
    waiting: Annotated[list[str], "Workers that have not applied it, by their last heartbeat"]


@reach.operation("GET", "", VIEW)
def read_reach(
    position: Annotated[str, Length(1, POSITION_LENGTH), "As `X-Permission-Position` brings it"],
) -> Reach:
    """Number of workers that have applied a change, by its position in the invalidation log

    Other workers report their positions in heartbeats, every 2 s.
    """
    place = permissions.find_position(position)
    workers = {name: (applied, took) for name, applied, took in _reports()}
    waiting = [name for name, (at, _) in workers.items() if place is None or at < place]
    times = [took.get(str(place)) for _, took in workers.values()]
    known = [time for time in times if time is not None]
    whole = not waiting and len(known) == len(times)
    return {
        "position": position,
        "workers": len(workers),
        "reached": len(workers) - len(waiting),
        "took_ms": max(known, default=None) if whole else None,
        "waiting": sorted(waiting),
    }


def _reports() -> Iterator[tuple[str, Position, Mapping[str, int]]]:
    """For each worker that follows the log, its applied position, and how soon it applied the
    newest entries; for the one that answers as of now."""
    log, own = extension.current.tailer, fleet.current.id
    yield own, log.applied, took_ms(log, monitor.current.redis_time())
    for worker in fleet.current.all():
        heard = worker.facts.get("log_silent_s") is not None
        if worker.id != own and worker.state in FOLLOWING and heard:
            applied = Position.parse(worker.facts["log_position"])
            yield worker.id, applied, worker.facts.get("log_took_ms") or {}
