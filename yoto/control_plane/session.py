"""The operator who is signed in to the control plane."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict

from marshmallow.validate import OneOf

from yoto.api.people import Person
from yoto.auth.csrf import csrf_token
from yoto.auth.operators import RIGHTS, VIEW, Via, bearer_token, may, operator
from yoto.control_plane.language import current_language
from yoto.http.operation import Subject
from yoto.operate.application import of_application

session = Subject(
    "session",
    "/session",
    "Who is signed in to the control plane",
    "session",
    names={Person: "SessionUser"},
)


class Session(TypedDict):
    """The caller, their credential, and their rights."""

    user: Annotated[Person | None, "null behind the break-glass token"]
    via: Annotated[str, OneOf(tuple(via for via in Via if via is not Via.TERMINAL))]
    rights: list[Annotated[str, OneOf(tuple(RIGHTS))]]
    csrf_token: Annotated[str | None, "For `X-CSRF-Token`; null where a token is the credential"]
    expires_at: Annotated[
        datetime | None, "When the session ends; null where a token is the credential"
    ]
    language: str


@session.operation("GET", "", VIEW)
def read_session() -> Session:
    """Your account and your rights"""
    who = operator()
    by_cookie = bearer_token() is None
    return {
        "user": of_application().person(who),
        "via": who.via,
        "rights": [name for name in RIGHTS if may(name)],
        "csrf_token": csrf_token() if by_cookie else None,
        "expires_at": who.ends_at if by_cookie else None,
        "language": current_language(),
    }
