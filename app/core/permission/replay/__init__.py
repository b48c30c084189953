"""Going back to a recorded decision: the same verdict now, or what has changed since."""

from app.core.permission.replay.replaying import Replaying
from app.core.permission.replay.report import Replay

__all__ = ["Replay", "Replaying"]
