"""Access requests: their life and their events as values, their rows, who may lend, and the clock
that closes them.
"""

from yoto.permission.requests.facts import AccessRequestEvent
from yoto.permission.requests.requesting import Requesting
from yoto.permission.requests.settling import RequestDesk, RequestSettings

__all__ = ["AccessRequestEvent", "RequestDesk", "RequestSettings", "Requesting"]
