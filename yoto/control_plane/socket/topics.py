"""Topics that can be followed, and the subscription of a client. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yoto.errors import ValidationFailed
from yoto.operate.live.events import ID
from yoto.operate.live.filters import TypeFilter

STATUS, PERFORMANCE, CACHE = "status", "performance", "cache"
EVENTS, TASKS, MAINTENANCE = "events", "tasks", "maintenance"
# Name of the message, and the types of events that belong to it.
EventTopic = tuple[str, TypeFilter]
# Views of the present, made periodically while clients follow them: message name, and seconds
# between two.
STATE_TOPICS = {
    STATUS: ("system_status", 5.0),
    PERFORMANCE: ("performance_stats", 1.0),
    CACHE: ("cache_stats", 2.0),
}
# Topics from the event stream, to which rooms add theirs.
EVENT_TOPICS: dict[str, EventTopic] = {
    EVENTS: ("permission_event", TypeFilter()),
    TASKS: ("task_progress", TypeFilter(["task.*"])),
    MAINTENANCE: ("maintenance_mode_change", TypeFilter(["maintenance.*"])),
}
_ID = re.compile(ID, re.ASCII)


def payload_of(name: str, event: dict[str, Any]) -> dict[str, Any]:
    """The payload of a message about an event; for maintenance that of its snapshot, and more."""
    if name != EVENT_TOPICS[MAINTENANCE][0]:
        return event
    return {**(event["data"] or {}), "id": event["id"], "at": event["at"]}


@dataclass(frozen=True, slots=True)
class Subscription:
    """A client's topics.

    Attributes:
        topics: of ``STATE_TOPICS`` and ``known``.
        types: filter of the topic ``events``.
        last_event_id: the last event that the client saw; None: it begins now.
        known: the topics from the event stream that the application has.
    """

    topics: frozenset[str] = frozenset()
    types: TypeFilter = field(default_factory=TypeFilter)
    last_event_id: str | None = None
    known: Mapping[str, EventTopic] = field(default_factory=lambda: EVENT_TOPICS)

    @property
    def hears_events(self) -> bool:
        """Whether any of its topics comes from the event stream."""
        return any(topic in self.known for topic in self.topics)

    def messages(self, kind: str) -> list[str]:
        """The names of messages that carry an event of this type."""
        return [
            name
            for topic, (name, own) in self.known.items()
            if topic in self.topics
            and own.wants(kind)
            and (topic != EVENTS or self.types.wants(kind))
        ]


def parse(data: Any, known: Mapping[str, EventTopic] = EVENT_TOPICS) -> Subscription:
    """The subscription in a message.

    Args:
        known: the topics from the event stream that there are.

    Raises:
        ValidationFailed: it is malformed; every wrong field is named.
    """
    if not isinstance(data, dict):
        raise ValidationFailed({"body": 'must be one object, {"topics": ["status"]}'})
    unknown = sorted(str(name) for name in data.keys() - {"topics", "filters", "last_event_id"})
    if unknown:
        raise ValidationFailed({name: "Unknown field." for name in unknown})
    return Subscription(
        parse_topics(data, known),
        _parse_types(data.get("filters")),
        _parse_id(data.get("last_event_id")),
        known,
    )


def parse_topics(data: dict[str, Any], known: Mapping[str, EventTopic]) -> frozenset[str]:
    """``topics`` of a message; raises ``ValidationFailed``."""
    topics, there = data.get("topics"), (*STATE_TOPICS, *known)
    names = ", ".join(there)
    if not isinstance(topics, list) or not topics or len(topics) > len(there):
        raise ValidationFailed({"topics": f"must be a list of 1 to {len(there)} of {names}"})
    for topic in topics:
        if topic not in there:
            raise ValidationFailed({"topics": f"{topic!r} is none of {names}"})
    return frozenset(topics)


def _parse_types(filters: Any) -> TypeFilter:
    if filters is None:
        return TypeFilter()
    if not isinstance(filters, dict) or filters.keys() - {"types"}:
        raise ValidationFailed({"filters": 'must be {"types": [...]}, or be left out'})
    types = filters.get("types", [])
    if not isinstance(types, list):
        raise ValidationFailed({"filters.types": "must be a list of types"})
    return TypeFilter(types, "filters.types")


def _parse_id(found: Any) -> str | None:
    if found is None:
        return None
    fits = isinstance(found, str) and _ID.fullmatch(found)
    if not fits:
        raise ValidationFailed({"last_event_id": "must be the id of an event, or null"})
    return str(found)
