"""Routes of ``/control/api/second-factor``: one's own, in a session alone."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import Forbidden

from app.blueprints.operators.second_factor import service
from app.blueprints.operators.second_factor.schemas import (
    CodeSchema,
    EnrolmentSchema,
    RecoveryCodesSchema,
    SecondFactorSchema,
)
from yoto.auth.operators import Via, account
from yoto.http.control_api import VIEW, ActSchema, ControlBlueprint, operator, right
from yoto.http.idempotency import secret_answer

second_factor_control = ControlBlueprint(
    "second_factor_control", __name__, "/second-factor", "A code that you sign in with"
)


@second_factor_control.get("")
@right(VIEW)
@second_factor_control.response(200, SecondFactorSchema)
def read_second_factor() -> dict[str, Any]:
    """Whether you sign in with a code"""
    return service.state(_owner())


@secret_answer
@second_factor_control.post("/enroll")
@right(VIEW)
@second_factor_control.arguments(ActSchema)
@second_factor_control.response(200, EnrolmentSchema)
@second_factor_control.alt_response(409, "CONFLICT")
def enroll_second_factor(body: dict[str, Any]) -> dict[str, Any]:
    """Get a secret for an authenticator app; `confirm` puts it to use"""
    return service.enroll(_owner(), body["reason"])


@secret_answer
@second_factor_control.post("/confirm")
@right(VIEW)
@second_factor_control.arguments(CodeSchema)
@second_factor_control.response(200, RecoveryCodesSchema)
@second_factor_control.alt_response(409, "CONFLICT")
@second_factor_control.alt_response(429, "TOO_MANY_REQUESTS")
def confirm_second_factor(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in with a code from now on, and get the recovery codes"""
    return {"recovery_codes": service.confirm(_owner(), body["code"], body["reason"])}


@second_factor_control.post("/remove")
@right(VIEW)
@second_factor_control.arguments(CodeSchema)
@second_factor_control.response(200, SecondFactorSchema)
@second_factor_control.alt_response(429, "TOO_MANY_REQUESTS")
def remove_second_factor(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in without a code again; it takes one, or a recovery code"""
    owner = _owner()
    service.remove_own(owner, body["code"], body["reason"])
    return service.state(owner)


def _owner() -> int:
    """Whose it is: of somebody who signed in, since a token could outlive what it changed."""
    if operator().via is not Via.SESSION:
        raise Forbidden("A second factor can only be viewed and changed in a session.")
    return account().user_id
