"""Operators' acts on their own second factor, in a session alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypedDict

from marshmallow.validate import Length
from werkzeug.exceptions import Forbidden

from app.blueprints.operators import second_factor as service
from yoto.auth.operators import VIEW, Via, account, operator
from yoto.http.operation import Reason, Subject

second_factor = Subject(
    "second_factor", "/second-factor", "A code that you sign in with", "second_factor"
)
# A code of the app; to remove the factor, a recovery code will do, too.
Code = Annotated[str, Length(min=1, max=40)]


class SecondFactor(TypedDict):
    """Whether a code is asked for when you sign in."""

    enabled: bool
    since: datetime | None
    recovery_codes: Annotated[int, "How many were not used yet"]


class Enrolment(TypedDict):
    """The secret for an authenticator app, shown this once."""

    secret: str
    uri: str
    qr: Annotated[Sequence[str], "`uri` as a QR code: rows of 1 for dark and 0 for light"]


class RecoveryCodes(TypedDict):
    """Each opens once what a code opens; shown this once."""

    recovery_codes: Sequence[str]


@second_factor.operation("GET", "", VIEW)
def read_second_factor() -> SecondFactor:
    """Whether you sign in with a code"""
    return service.state(_owner())


@second_factor.operation("POST", "/enroll", VIEW, secret=True, also=(409,))
def enroll_second_factor(reason: Reason) -> Enrolment:
    """Get a secret for an authenticator app; `confirm` puts it to use"""
    return service.enroll(_owner(), reason)


@second_factor.operation("POST", "/confirm", VIEW, body="Code", secret=True, also=(409, 429))
def confirm_second_factor(reason: Reason, code: Code) -> RecoveryCodes:
    """Sign in with a code from now on, and get the recovery codes"""
    return {"recovery_codes": service.confirm(_owner(), code, reason)}


@second_factor.operation("POST", "/remove", VIEW, body="Code", also=(429,))
def remove_second_factor(reason: Reason, code: Code) -> SecondFactor:
    """Sign in without a code again; it takes one, or a recovery code"""
    owner = _owner()
    service.remove_own(owner, code, reason)
    return service.state(owner)


def _owner() -> int:
    """The account of somebody who signed in, since a token could outlive what it changed."""
    if operator().via is not Via.SESSION:
        raise Forbidden("A second factor can only be viewed and changed in a session.")
    return account().user_id
