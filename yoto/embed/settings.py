"""Settings of an application that embeds Yoto."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Flask

from yoto.errors import ConfigurationError
from yoto.parts.rooms import chosen
from yoto.room import CONTROL_PLANE, LEVELS, PERMISSIONS, Room
from yoto.settings import PREFIX, guest_settings

# The only name without our prefix, since many applications and hosts set it.
COMMON = "REDIS_URL"
ENABLED = f"{PREFIX}RESILIENCE_ENABLED"
# Defaults in an embedding application, which logs its requests itself.
AS_A_GUEST: Mapping[str, Any] = {
    f"{PREFIX}LOG_REQUEST_SAMPLE": 0.0,
}

ROOMS = f"{PREFIX}ROOMS"
OWN_OPERATORS = "own_operators"
# Unless the application names others.
BESIDE_CONTROL_PLANE = ("decision_log", "policies")
NEEDED = {PERMISSIONS: "needs the application's 'db'", CONTROL_PLANE: "needs control_plane=True"}


def rooms_for(
    app: Flask, named: str | Iterable[str] | None, level: str, own_operators: bool
) -> tuple[Room, ...]:
    """The rooms of ``app``: those in ``YOTO_ROOMS``, else those ``named`` in code.

    Args:
        level: what the application consists of, one of ``yoto.room.LEVELS``.
        own_operators: whether the application leaves open who operates a control plane; then the
            room of that name is on beside the others, or there would be no way to sign in.

    Raises:
        ConfigurationError: one is no room, or needs more than the application has.
    """
    said = app.config.get(ROOMS) or os.environ.get(ROOMS)
    if named is None:
        named = BESIDE_CONTROL_PLANE if level == CONTROL_PLANE else ()
    found = chosen(said, ROOMS) if said else chosen(named, "rooms")
    if level == CONTROL_PLANE and own_operators:
        found = chosen((*(one.name for one in found), OWN_OPERATORS))
    for one in found:
        if LEVELS.index(one.needs) > LEVELS.index(level):
            raise ConfigurationError("rooms", f"{one.name!r} {NEEDED[one.needs]}")
    return found


def settings_for(app: Flask, rooms: Iterable[Room], log_level: str | None = None) -> dict[str, Any]:
    """The settings of the platform in ``app``, where their names begin with ``YOTO_``.

    The configuration of ``app`` comes before the environment, and ``YOTO_REDIS_URL`` before
    ``REDIS_URL``. Without either, a private server is started in the instance folder.

    Args:
        rooms: those of the application.
        log_level: the level if neither sets one; None: the platform's default.

    Raises:
        ConfigurationError: a value is wrong; it names the key.
    """
    sources: tuple[Mapping[str, Any], ...] = (os.environ, app.config)
    common = {PREFIX + COMMON: one[COMMON] for one in sources if one.get(COMMON)}
    defaults = {**AS_A_GUEST, f"{PREFIX}LOG_LEVEL": log_level}
    for one in rooms:
        defaults |= {f"{PREFIX}{key}": value for key, value in one.as_guest.items()}
    keys = [key for one in rooms for key in one.keys]
    return guest_settings(defaults, common, *sources, rooms=keys)


def refuse_switched_off(app: Flask, settings: Mapping[str, Any]) -> None:
    """Refuse ``YOTO_RESILIENCE_ENABLED`` false in production.

    Raises:
        ConfigurationError: guards are off, and ``app`` neither tests (``TESTING``) nor debugs
            (``DEBUG``).
    """
    if not (settings["RESILIENCE_ENABLED"] or app.testing or app.debug):
        raise ConfigurationError(
            ENABLED, "guards are switched off for tests alone: set TESTING before Yoto(app)"
        )
