"""Typed events in one Redis stream, and the tailer that passes them to listeners."""

from .extension import Events, EventState, new_instance_id
from .facts import (
    BreakerTransitioned,
    ConfigChanged,
    ConfigRestored,
    DegradationChanged,
    EventsCleared,
    RejectionBurst,
    StoreLost,
    StoreRecovered,
    SwitchChanged,
    TaskFinished,
    TaskProgressed,
)
from .stream import (
    BEGINNING,
    EventStream,
    Gap,
    StoredEvent,
    StreamInfo,
    find_gap,
    position,
    to_plain,
    type_of,
)
from .tailer import Tailer
from .types import Event, UnknownEvent, decode, encode, event_type, registered_types

__all__ = [
    "BEGINNING",
    "BreakerTransitioned",
    "ConfigChanged",
    "ConfigRestored",
    "DegradationChanged",
    "Event",
    "EventState",
    "EventStream",
    "EventsCleared",
    "Events",
    "Gap",
    "RejectionBurst",
    "StoreLost",
    "StoreRecovered",
    "StoredEvent",
    "StreamInfo",
    "SwitchChanged",
    "Tailer",
    "TaskFinished",
    "TaskProgressed",
    "UnknownEvent",
    "decode",
    "encode",
    "event_type",
    "new_instance_id",
    "registered_types",
    "find_gap",
    "position",
    "to_plain",
    "type_of",
]
