"""``flask control``: the control plane from a terminal."""

from __future__ import annotations

from yoto.cli.operations import group_of
from yoto.operate.first_steps import first_steps
from yoto.operate.instances import instances
from yoto.operate.live.events import events
from yoto.operate.live.status import status
from yoto.operate.log_level import log_level
from yoto.operate.maintenance import maintenance

from . import audit, live
from .group import control

__all__ = ["audit", "control", "live"]

for one in group_of(status, first_steps, events, instances).commands.values():
    control.add_command(one)
control.add_command(group_of(maintenance))
control.add_command(group_of(log_level))
