"""``/api/v1/servers/<id>/members`` and ``/bans``: the members of a server, and the banned users."""

from app.blueprints.servers.members.views import members

__all__ = ["members"]
