"""``/api/v1/servers``: communities, the people in them, and the ways in."""
