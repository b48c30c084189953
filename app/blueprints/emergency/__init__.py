"""Emergency access, and the emergency of the whole platform."""

from app.blueprints.emergency.service import declare, end, recent, take
from app.blueprints.emergency.views import emergency

__all__ = ["declare", "emergency", "end", "recent", "take"]
