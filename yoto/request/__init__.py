"""The request at hand: its record, its context, and the part of it that policies may ask for."""

# Key of the request's id in its WSGI environment.
REQUEST_ID_KEY = "yoto.request_id"

# Key of the seconds that it waited for a thread of the server, where the server measures them.
QUEUED_KEY = "yoto.queued_seconds"
