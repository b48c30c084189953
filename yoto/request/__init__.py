"""The request at hand: its record, its context, and what of it policies may ask."""

# Where the request's environment has the id that the request is called by.
REQUEST_ID_KEY = "yoto.request_id"
