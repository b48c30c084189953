"""``flask control``: the control plane from a terminal."""

from app.cli.control.group import control

__all__ = ["control"]
