"""All rooms of the platform. A new one is its folder and a line here."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module

from yoto.errors import ConfigurationError
from yoto.room import Room

ROOMS = (
    "access_requests",
    "alerts",
    "authzen",
    "calls",
    "decision_log",
    "forecast",
    "own_operators",
    "policies",
    "prefetch",
    "queues",
    "review",
    "rollouts",
    "templates",
    "tuner",
    "warm_up",
    "what_if",
)
ALL, NONE = "all", "none"


def chosen(names: str | Iterable[str], key: str = "ROOMS") -> tuple[Room, ...]:
    """The rooms of these names, in the order of ``ROOMS``.

    Args:
        names: ``"all"`` or ``"none"``; or names, as a list or a text with commas.
        key: the setting that an error names.

    Raises:
        ConfigurationError: one is no room.
    """
    if isinstance(names, str):
        whole = {ALL: ROOMS, NONE: ()}.get(names)
        names = [one.strip() for one in names.split(",")] if whole is None else whole
    wanted = set(names)
    for unknown in sorted(wanted.difference(ROOMS)):
        known = ", ".join((ALL, NONE, *ROOMS))
        raise ConfigurationError(key, f"{unknown!r} is no room; there are: {known}")
    return tuple(_room(one) for one in ROOMS if one in wanted)


def _room(name: str) -> Room:
    found: Room = import_module(f"yoto.rooms.{name}.room").ROOM
    return found
