"""The command group."""

from __future__ import annotations

from flask.cli import AppGroup

cache = AppGroup("cache", help="Look at cached verdicts, throw them away, bring hot ones in.")
