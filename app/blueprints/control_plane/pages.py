"""The pages under ``/control/``: sign-in and out, those of the navigation, the worker's status."""

from __future__ import annotations

import logging
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    json,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from app.auth import break_glass
from app.auth.session import (
    begin_session,
    end_session,
    pending_user,
    start_broken_glass,
    start_session,
)
from app.blueprints.auth.failures import Failure, note_failure
from app.blueprints.auth.service import authenticate, counted_glass
from app.blueprints.control_plane import ages, destination, language, shell, theme
from app.blueprints.control_plane.navigation import PAGES, Page
from app.blueprints.control_plane.second_factor import service as second_factor
from app.blueprints.control_plane.status import init_process, read_status
from app.extensions import permissions
from yoto.errors import PermissionDenied, RateLimited, Rejected
from yoto.http.access import public
from yoto.http.acts import record_act
from yoto.http.addresses import CONTROL_PREFIX
from yoto.http.audit import audit
from yoto.http.context import origin, read_only
from yoto.http.csrf import CsrfFailed, check_csrf
from yoto.http.database_problems import problem_of
from yoto.http.operators import RIGHTS, VIEW, Operator, Via, become, may, operator, right
from yoto.store.db import db, writing
from yoto.store.models import User

log = logging.getLogger(__name__)

control = Blueprint("control", __name__, url_prefix=CONTROL_PREFIX)


def init_control(app: Flask) -> None:
    """Register the pages."""
    init_process(app)
    app.register_blueprint(control)


def _add(page: Page) -> None:
    """Serve a page of the navigation. Its data comes from ``/control/api``."""

    @control.get(page.path, endpoint=page.key)
    @right(page.right)
    def view() -> str:
        return render_template(f"control/{page.key}.html", page=page, **signed_in_as())


for _page in PAGES:
    _add(_page)


@control.get("/status")
@right(VIEW)
def status() -> str:
    """How the worker that answers is, and what it runs on; needs no script."""
    return render_template("control/status.html", status=read_status(), **signed_in_as())


def signed_in_as() -> dict[str, Any]:
    """Who looks at a page, what they may do, and the pages that are for them.

    Behind the break-glass token is nobody's account.
    """
    account = operator().account
    user = None if account is None else db.session.get_one(User, account.user_id)
    rights = [name for name in RIGHTS if may(name)]
    return {"signed_in": True, "user": user, "rights": rights, "pages": shell.reachable(rights)}


@control.get("/sign-in")
@public("this is where a session comes from")
def sign_in_form() -> str | AnyResponse:
    """The form; who is signed in already goes on to the page that was wanted."""
    try:
        operator()
    except Unauthorized:
        return _sign_in_page()
    return redirect(destination.wanted(), 303)


@control.post("/sign-in")
@read_only
@public("this is where a session comes from")
def sign_in() -> Any:
    """Start a session for somebody who may see the control plane."""
    try:
        check_csrf()
    except CsrfFailed:
        return _sign_in_again("sign_in.stale", 403)
    if "glass" in request.form:
        return _break_glass(request.form["glass"].strip())
    if "code" in request.form:
        return _second_step(request.form["code"])
    try:
        user = authenticate(
            request.form.get("username", ""), request.form.get("password", ""), to_control=True
        )
    except Rejected as error:
        return _sign_in_later(error)
    if user is None:
        return _sign_in_again("sign_in.failed", 422)
    if not permissions.check_permission(user.id, VIEW):
        return _sign_in_again("sign_in.no_right", 403)
    if second_factor.is_asked(user.id):
        begin_session(user)
        return _sign_in_page(needs_code=True)
    return _signed_in(user)


def _second_step(code: str) -> Any:
    """The code of somebody whose password was right."""
    user = pending_user()
    if user is None:
        return _sign_in_again("sign_in.stale", 403)
    user_id, name = user.id, user.username
    try:
        proved = second_factor.prove(user_id, code)
    except RateLimited as error:
        note_failure(name, Failure.LOCKED_OUT)
        return _sign_in_later(error)
    if not proved:
        note_failure(name, Failure.SECOND_FACTOR)
        return _sign_in_again("sign_in.code_failed", 422, needs_code=True)
    if not permissions.check_permission(user_id, VIEW):
        return _sign_in_again("sign_in.no_right", 403)
    return _signed_in(db.session.get_one(User, user_id))


def _signed_in(user: User) -> AnyResponse:
    # It only read; a writer begins anew, or SQLite refuses it once somebody else has written.
    db.session.rollback()
    with writing():
        audit("control.sign_in", f"user:{user.id}", actor_id=user.id)
        db.session.commit()
    start_session(user)
    return redirect(destination.wanted(), 303)


def _break_glass(token: str) -> Any:
    """Start a session without account; it must work while database and Redis are down."""
    try:
        opened = counted_glass(token)
    except RateLimited as error:
        return _sign_in_later(error)
    if not opened:
        log.warning("a break-glass token was refused, from %s", origin().address)
        return _sign_in_again("sign_in.glass_failed", 422)
    start_broken_glass()
    become(Operator(Via.BREAK_GLASS, None))
    log.critical("the glass was broken: a session without account began, %s", origin())
    record_act("control.break_glass", "control", reason="signed in with the break-glass token")
    return redirect(destination.wanted(), 303)


@control.post("/sign-out")
@public("it only ends the session that it is called with")
def sign_out() -> AnyResponse:
    """End the session."""
    check_csrf()
    end_session()
    return redirect(url_for("control.sign_in_form"), 303)


@control.errorhandler(Unauthorized)
def to_sign_in(error: Unauthorized) -> AnyResponse:
    """Nobody is signed in (any more)."""
    return redirect(destination.sign_in_address(), 303)


@control.errorhandler(Exception)
def show_problem(error: Exception) -> Response:
    """The same problem as the API would answer, as a page."""
    answer = problem_of(error)
    facts = json.loads(answer.get_data())
    denied = isinstance(error, PermissionDenied)
    page = render_template("control/problem.html", problem=facts, denied=denied)
    return _as_page(answer, page)


@control.context_processor
def page_helpers() -> dict[str, Any]:
    """What every template of the pages may use."""
    return shell.helpers()


@control.after_request
def keep_choices(response: Response) -> Response:
    """A language or theme that was chosen stays chosen."""
    return theme.CHOICE.remember(language.CHOICE.remember(response))


def _sign_in_page(**values: Any) -> str:
    return render_template(
        "control/sign_in.html",
        action=destination.form_address(),
        has_glass=break_glass.configured_hash() is not None,
        **values,
    )


def _sign_in_again(
    message: str, status_code: int, needs_code: bool = False, **values: str
) -> tuple[str, int]:
    told = language.translate(message, **values)
    return _sign_in_page(message=told, needs_code=needs_code), status_code


def _sign_in_later(error: Rejected) -> Response:
    page, _ = _sign_in_again("sign_in.wait", 429, wait=ages.wait(error.retry_after))
    return _as_page(problem_of(error), page)


def _as_page(answer: Response, page: str) -> Response:
    """The status and headers of a problem with a page for people."""
    answer.set_data(page)
    answer.mimetype = "text/html"
    return answer
