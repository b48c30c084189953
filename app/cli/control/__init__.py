"""``flask control``: the control plane from a terminal."""

from app.cli.control.group import control
from app.cli.control.live import add_live

add_live(control)

__all__ = ["control"]
