"""``/`` and ``/servers/<id>``: frames that scripts fill from the API."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.blueprints.community_pages.shell import as_community_pages
from yoto.auth.access import public

community_pages = Blueprint("community_pages", __name__)
as_community_pages(community_pages)


@community_pages.get("/")
@public("it holds nothing: what it shows comes from the API, for who is signed in")
def my_servers() -> str:
    """The servers that somebody is in."""
    return render_template("community/servers.html")


@community_pages.get("/servers/<int:server_id>")
@public("it holds nothing, and is the same for servers that are not there")
def server(server_id: int) -> str:
    """One server: channels and, for who may, all that is done about it."""
    return render_template("community/server.html", server_id=server_id)
