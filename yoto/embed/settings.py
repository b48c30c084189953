"""Where an embedded Yoto finds its Redis, and whether its guards are on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from yoto.errors import ConfigurationError
from yoto.redis import RedisSettings

PREFIX = "YOTO_"
# The one name without our prefix: many applications and hosts have it.
COMMON = "REDIS_URL"
ENABLED = f"{PREFIX}RESILIENCE_ENABLED"


def redis_settings(app: Flask) -> RedisSettings:
    """The settings of ``RedisStore``, with ``YOTO_`` before each.

    The configuration of ``app`` comes before the environment, and ``YOTO_REDIS_URL`` before
    ``REDIS_URL``. Without any there is a private server in the instance folder.

    Raises:
        ConfigurationError: a value is wrong; it names the key.
    """
    given: dict[str, Any] = {}
    sources: tuple[Mapping[str, Any], ...] = (os.environ, app.config)
    for source in sources:
        if source.get(COMMON):
            given[COMMON] = source[COMMON]
    for source in sources:
        given |= {
            key.removeprefix(PREFIX): value
            for key, value in source.items()
            if key.startswith(f"{PREFIX}REDIS_")
        }
    return RedisSettings.from_config(given, app.instance_path)


def guards_enabled(app: Flask) -> bool:
    """What ``YOTO_RESILIENCE_ENABLED`` says, in the configuration of ``app`` or the environment.

    Raises:
        ConfigurationError: it is neither true nor false; or false, and the application neither
            tests (``TESTING``) nor debugs (``DEBUG``): nobody takes guards off in production.
    """
    given = app.config.get(ENABLED, os.environ.get(ENABLED, True))
    known = {"1": True, "true": True, "0": False, "false": False}
    enabled = given if isinstance(given, bool) else known.get(str(given).lower())
    if enabled is None:
        raise ConfigurationError(ENABLED, f"{given!r} is not right: true or false")
    if not (enabled or app.testing or app.debug):
        raise ConfigurationError(
            ENABLED, "guards are switched off for tests alone: set TESTING before Yoto(app)"
        )
    return enabled
