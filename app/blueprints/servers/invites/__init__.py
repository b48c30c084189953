"""``/api/v1/invites``: codes that lead into a server."""

from app.blueprints.servers.invites.views import invites

__all__ = ["invites"]
