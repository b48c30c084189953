"""Access requests as facts: their states, their events, and the clock that closes them."""

from yoto.permission.requests.facts import AccessRequestEvent
from yoto.permission.requests.settling import RequestDesk, RequestSettings

__all__ = ["AccessRequestEvent", "RequestDesk", "RequestSettings"]
