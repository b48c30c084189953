"""From requests to Redis: the buffer, the log that workers learn from, and the histories."""

from yoto.rooms.prefetch.recording.flusher import Flusher
from yoto.rooms.prefetch.recording.log import BehaviourHistory, BehaviourLog, Kept
from yoto.rooms.prefetch.recording.recorder import BehaviourRecorder, Visit

__all__ = [
    "BehaviourHistory",
    "BehaviourLog",
    "BehaviourRecorder",
    "Flusher",
    "Kept",
    "Visit",
]
