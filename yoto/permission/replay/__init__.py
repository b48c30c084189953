"""Replay of a recorded decision: the same verdict now, or the changes since."""

from yoto.permission.replay.replaying import Replaying
from yoto.permission.replay.report import Replay

__all__ = ["Replay", "Replaying"]
