"""Who is signed in to the control plane."""

from app.blueprints.control_plane.session.views import session_control

__all__ = ["session_control"]
