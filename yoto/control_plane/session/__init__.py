"""Who is signed in to the control plane."""

from yoto.control_plane.session.views import session_control

__all__ = ["session_control"]
