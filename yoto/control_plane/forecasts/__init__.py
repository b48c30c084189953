"""What the next minutes will be like, what was not as expected, and what changed its nature."""

from yoto.control_plane.forecasts.views import forecasts_control

__all__ = ["forecasts_control"]
