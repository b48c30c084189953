"""``/api/v1/servers/<id>/members`` and ``/bans``: who is in a server, and who is kept out."""

from app.blueprints.servers.members.views import members

__all__ = ["members"]
