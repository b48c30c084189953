"""The engine in this process."""

from yoto.policy.engine.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
