"""The set-up steps that a new installation needs before anyone relies on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, TypedDict

from flask import current_app, has_request_context, request

from yoto.auth.operators import VIEW
from yoto.http.operation import Command, Subject
from yoto.operate.application import of_application
from yoto.request.context import settings
from yoto.room import named_of_rooms

ENOUGH = 2  # administrators: one may lose their password
# The header that proxies add; if no proxy is trusted, all callers seem to have one address.
FORWARDED = "X-Forwarded-For"
BREAK_GLASS = "BREAK_GLASS_HASH"

first_steps = Subject(
    "first_steps", "/first-steps", "What a new installation still needs", "step", "control"
)


class FirstStep(TypedDict):
    """One thing to set up."""

    name: str
    done: Annotated[bool | None, "null: unknown"]


class FirstSteps(TypedDict):
    """Steps of the set-up in a sensible order; those that do not apply here are left out."""

    items: list[FirstStep]


def _lines(found: FirstSteps) -> Iterator[str]:
    words = {True: "done", False: "to do", None: "unknown"}
    says = SAYS | {name: what for name, (what, _) in _of_rooms().items()}
    for step in found["items"]:
        yield f"{words[step['done']]:<9} {says[step['name']]}"


SAYS = {
    "second_administrator": "a second administrator, should the first lose their password",
    "break_glass": "BREAK_GLASS_HASH, to get in while the database is down",
    "proxies": "TRUSTED_PROXIES: requests come through a proxy that nobody trusts",
}


@first_steps.operation(
    "GET",
    "",
    VIEW,
    Command("first-steps", _lines, "Show what a new installation still needs."),
)
def read_first_steps() -> FirstSteps:
    """Steps of the set-up that are done, and those that are not"""
    items: list[FirstStep] = [
        {"name": name, "done": done}
        for name, done in (
            ("second_administrator", _has_another()),
            *_if_known(BREAK_GLASS, "break_glass"),
            ("proxies", _knows_callers()),
            *((name, is_done()) for name, (_, is_done) in _of_rooms().items()),
        )
    ]
    return {"items": items}


def _of_rooms() -> Mapping[str, tuple[str, Callable[[], bool]]]:
    return named_of_rooms(current_app, lambda one: one.first_steps)


def _has_another() -> bool | None:
    count = of_application().administrators
    return None if count is None else count(ENOUGH) >= ENOUGH


def _if_known(key: str, name: str) -> Iterator[tuple[str, bool]]:
    if key in settings():
        yield name, bool(settings()[key])


def _knows_callers() -> bool | None:
    """Whether requests carry their callers' own addresses, as far as this request shows."""
    if settings()["TRUSTED_PROXIES"]:
        return True
    return FORWARDED not in request.headers if has_request_context() else None
