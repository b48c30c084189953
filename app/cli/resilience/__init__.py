"""``flask resilience``: see and steer guards, their configuration and the global switches."""

from app.cli.resilience import breakers, entries, guards, trying
from app.cli.resilience.group import resilience

__all__ = ["breakers", "entries", "guards", "resilience", "trying"]
