"""Routes of ``/control/api/instances``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.live import instances
from yoto.control_plane.live.schemas import DrainSchema, InstancesSchema, SteeredSchema
from yoto.http.acts import author, record_act
from yoto.http.control_api import OPERATE, VIEW, ActSchema, ControlBlueprint, right

instances_control = ControlBlueprint(
    "instances_control", __name__, "/instances", "The workers, and draining one"
)


@instances_control.get("")
@right(VIEW)
@instances_control.response(200, InstancesSchema)
def list_instances() -> dict[str, Any]:
    """Every worker that was heard within a day"""
    return {"items": instances.instances()}


@instances_control.post("/<string:instance_id>/drain")
@right(OPERATE)
@instances_control.arguments(DrainSchema)
@instances_control.response(200, SteeredSchema)
def drain_instance(body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Have a worker take no new sockets, send its own elsewhere, and say that it is not ready"""
    instances.known(instance_id)
    seconds, reason = body["seconds"], body["reason"]
    record_act(
        "instance.drain", f"instance:{instance_id}", reason=reason, after={"seconds": seconds}
    )
    return instances.drain(instance_id, seconds, author(), reason)


@instances_control.post("/<string:instance_id>/resume")
@right(OPERATE)
@instances_control.arguments(ActSchema)
@instances_control.response(200, SteeredSchema)
def resume_instance(body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Have a worker take what comes again"""
    instances.known(instance_id)
    record_act("instance.resume", f"instance:{instance_id}", reason=body["reason"])
    return instances.resume(instance_id, author(), body["reason"])
