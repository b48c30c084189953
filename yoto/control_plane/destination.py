"""The page to which an operator is taken after signing in: the one that they wanted."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import current_app, request, url_for
from werkzeug.exceptions import HTTPException

from yoto.operate.application import of_application

FIELD = "next"
LONGEST = 2000


def wanted() -> str:
    """The page that the parameter ``next`` of this request names, or the overview."""
    return checked(request.args.get(FIELD, "")) or url_for("control.overview")


def leading_on(endpoint: str) -> str:
    """The address of ``endpoint``, such as that of a form, with the wanted page in ``next``."""
    return url_for(endpoint, **_unless_overview(wanted()))


def sign_in_address() -> str | None:
    """The address of the sign-in page, which leads back to this request's page; None: operators
    sign in elsewhere.
    """
    page = of_application().sign_in
    if page is None:
        return None
    asked = request.full_path if request.query_string else request.path
    back = checked(request.script_root + asked) if request.method == "GET" else None
    return url_for(page, **_unless_overview(back))


def _unless_overview(page: str | None) -> dict[str, Any]:
    return {} if page is None or page == url_for("control.overview") else {FIELD: page}


def checked(address: str) -> str | None:
    """``address`` if it is that of a page of the control plane; None if it is anything else.

    Browsers read many texts as addresses of another host (``//evil``, ``/\\evil``), so only the
    path of a known page is kept, with its parameters encoded anew.
    """
    path, _, query = address.partition("?")
    if len(address) > LONGEST or not _is_page(path):
        return None
    try:
        parameters = urlencode(parse_qsl(query, max_num_fields=50))
    except ValueError:
        return None
    return f"{path}?{parameters}" if parameters else path


def _is_page(path: str) -> bool:
    """Whether the path is, letter for letter, the one that the application gives a page."""
    inside = path.removeprefix(request.script_root)
    try:
        endpoint, values = current_app.url_map.bind("").match(inside, "GET")
    except HTTPException:
        return False
    return endpoint.startswith("control.") and path == url_for(endpoint, **values)
