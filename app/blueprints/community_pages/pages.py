"""``/`` and ``/servers/<id>``: frames that scripts fill from the API."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, render_template, request, url_for

from app.auth.session import SESSION_PREFIX
from yoto.auth.access import public
from yoto.control_plane import language, shell
from yoto.control_plane.choice import THEME
from yoto.control_plane.navigation import SHARED_TEXTS
from yoto.http.api import API_PREFIX
from yoto.room import rooms_of
from yoto.store.columns import utcnow

language.add_texts(Path(__file__).parents[2] / "locale")

# The texts that scripts may say: what the shared modules do, and the communities' own.
TEXTS = (*SHARED_TEXTS, "shell", "acts", "community", "community_acts")


def as_community_pages(blueprint: Blueprint) -> None:
    """Let the pages of ``blueprint`` look like each other, and keep language and theme."""
    blueprint.context_processor(_helpers)
    blueprint.after_request(_keep_choices)


def page_data(server_id: int | None = None) -> dict[str, Any]:
    """Data that scripts need about their page."""
    return {
        "language": language.LANGUAGE_TAGS[language.current_language()],
        "rights": [],
        "api": API_PREFIX,
        "token": SESSION_PREFIX,
        "sign_in": url_for("session.sign_in_form"),
        "sign_out": url_for("session.sign_out"),
        "servers": url_for("community_pages.my_servers"),
        "server": server_id,
        "rooms": [one.name for one in rooms_of(current_app)],
        "socket_path": f"{request.script_root}/socket.io",
        "vendor": shell.vendor(),
        "now": utcnow().isoformat(),
    }


def _helpers() -> dict[str, Any]:
    return {
        **{name: value for name, value in shell.helpers().items() if name != "page_data"},
        "here": _here,
        "community_data": page_data,
        "community_texts": TEXTS,
    }


def _here(**changed: str) -> str:
    """The address of this page with parameters changed."""
    address = url_for(request.endpoint or "", **(request.view_args or {}))
    return f"{address}?{urlencode({**request.args.to_dict(), **changed})}"


def _keep_choices(response: Response) -> Response:
    return THEME.remember(language.CHOICE.remember(response, "/"), "/")


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
