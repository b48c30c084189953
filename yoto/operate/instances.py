"""The workers, by their last heartbeats, and draining one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, TypedDict, cast

import click
import msgspec

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import UnknownResource
from yoto.extensions import fleet
from yoto.fleet import Worker, WorkerState
from yoto.http.acts import record_act
from yoto.http.operation import Author, Command, Reason, Subject
from yoto.http.shapes import Seconds

DRAIN_DEFAULT, DRAIN_LEAST, DRAIN_MOST = 900, 5, 24 * 3600  # s

instances = Subject(
    "instances", "/instances", "The workers, and draining one", "instance", "control"
)


class Facts(TypedDict):
    """The facts that a worker reports of itself; see ``yoto.parts.worker``."""

    version: str | None
    async_mode: str | None
    started_at: int | None
    uptime_s: float | None
    config_version: str | None
    log_position: str | None
    log_silent_s: float | None
    event_position: str | None
    events_silent_s: float | None
    memory_bytes: int | None
    memory_past_mib: Annotated[list[int] | None, "One in two minutes, of two hours, oldest first"]
    threads: int | None
    sockets: int | None


class Order(TypedDict):
    """An order to drain."""

    by: str
    reason: str
    until_ms: int


class Ended(TypedDict):
    """How a worker ended, as its supervisor saw it."""

    how: Literal["signal", "exit"]
    signal: Annotated[str, "Such as `SIGKILL`; empty: none ended it"]
    code: Annotated[int | None, "Its exit code"]


class Instance(Facts):
    """A worker, by its last heartbeat."""

    id: str
    host: str
    pid: int
    state: WorkerState
    heard_ms: Annotated[int, "ms since its last heartbeat"]
    answering: Annotated[bool, "It gives this answer"]
    drain: Order | None
    end: Annotated[Ended | None, "Null: it has not ended, or nobody saw how"]


class Instances(TypedDict):
    """All workers."""

    items: Sequence[Instance]


class Steered(TypedDict):
    """The result of an order."""

    acknowledged: Annotated[bool, "Whether the worker has said that it obeys"]
    instance: Instance


def shown(worker: Worker) -> Instance:
    """A worker as JSON data; facts that it did not report are None."""
    facts = cast(Facts, {name: worker.facts.get(name) for name in Facts.__annotations__})
    return {
        "id": worker.id,
        "host": worker.host,
        "pid": worker.pid,
        "state": worker.state,
        "heard_ms": worker.heard_ms,
        "answering": worker.id == fleet.current.id,
        "drain": None if worker.drain is None else msgspec.to_builtins(worker.drain),
        "end": None if worker.end is None else msgspec.to_builtins(worker.end),
        **facts,
    }


def _lines(found: Instances) -> Iterator[str]:
    for one in found["items"]:
        uptime, sockets = (
            "?" if one[name] is None else one[name] for name in ("uptime_s", "sockets")
        )
        yield (
            f"{one['state']:<9} {one['id']:<40} heard {one['heard_ms'] / 1000:.1f} s ago"
            f"  up {uptime} s  {one['version']}  {one['async_mode']}  sockets {sockets}{_end(one)}"
        )
    if not found["items"]:
        yield "No worker was heard within a day."


def _end(one: Instance) -> str:
    end = one["end"]
    if end is None:
        return ""
    return f"  killed by {end['signal']}" if end["signal"] else f"  exited with {end['code']}"


def _drains(found: Steered, instance_id: str, seconds: float, **given: Any) -> list[str]:
    return _obeys(found, f"{instance_id} drains, for at most {seconds:g} s.")


def _resumes(found: Steered, instance_id: str, **given: Any) -> list[str]:
    return _obeys(found, f"{instance_id} takes what comes again.")


def _obeys(found: Steered, done: str) -> list[str]:
    if not found["acknowledged"]:
        state = found["instance"]["state"]
        raise click.ClickException(f"it was asked, and has not said that it obeys; it is {state}")
    return [done]


@instances.operation("GET", "", VIEW, Command("instances", _lines))
def list_instances() -> Instances:
    """Every worker that sent a heartbeat within a day"""
    return {"items": [shown(worker) for worker in fleet.current.all()]}


@instances.operation(
    "POST",
    "/<instance_id>/drain",
    OPERATE,
    Command("drain", _drains, called={"seconds": "for"}),
    body="Drain",
)
def drain_instance(
    instance_id: str,
    reason: Reason,
    by: Author,
    seconds: Annotated[int, Seconds(DRAIN_LEAST, DRAIN_MOST)] = DRAIN_DEFAULT,
) -> Steered:
    """Make a worker take no new sockets, move its own elsewhere, and report that it is not ready"""
    about = _known(instance_id)
    record_act("instance.drain", about, reason=reason, after={"seconds": seconds, "by": by})
    found = fleet.current.drain(instance_id, seconds, by, reason)
    return _asked(instance_id, found, WorkerState.DRAINING)


@instances.operation("POST", "/<instance_id>/resume", OPERATE, Command("resume", _resumes))
def resume_instance(instance_id: str, reason: Reason, by: Author) -> Steered:
    """Make a worker take requests and sockets again"""
    record_act("instance.resume", _known(instance_id), reason=reason, after={"by": by})
    found = fleet.current.resume(instance_id, by, reason)
    return _asked(instance_id, found, WorkerState.LIVE)


def _known(instance_id: str) -> str:
    """The name of a worker in records.

    Raises:
        UnknownResource: it sent no heartbeat within a day.
        StoreUnavailable: Redis does not answer.
    """
    if fleet.current.get(instance_id) is None:
        raise UnknownResource("instance", instance_id, "id")
    return f"instance:{instance_id}"


def _asked(instance_id: str, found: Worker | None, wanted: WorkerState) -> Steered:
    if found is None:
        raise UnknownResource("instance", instance_id, "id")
    return {"acknowledged": found.state is wanted, "instance": shown(found)}
