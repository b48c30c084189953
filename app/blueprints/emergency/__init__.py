"""Emergency access, and the emergency of the whole platform."""

from app.blueprints.emergency.views import emergency

__all__ = ["emergency"]
