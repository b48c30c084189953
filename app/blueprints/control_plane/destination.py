"""Where somebody is taken who has signed in: the page that they wanted, and nowhere else."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import request, url_for

from app.blueprints.control_plane.navigation import PAGES

FIELD = "next"
LONGEST = 2000


def wanted() -> str:
    """The page that the parameter ``next`` of this request names, or the overview."""
    return checked(request.args.get(FIELD, "")) or url_for("control.overview")


def form_address() -> str:
    """Where the form of the sign-in page is sent, with the page that was wanted."""
    return url_for("control.sign_in", **_unless_overview(wanted()))


def sign_in_address() -> str:
    """The sign-in page, which leads back to the page that this request asks for."""
    asked = request.full_path if request.query_string else request.path
    back = checked(request.script_root + asked) if request.method == "GET" else None
    return url_for("control.sign_in_form", **_unless_overview(back))


def _unless_overview(page: str | None) -> dict[str, str]:
    return {} if page is None or page == url_for("control.overview") else {FIELD: page}


def checked(address: str) -> str | None:
    """``address`` if it is that of a page of the control plane; None if it is anything else.

    Browsers read much as the address of another host (``//evil``, ``/\\evil``), so nothing is taken
    over but the path of a page that is known, and parameters that are encoded anew.
    """
    path, _, query = address.partition("?")
    endpoints = ("control.status", *(f"control.{page.key}" for page in PAGES))
    if len(address) > LONGEST or path not in {url_for(endpoint) for endpoint in endpoints}:
        return None
    try:
        parameters = urlencode(parse_qsl(query, max_num_fields=50))
    except ValueError:
        return None
    return f"{path}?{parameters}" if parameters else path
