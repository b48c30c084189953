"""Access requests: their life and their events as values, their rows, the rules for lending, and
the clock that closes them.
"""

from yoto.permission.requests.facts import AccessRequestEvent
from yoto.permission.requests.requesting import Requesting
from yoto.permission.requests.settling import RequestDesk, RequestSettings

__all__ = ["AccessRequestEvent", "RequestDesk", "RequestSettings", "Requesting"]
