"""Access requests: a right that somebody lacks, asked for where it is denied, lent for a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import Flask

from yoto.component import Component
from yoto.room import Room

from .settings import AccessRequests

if TYPE_CHECKING:
    import click
    from flask import Response
    from flask_smorest import Blueprint

    from yoto.control_plane.navigation import Page
    from yoto.http.operation import Subject

    from .requesting import Requesting
    from .settling import RequestDesk

COUNTED = 20  # the rights to grant them are checked one by one


def _init(app: Flask, host: Any) -> None:
    from .wiring import lend_in

    lend_in(app)


def _desk(app: Flask) -> RequestDesk:
    from .settling import desk_of

    return desk_of(app)


def _rest() -> Sequence[Blueprint]:
    from .views import access_requests

    return (access_requests,)


def _acts() -> Sequence[Subject]:
    from .operating import access_requests

    return (access_requests,)


def _pages() -> Sequence[Page]:
    from yoto.control_plane.navigation import Page

    return (Page("access_requests", "/access-requests", after="permissions", counted=True),)


def _commands() -> Mapping[str, Sequence[click.Command]]:
    from yoto.cli.operations import group_of

    from .operating import access_requests

    return {"permission": (group_of(access_requests),)}


def _offers() -> Requesting:
    from .requesting import REQUESTING

    return REQUESTING


def _models() -> Sequence[type[Any]]:
    from .model import AccessRequest

    return (AccessRequest,)


def _sweeps() -> Sequence[tuple[type[Any], str, str]]:
    from .model import AccessRequest

    return ((AccessRequest, "ended_at", "ACCESS_REQUEST_KEEP_DAYS"),)


def _problems() -> Mapping[type[Exception], Callable[[Any], Response]]:
    from yoto.http.problems import problem

    from .states import AccessRequestClosed

    def closed(error: AccessRequestClosed) -> Response:
        return problem(409, "access-request-closed", str(error), state=error.state)

    return {AccessRequestClosed: closed}


def _brings() -> Mapping[str, tuple[str, Callable[[], Any]]]:
    from functools import partial

    from yoto.auth.operators import OPERATE

    from .operating import list_operators_access_requests

    waiting = partial(list_operators_access_requests, limit=COUNTED)
    return {f"/access-requests?limit={COUNTED}": (OPERATE, waiting)}


ROOM = Room(
    "access_requests",
    settings=(AccessRequests,),
    components=(
        Component(
            "access requests",
            init=_init,
            start=lambda app: _desk(app).start(),
            close=lambda app: _desk(app).close(),
        ),
    ),
    rest=_rest,
    acts=_acts,
    pages=_pages,
    commands=_commands,
    offers=_offers,
    models=_models,
    sweeps=_sweeps,
    problems=_problems,
    brings=_brings,
)
