"""Routes of devices."""

from __future__ import annotations

from typing import Any

from app.blueprints.devices import service
from app.blueprints.devices.schemas import DevicesSchema, NewDeviceSchema, RegisteredDeviceSchema
from yoto.auth.access import signed_in
from yoto.auth.identity import current_user_id
from yoto.http.api import API_PREFIX
from yoto.http.idempotency import once, secret_answer
from yoto.http.rest import RestBlueprint

devices = RestBlueprint(
    "devices", __name__, url_prefix=f"{API_PREFIX}/devices", description="Your devices"
)


@devices.get("")
@signed_in
@devices.response(200, DevicesSchema)
def list_devices() -> dict[str, Any]:
    """The devices that you have registered"""
    return {"items": service.devices_of(current_user_id())}


@devices.post("")
@signed_in
@once
@secret_answer
@devices.arguments(NewDeviceSchema)
@devices.response(201, RegisteredDeviceSchema)
@devices.alt_response(409, "CONFLICT")
def register_device(body: dict[str, Any]) -> service.Registered:
    """Register the device that you use; it sends the secret as `X-Device-Token` from now on"""
    return service.register(current_user_id(), body["name"])


@devices.delete("/<int:device_id>")
@signed_in
@devices.response(204)
def forget_device(device_id: int) -> None:
    """Forget one of your devices"""
    service.forget(current_user_id(), device_id)
