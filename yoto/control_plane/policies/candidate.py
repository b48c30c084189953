"""Routes of ``/control/api/policy-shadow``: a candidate beside what is in force."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.policies.schemas import (
    EndShadowSchema,
    ReceiptSchema,
    ShadowSchema,
    StartShadowSchema,
)
from yoto.control_plane.policies.service import refused_by_field
from yoto.extensions import policy
from yoto.http.acts import author
from yoto.http.control_api import ADMIN, VIEW, ControlBlueprint, right
from yoto.policy import PolicyReceipt

candidate_control = ControlBlueprint(
    "candidate_control",
    __name__,
    "/policy-shadow",
    "A candidate that is evaluated beside the policies in force",
)


@candidate_control.get("")
@right(VIEW)
@candidate_control.response(200, ShadowSchema)
def read_shadow() -> dict[str, Any]:
    """What would change with the candidate, from all workers"""
    return {"candidate": policy.shadow_report()}


@candidate_control.post("")
@right(ADMIN)
@candidate_control.arguments(StartShadowSchema)
@candidate_control.response(201, ReceiptSchema)
@candidate_control.alt_response(409, "CONFLICT")
def start_shadow(body: dict[str, Any]) -> PolicyReceipt:
    """Evaluate a candidate beside the policies in force; there is one at a time"""
    name, reason = body["name"], body["reason"]
    with refused_by_field(name):
        return policy.start_shadow(
            name, body["source"], author(), body["sample"], reason, body["tests"]
        )


@candidate_control.post("/promote")
@right(ADMIN)
@candidate_control.arguments(EndShadowSchema)
@candidate_control.response(200, ReceiptSchema)
@candidate_control.alt_response(409, "CONFLICT")
def promote_shadow(body: dict[str, Any]) -> PolicyReceipt:
    """Bring the candidate into force; it is rolled back if denials jump then"""
    with refused_by_field("", "version"):
        return policy.promote(author(), body["reason"], body["version"])


@candidate_control.post("/drop")
@right(ADMIN)
@candidate_control.arguments(EndShadowSchema)
@candidate_control.response(200, ReceiptSchema)
@candidate_control.alt_response(409, "CONFLICT")
def drop_shadow(body: dict[str, Any]) -> PolicyReceipt:
    """End the candidate"""
    return policy.drop(author(), body["reason"], body["version"])
