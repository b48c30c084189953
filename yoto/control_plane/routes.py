"""The JSON routes of the control plane, in the order in which its API document lists them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypedDict

from flask_smorest import Blueprint
from marshmallow.validate import OneOf

from yoto.api.people import Person
from yoto.auth.csrf import csrf_token
from yoto.auth.operators import RIGHTS, VIEW, Via, bearer_token, may, operator
from yoto.control_plane.language import current_language
from yoto.control_plane.palette import palette
from yoto.http.declared import blueprint
from yoto.http.operation import Subject
from yoto.operate.application import of_application
from yoto.operate.audit import audit
from yoto.operate.config import config
from yoto.operate.degradation import degradation
from yoto.operate.first_steps import first_steps
from yoto.operate.guard_detail import guards
from yoto.operate.guards import breakers, bulkheads, limiters
from yoto.operate.instances import instances
from yoto.operate.invalidation import cache
from yoto.operate.live.events import events
from yoto.operate.live.status import stats, status
from yoto.operate.locks import locks
from yoto.operate.log_level import log_level
from yoto.operate.maintenance import maintenance
from yoto.operate.overrides import overrides
from yoto.operate.permissions.directory import registry, users
from yoto.operate.permissions.matrix import servers
from yoto.operate.permissions.names import names
from yoto.operate.permissions.people import people
from yoto.operate.permissions.resource import resources
from yoto.operate.permissions.role import roles
from yoto.operate.permissions.search import explain, search
from yoto.operate.reach import reach

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


CONTROL_REST: list[Blueprint] = [
    blueprint(session),
    blueprint(first_steps),
    blueprint(status),
    blueprint(stats),
    blueprint(events),
    blueprint(instances),
    blueprint(overrides),
    blueprint(explain),
    blueprint(resources),
    blueprint(roles),
    blueprint(search),
    blueprint(palette),
    blueprint(registry),
    blueprint(servers),
    blueprint(users),
    blueprint(names),
    blueprint(people),
    blueprint(guards),
    blueprint(breakers),
    blueprint(limiters),
    blueprint(bulkheads),
    blueprint(degradation),
    blueprint(config),
    blueprint(audit),
    blueprint(maintenance),
    blueprint(log_level),
    blueprint(cache),
    blueprint(reach),
    blueprint(locks),
]
