"""The request at hand: its record, its context, and the part of it that policies may ask for."""

# Key of the request's id in its WSGI environment.
REQUEST_ID_KEY = "yoto.request_id"
