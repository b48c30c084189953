"""``flask control``: the control plane from a terminal."""

from __future__ import annotations

from .audit import add_audit
from .forecast import add_forecast
from .group import control
from .live import add_live
from .switches import add_switches

__all__ = ["control"]

add_live(control)
add_switches(control)
add_audit(control)
add_forecast(control)
