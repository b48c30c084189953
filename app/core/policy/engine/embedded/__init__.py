"""The engine in this process."""

from app.core.policy.engine.embedded.engine import EmbeddedEngine
from app.core.policy.engine.embedded.module import builtins, new_engine

__all__ = ["EmbeddedEngine", "builtins", "new_engine"]
