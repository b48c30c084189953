"""The present state of the platform: status, statistics and events.

One module makes each view; the JSON routes, the sockets and ``flask control`` show the same.
Moments are ms since 1970 throughout, as in the event stream.
"""
