"""``/api/v1/servers``: communities, the people in them, and the ways in."""

from app.blueprints.servers.invites import invites
from app.blueprints.servers.members import members

__all__ = ["invites", "members"]
