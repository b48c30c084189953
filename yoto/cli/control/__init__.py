"""``flask control``: the control plane from a terminal."""

from __future__ import annotations

from yoto.cli.operations import group_of
from yoto.operate.forecasts import forecasts
from yoto.operate.log_level import log_level
from yoto.operate.maintenance import maintenance

from . import audit
from .group import control
from .live import add_live

__all__ = ["audit", "control"]

add_live(control)
control.add_command(group_of(maintenance))
control.add_command(group_of(log_level))
control.add_command(group_of(forecasts).commands["forecast"])
