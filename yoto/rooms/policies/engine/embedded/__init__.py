"""The engine in this process."""

from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine

__all__ = ["EmbeddedEngine"]
