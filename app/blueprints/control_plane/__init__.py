"""The operators' pages."""

from app.blueprints.control_plane.pages import init_control

__all__ = ["init_control"]
