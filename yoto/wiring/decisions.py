"""Decision-record settings from the configuration."""

from __future__ import annotations

from flask import Flask

from yoto.permission import RecordSettings
from yoto.settings import read


def record_settings(app: Flask) -> RecordSettings | None:
    """Which decisions ``app`` records, and for how long; None: none."""
    if not app.config["DECISION_RECORDS"]:
        return None
    return read(RecordSettings, app.config)
