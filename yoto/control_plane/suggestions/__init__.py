"""What could be tuned, what is being tried, and what came of it."""

from yoto.control_plane.suggestions.views import suggestions_control

__all__ = ["suggestions_control"]
