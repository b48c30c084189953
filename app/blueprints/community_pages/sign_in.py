"""Signing in to the pages, and out; accounts; and the access tokens that pages call the API with.

The cookie goes to these addresses alone and opens nothing but the token, which the page keeps in
its memory: no page of another site can read it, and nothing of it stays when the page is left.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.exceptions import Conflict, Unauthorized
from werkzeug.wrappers import Response

from app.auth.session import (
    SESSION_PREFIX,
    begin_session,
    end_session,
    session_claim,
    start_session,
)
from app.auth.tokens import access_token_of
from app.blueprints.auth import accounts
from app.blueprints.auth.views import RegisterSchema
from app.blueprints.community_pages.pages import as_community_pages
from app.blueprints.operators import second_factor
from app.blueprints.operators.second_factor import StepRefused, prove_step
from app.extensions import permissions
from app.guards import REGISTER
from app.models import User
from yoto.auth.access import public
from yoto.auth.csrf import CsrfFailed, check_csrf, csrf_token
from yoto.auth.guessing import address
from yoto.control_plane import language
from yoto.control_plane.messages import translated
from yoto.control_plane.pages import as_page
from yoto.errors import MaintenanceMode, RateLimited, Rejected
from yoto.http.database_problems import problem_of
from yoto.request.context import read_only
from yoto.resilience import rate_limit
from yoto.store.columns import utcnow
from yoto.store.db import db

SERVER_PAGE = "/servers/"
LONGEST = 2000  # characters of an address to go on to

session_pages = Blueprint("session", __name__, url_prefix=SESSION_PREFIX)
as_community_pages(session_pages)

# The limit of the API's registration: it is one door with two handles.
_register = rate_limit(REGISTER, key=address)(accounts.register)


@session_pages.get("")
@public("its credential is the session's cookie")
def session() -> Response:
    """The signed-in person, with an access token for the API that ends with the session; null
    for nobody.
    """
    try:
        claim = session_claim()
        user_id = claim.identity(confirmed=True).user_id
    except Unauthorized:
        answer = make_response({"user": None})
    else:
        user = db.session.get_one(User, user_id)
        left = int((claim.ends_at - utcnow()).total_seconds())
        seconds = max(1, min(int(current_app.config["ACCESS_TOKEN_SECONDS"]), left))
        token = access_token_of(user_id, claim.epoch, claim.family, claim.since, seconds)
        answer = make_response(
            {
                "user": {
                    "id": user_id,
                    "username": user.username,
                    "display_name": user.display_name,
                    "super_admin": user.super_admin,
                },
                "access_token": token,
                "expires_in": seconds,
                "csrf_token": csrf_token(),
            }
        )
    answer.headers["Cache-Control"] = "no-store"
    return answer


@session_pages.get("/sign-in")
@public("this is where a session comes from")
def sign_in_form() -> str | Response:
    """The form; who is signed in already goes on to the page that was wanted."""
    try:
        session_claim().identity()
    except Unauthorized:
        return _page("sign_in")
    return redirect(_wanted(), 303)


@session_pages.post("/sign-in")
@read_only
@public("this is where a session comes from")
def sign_in() -> Any:
    """Start a session by password and, for an account that has a second factor, code."""
    try:
        check_csrf()
    except CsrfFailed:
        return _page("sign_in", message=language.translate("sign_in.stale")), 403
    if "code" in request.form:
        return _second_step(request.form["code"])
    try:
        user = accounts.authenticate(
            request.form.get("username", ""), request.form.get("password", "")
        )
    except Rejected as error:
        return _later("sign_in", error)
    if user is None:
        return _page("sign_in", message=language.translate("sign_in.failed")), 422
    if second_factor.is_asked(user.id):
        begin_session(user)
        return _page("sign_in", needs_code=True)
    start_session(user)
    return redirect(_wanted(), 303)


def _second_step(code: str) -> Any:
    try:
        found = prove_step(code)
    except RateLimited as error:
        return _later("sign_in", error)
    if isinstance(found, StepRefused):
        message = language.translate(found.text)
        return _page("sign_in", needs_code=found.needs_code, message=message), found.status
    start_session(found)
    return redirect(_wanted(), 303)


@session_pages.get("/register")
@public("an account cannot be asked for before there is one")
def register_form() -> str:
    """The form for a new account."""
    return _page("register")


@session_pages.post("/register")
@public("an account cannot be asked for before there is one")
def register() -> Any:
    """Make an account, by the rules of the API, and sign in with it."""
    try:
        check_csrf()
    except CsrfFailed:
        return _page("register", message=language.translate("sign_in.stale")), 403
    names = ("username", "display_name", "password")
    given = {name: request.form.get(name, "") for name in names}
    try:
        permissions.demand_service()
        user = _register(**RegisterSchema().load(given))
    except MaintenanceMode as error:
        message = translated(str(error), language.current_language())
        return _page("register", message=message, given=given), 503
    except ValidationError as error:
        errors = {
            name: [translated(text, language.current_language()) for text in texts]
            for name, texts in error.normalized_messages().items()
        }
        return _page("register", errors=errors, given=given), 422
    except Conflict:
        taken = {"username": [language.translate("community.name_taken")]}
        return _page("register", errors=taken, given=given), 409
    except Rejected as error:
        return _later("register", error)
    start_session(user)
    return redirect(_wanted(), 303)


@session_pages.post("/sign-out")
@public("it only ends the session that it is called with")
def sign_out() -> Response:
    """End the session, and the access tokens that it gave."""
    check_csrf()
    end_session()
    return redirect(url_for("session.sign_in_form"), 303)


def _page(name: str, **values: Any) -> str:
    asked = request.query_string.decode(errors="replace")
    return render_template(f"community/{name}.html", asked=f"?{asked}" if asked else "", **values)


def _later(name: str, error: Rejected) -> Response:
    """The page for somebody who must wait: status and headers are those of the problem."""
    text = language.translate("sign_in.wait", wait=language.wait(error.retry_after))
    return as_page(problem_of(error), _page(name, message=text))


def _wanted() -> str:
    """The page of the community that ``next`` names, or the list of servers. Its path is one of
    ours, and its parameters are encoded anew, so that it is no address of another host.
    """
    home = url_for("community_pages.my_servers")
    path, _, query = request.args.get("next", "")[:LONGEST].partition("?")
    page = path.removeprefix(request.script_root)
    number = page.removeprefix(SERVER_PAGE)
    if not (page.startswith(SERVER_PAGE) and number.isascii() and number.isdigit()):
        return home
    address = url_for("community_pages.server", server_id=int(number))
    try:
        parameters = urlencode(parse_qsl(query, max_num_fields=50))
    except ValueError:
        return address
    return f"{address}?{parameters}" if parameters else address
