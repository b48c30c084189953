"""From requests to Redis: the buffer, the log that workers learn from, and the histories."""

from yoto.prefetch.recording.flusher import Flusher
from yoto.prefetch.recording.history import BehaviourHistory, Kept
from yoto.prefetch.recording.log import BehaviourLog
from yoto.prefetch.recording.recorder import BehaviourRecorder, Visit

__all__ = [
    "BehaviourHistory",
    "BehaviourLog",
    "BehaviourRecorder",
    "Flusher",
    "Kept",
    "Visit",
]
