"""Slots that live as long as their process sends heartbeats."""

from .heartbeat import Heartbeat
from .slot import Slot

__all__ = ["Heartbeat", "Slot"]
