"""Going back to a recorded decision: the same verdict now, or what has changed since."""

from yoto.permission.replay.replaying import Replaying
from yoto.permission.replay.report import Replay

__all__ = ["Replay", "Replaying"]
