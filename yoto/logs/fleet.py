"""Follows the level that operators set for all processes."""

from __future__ import annotations

from flask import Flask

from yoto.logs.levels import set_level
from yoto.resilience import FLEET, Kind, LogConfig, Resilience, Settings


def follow_fleet(app: Flask, logger: str = "") -> None:
    """Have this process log from the level on that operators set, as soon as it is heard of.

    Until they do, and when what they set is over, it is that of the configuration.

    Args:
        logger: whose lines these are; by default all that have no level of their own.
    """

    def follow(config: Settings) -> None:
        assert isinstance(config, LogConfig)
        set_level(config.level or app.config["LOG_LEVEL"], logger)

    Resilience.of(app).on_config_change(Kind.LOG, FLEET, follow)
