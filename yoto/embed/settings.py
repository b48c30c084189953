"""Where an embedded Yoto finds its Redis."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from yoto.redis import RedisSettings

PREFIX = "YOTO_"
# The one name without our prefix: many applications and hosts have it.
COMMON = "REDIS_URL"


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
