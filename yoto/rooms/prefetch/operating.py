"""Prefetching: its state and its controls. An act is audited before it takes effect."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypedDict

from yoto.auth.operators import OPERATE, VIEW
from yoto.errors import Degraded, StoreUnavailable, ValidationFailed
from yoto.http.acts import author, record_act
from yoto.http.operation import Author, Reason, Subject
from yoto.nodes import NodeId
from yoto.operate.targets import user_number
from yoto.rooms.prefetch.extension import PREFETCH
from yoto.rooms.prefetch.facts import PrefetchSteered
from yoto.rooms.prefetch.fetching import SmartPrefetcher, TaskReport
from yoto.rooms.prefetch.prefetching import Switches

Act: TypeAlias = Literal["pause", "resume", "cancel"]
Where = Annotated[Literal["fleet", "worker"], "All workers, or the one that answers"]

prefetch = Subject(
    "prefetch",
    "/prefetch",
    "How prefetching does, for operators",
    "prefetch task",
    "prefetch",
    names={TaskReport: "Task"},
)


class PrefetchState(TypedDict):
    """The state of prefetching."""

    instance: Annotated[str, "The worker that answers"]
    switches: Switches
    paused: Annotated[bool, "This worker alone"]
    stats: Annotated[dict[str, Any], "Of this worker; docs/prefetch.md names them"]
    fleet: Annotated[dict[str, Any] | None, "Of each worker; null: unknown, Redis is unavailable"]


class Tasks(TypedDict):
    """Prefetches under way, then those that ended last."""

    instance: str
    items: list[TaskReport]
    fleet: Annotated[
        dict[str, list[TaskReport]] | None,
        "The first of each worker, as of some seconds ago; null: unknown",
    ]


@prefetch.operation("GET", "", VIEW)
def read_prefetch() -> PrefetchState:
    """The state of prefetching, here and in the fleet"""
    current, prefetcher = PREFETCH.current, PREFETCH.current.prefetcher
    return {
        "instance": current.instance_id,
        "switches": current.switches(),
        "paused": prefetcher is not None and prefetcher.paused,
        "stats": current.stats(),
        "fleet": _reports(),
    }


@prefetch.operation("GET", "/tasks", VIEW)
def list_prefetch_tasks() -> Tasks:
    """Prefetches of the worker that answers, and some of each worker"""
    current, reports = PREFETCH.current, _reports()
    return {
        "instance": current.instance_id,
        "items": [] if current.prefetcher is None else current.prefetcher.tasks(),
        "fleet": reports and {name: one.get("tasks", []) for name, one in reports.items()},
    }


@prefetch.operation("POST", "/tasks/<int:task_id>/cancel", OPERATE)
def cancel_prefetch_task(task_id: int, reason: Reason) -> TaskReport:
    """Cancel the rest of a prefetch, in the worker that answers"""
    prefetcher = _prefetcher()
    prefetcher.check_waiting(task_id)
    _record("prefetch.cancel", f"prefetch:{task_id}", reason)
    return prefetcher.cancel(task_id, reason)


@prefetch.operation("POST", "/forget", OPERATE, body="Forget")
def forget_behaviour(
    user_id: Annotated[NodeId, "The number, or the application's own id"], reason: Reason
) -> None:
    """Delete a user's recorded behaviour; workers follow within a second"""
    number = user_number(user_id, "user_id")
    _record("prefetch.forget", f"user:{number}", reason)
    PREFETCH.current.forget(number)


@prefetch.operation("POST", "/pause", OPERATE, body="Steer")
def pause_prefetch(reason: Reason, by: Author, where: Where = "fleet") -> PrefetchState:
    """Prefetch nothing until prefetching is resumed"""
    prefetcher = _prefetcher()
    if where == "fleet":
        # The configuration store audits its own changes.
        PREFETCH.current.pause(reason, author=by)
    else:
        _record("prefetch.pause", f"worker:{PREFETCH.current.instance_id}", reason)
        prefetcher.pause()
    return read_prefetch()


@prefetch.operation("POST", "/resume", OPERATE, body="Steer")
def resume_prefetch(reason: Reason, by: Author, where: Where = "fleet") -> PrefetchState:
    """Go on prefetching"""
    prefetcher = _prefetcher()
    if where == "fleet":
        PREFETCH.current.resume(reason, author=by)
    else:
        _record("prefetch.resume", f"worker:{PREFETCH.current.instance_id}", reason)
        prefetcher.resume()
    return read_prefetch()


def order(worker: str, act: Act, reason: str, task_id: int | None = None) -> None:
    """Order one worker to pause, resume, or cancel a prefetch that waits there.

    Raises:
        UnknownResource: no such worker sends heartbeats.
        ValidationFailed: the worker refused with a reason, or did not confirm in time.
    """
    orders = PREFETCH.current.orders
    orders.check_known(worker)
    subject = f"worker:{worker}" if task_id is None else f"prefetch:{task_id}"
    record_act(f"prefetch.{act}", subject, reason=reason, after={"instance": worker})
    outcome = orders.give(
        PrefetchSteered(worker=worker, act=act, task_id=task_id, by=author(), reason=reason)
    )
    if outcome is None:
        raise ValidationFailed({"worker": "was asked, and has not said that it obeys"})
    if outcome:
        raise ValidationFailed({"worker": f"answers: {outcome}"})


def _reports() -> dict[str, Any] | None:
    try:
        return PREFETCH.current.fleet_stats()
    except StoreUnavailable:
        return None


def _prefetcher() -> SmartPrefetcher:
    prefetcher = PREFETCH.current.prefetcher
    if prefetcher is None:
        raise Degraded("prefetch", "off")
    return prefetcher


def _record(action: str, subject: str, reason: str) -> None:
    record_act(action, subject, reason=reason, after={"instance": PREFETCH.current.instance_id})
