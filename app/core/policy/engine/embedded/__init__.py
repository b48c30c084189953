"""The engine in this process."""

from app.core.policy.engine.embedded.admission import admit
from app.core.policy.engine.embedded.engine import EmbeddedEngine
from app.core.policy.engine.embedded.module import new_engine, syntax_of

__all__ = ["EmbeddedEngine", "admit", "new_engine", "syntax_of"]
