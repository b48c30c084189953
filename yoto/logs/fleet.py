"""Follows the level that operators set for all processes."""

from __future__ import annotations

from flask import Flask

from yoto.logs.levels import set_level
from yoto.resilience import FLEET, Kind, LogConfig, Resilience, Settings


def follow_fleet(app: Flask, logger: str = "") -> None:
    """Make this process follow the log level that operators set.

    Without one, and when it has expired, the level is that of the configuration.

    Args:
        logger: the logger whose level is set; by default all that have no level of their own.
    """

    def follow(config: Settings) -> None:
        assert isinstance(config, LogConfig)
        set_level(config.level or app.config["LOG_LEVEL"], logger)

    Resilience.of(app).on_config_change(Kind.LOG, FLEET, follow)
