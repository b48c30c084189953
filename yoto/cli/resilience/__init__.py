"""``flask resilience``: show and control guards, their configuration and the global switches."""

from yoto.cli.resilience import breakers, entries, guards, trying
from yoto.cli.resilience.group import resilience

__all__ = ["breakers", "entries", "guards", "resilience", "trying"]
