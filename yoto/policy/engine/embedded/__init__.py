"""The engine in this process."""

from yoto.policy.engine.embedded.admission import admit
from yoto.policy.engine.embedded.engine import EmbeddedEngine
from yoto.policy.engine.embedded.module import new_engine, syntax_of

__all__ = ["EmbeddedEngine", "admit", "new_engine", "syntax_of"]
