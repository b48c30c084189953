"""The command group."""

from __future__ import annotations

from flask.cli import AppGroup

control = AppGroup("control", help="The control plane from a terminal.")
