"""How the platform is now: status, statistics and events.

One module makes each picture; the JSON routes, the sockets and ``flask control`` show the same.
Moments are ms since 1970 throughout, as in the event stream.
"""

from yoto.control_plane.live.event_views import events_control
from yoto.control_plane.live.pictures import init_live
from yoto.control_plane.live.views import stats_control, status_control

__all__ = [
    "events_control",
    "init_live",
    "stats_control",
    "status_control",
]
