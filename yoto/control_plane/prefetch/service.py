"""Prefetching as operators see and steer it. An act is in the audit log before it takes effect."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from yoto.control_plane.prefetch.schemas import FLEET
from yoto.errors import Degraded, StoreUnavailable, ValidationFailed
from yoto.extensions import prefetch
from yoto.http.acts import author, record_act
from yoto.prefetch import PrefetchSteered, SmartPrefetcher

Act: TypeAlias = Literal["pause", "resume", "cancel"]


def state() -> dict[str, Any]:
    """How prefetching is, here and in the fleet."""
    current = prefetch.current
    try:
        fleet = current.fleet_stats()
    except StoreUnavailable:
        fleet = None
    prefetcher = current.prefetcher
    return {
        "instance": current.instance_id,
        "switches": current.switches(),
        "paused": prefetcher is not None and prefetcher.paused,
        "stats": current.stats(),
        "fleet": fleet,
    }


def tasks() -> dict[str, Any]:
    """Prefetches of this worker, none where it is off, and some of each worker."""
    current = prefetch.current
    prefetcher = current.prefetcher
    try:
        told = current.fleet_stats().items()
        fleet = {worker: report.get("tasks", []) for worker, report in told}
    except StoreUnavailable:
        fleet = None
    return {
        "instance": current.instance_id,
        "items": [] if prefetcher is None else prefetcher.tasks(),
        "fleet": fleet,
    }


def cancel(task_id: int, reason: str) -> dict[str, Any]:
    """Cancel a prefetch of this worker.

    Raises:
        UnknownResource: there is none of that number, or it is over.
        ValidationFailed: it is being loaded, or has been.
        Degraded: prefetching is off.
    """
    prefetcher = _prefetcher()
    prefetcher.check_waiting(task_id)
    _audited("prefetch.cancel", f"prefetch:{task_id}", reason)
    return prefetcher.cancel(task_id, reason)


def steer(running: bool, reason: str, where: str) -> dict[str, Any]:
    """Pause or resume; raises as ``set_global_switch``, and ``Degraded`` where it is off."""
    prefetcher = _prefetcher()
    if where == FLEET:
        # The configuration store audits what it changes.
        turn = prefetch.current.resume if running else prefetch.current.pause
        turn(reason, author=author())
    else:
        action = "prefetch.resume" if running else "prefetch.pause"
        _audited(action, f"worker:{prefetch.current.instance_id}", reason)
        (prefetcher.resume if running else prefetcher.pause)()
    return state()


def order(worker: str, act: Act, reason: str, task_id: int | None = None) -> None:
    """Have one worker pause, resume, or cancel a prefetch that waits there.

    Raises:
        UnknownResource: no such worker tells of itself.
        ValidationFailed: it says why it does not, or has not said so in time that it does.
    """
    orders = prefetch.current.orders
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


def forget(user_id: int, reason: str) -> None:
    """Delete what a user did, in Redis and in every worker.

    Raises:
        StoreUnavailable: Redis did not answer; nothing or not all is deleted.
    """
    _audited("prefetch.forget", f"user:{user_id}", reason)
    prefetch.current.forget(user_id)


def _prefetcher() -> SmartPrefetcher:
    prefetcher = prefetch.current.prefetcher
    if prefetcher is None:
        raise Degraded("prefetch", "off")
    return prefetcher


def _audited(action: str, subject: str, reason: str) -> None:
    record_act(action, subject, reason=reason, after={"instance": prefetch.current.instance_id})
