"""Settings of an application that embeds Yoto."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from yoto.errors import ConfigurationError
from yoto.settings import PREFIX, guest_settings

# The one name without our prefix: many applications and hosts have it.
COMMON = "REDIS_URL"
ENABLED = f"{PREFIX}RESILIENCE_ENABLED"
# Unless the application says otherwise. It writes a line for each request itself.
AS_A_GUEST: Mapping[str, Any] = {
    f"{PREFIX}LOG_REQUEST_SAMPLE": 0.0,
    # Its people are known by their ids everywhere.
    f"{PREFIX}AUTHZEN_SUBJECT": "id",
}


# Guards and permissions alone prefetch nothing.
WITHOUT_CONTROL_PLANE: Mapping[str, Any] = {f"{PREFIX}PREFETCH_ENABLED": False}


def settings_for(app: Flask, control_plane: bool, log_level: str | None = None) -> dict[str, Any]:
    """The settings of the platform in ``app``, which has them with ``YOTO_`` before each.

    The configuration of ``app`` comes before the environment, and ``YOTO_REDIS_URL`` before
    ``REDIS_URL``. Without any there is a private server in the instance folder.

    Args:
        control_plane: whether there is one.
        log_level: what holds where neither says anything; None: the default of the platform.

    Raises:
        ConfigurationError: a value is wrong; it names the key.
    """
    sources: tuple[Mapping[str, Any], ...] = (os.environ, app.config)
    common = {PREFIX + COMMON: one[COMMON] for one in sources if one.get(COMMON)}
    fixed = {} if control_plane else WITHOUT_CONTROL_PLANE
    return guest_settings({**AS_A_GUEST, f"{PREFIX}LOG_LEVEL": log_level}, common, *sources, fixed)


def refuse_switched_off(app: Flask, settings: Mapping[str, Any]) -> None:
    """Take ``YOTO_RESILIENCE_ENABLED`` false from no application in production.

    Raises:
        ConfigurationError: guards are off, and ``app`` neither tests (``TESTING``) nor debugs
            (``DEBUG``).
    """
    if not (settings["RESILIENCE_ENABLED"] or app.testing or app.debug):
        raise ConfigurationError(
            ENABLED, "guards are switched off for tests alone: set TESTING before Yoto(app)"
        )
