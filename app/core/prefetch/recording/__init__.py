"""From requests to Redis: the buffer, the log that workers learn from, and the histories."""

from app.core.prefetch.recording.flusher import AWAY, Flusher
from app.core.prefetch.recording.history import BehaviourHistory, Kept
from app.core.prefetch.recording.log import BEGINNING, BehaviourLog, LogEntry, Tail
from app.core.prefetch.recording.recorder import BehaviourRecorder, Visit

__all__ = [
    "AWAY",
    "BEGINNING",
    "BehaviourHistory",
    "BehaviourLog",
    "BehaviourRecorder",
    "Flusher",
    "Kept",
    "LogEntry",
    "Tail",
    "Visit",
]
