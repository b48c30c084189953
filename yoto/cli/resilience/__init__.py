"""``flask resilience``: show and control guards, their configuration and the global switches."""

from yoto.cli.resilience import entries, guards
from yoto.cli.resilience.group import resilience

__all__ = ["entries", "guards", "resilience"]
