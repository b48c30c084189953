"""No page of another site makes somebody's browser change something.

The forms and calls of our own sessions carry a token. Where the application identifies the caller,
and so keeps the session, the browser's own headers decide.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

from flask import request, session
from werkzeug.exceptions import Forbidden, UnsupportedMediaType

from yoto.request.context import changes_something, settings

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
# Credentials that browsers add by themselves, as they do cookies, to what any page sends.
SENT_BY_BROWSERS = frozenset({"basic", "digest", "negotiate", "ntlm"})
OWN_PAGES = frozenset({"same-origin", "none"})  # "none": a bookmark, or a typed address


class CsrfFailed(Forbidden):
    """A form or a call came without the token of the session that it claims to belong to."""

    description = "The form does not belong to this session; reload the page and try again."


def csrf_token() -> str:
    """The token that every form of this session carries; made at the first call."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(32)
    return str(session["csrf"])


def check_csrf() -> None:
    """Accept the form of this request.

    Raises:
        CsrfFailed: the form's token is not the session's.
    """
    _compare(request.form.get(CSRF_FIELD, ""))


def check_csrf_header() -> None:
    """Accept the call of this request, which has the token in a header.

    Raises:
        CsrfFailed: it is not the session's.
    """
    _compare(request.headers.get(CSRF_HEADER, ""))


def check_own_site() -> None:
    """Accept this request if it changes nothing, or if no page of another site can have made it.

    The rules are those of ``http.CrossOriginProtection`` of Go: ``Sec-Fetch-Site``, which no page
    can set, else ``Origin``. A browser that says neither still sends no JSON to another site
    without asking first, so that is demanded, too. A token in ``Authorization`` is one that no
    browser adds.

    Raises:
        Forbidden: a page of another site sent it.
        UnsupportedMediaType: its ``Content-Type`` is one that forms of other sites can have.
    """
    scheme = request.headers.get("Authorization", "").partition(" ")[0].lower()
    if not changes_something() or scheme and scheme not in SENT_BY_BROWSERS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None and site not in OWN_PAGES:
        raise Forbidden(f"A page of another site sent this (Sec-Fetch-Site: {site}).")
    if site is None and origin is not None and not _is_own(origin):
        raise Forbidden(
            "A page of another site sent this, as Origin says. If it is a page of this one, a proxy"
            " changes Host: let it keep that, or set YOTO_PUBLIC_URL."
        )
    if not request.is_json:
        raise UnsupportedMediaType(
            "A change takes Content-Type: application/json; send {} where there is nothing to say."
        )


def _is_own(origin: str) -> bool:
    public = settings()["PUBLIC_URL"]
    own = {request.host} if public is None else {request.host, urlsplit(public).netloc}
    return urlsplit(origin).netloc in own


def _compare(given: str) -> None:
    expected = session.get("csrf", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise CsrfFailed
