"""Workers as operators see them, and asking one to drain."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.live.pictures import shown
from yoto.errors import UnknownResource
from yoto.extensions import fleet
from yoto.fleet import Worker, WorkerState


def instances() -> list[dict[str, Any]]:
    """Every worker of the last day, those heard last first.

    Raises:
        StoreUnavailable: Redis does not answer.
    """
    return [shown(worker) for worker in fleet.current.all()]


def known(instance_id: str) -> Worker:
    """The worker of that id.

    Raises:
        UnknownResource: nobody has heard of it within a day.
        StoreUnavailable: Redis does not answer.
    """
    found = fleet.current.get(instance_id)
    if found is None:
        raise UnknownResource("instance", instance_id, "id")
    return found


def drain(instance_id: str, seconds: float, by: str, reason: str) -> dict[str, Any]:
    """Ask a worker to drain; see ``FleetService.drain``. Whoever calls has it audited before."""
    return _asked(
        instance_id,
        fleet.current.drain(instance_id, seconds, by, reason),
        WorkerState.DRAINING,
    )


def resume(instance_id: str, by: str, reason: str) -> dict[str, Any]:
    """Ask a worker to take what comes again; see ``FleetService.resume``."""
    return _asked(instance_id, fleet.current.resume(instance_id, by, reason), WorkerState.LIVE)


def _asked(instance_id: str, found: Worker | None, wanted: WorkerState) -> dict[str, Any]:
    if found is None:
        raise UnknownResource("instance", instance_id, "id")
    return {"acknowledged": found.state is wanted, "instance": shown(found)}
