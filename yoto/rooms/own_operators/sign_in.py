"""Sessions of operators, the pages on which they sign in and out, and what a control plane asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Flask, redirect, request, session, url_for
from werkzeug.exceptions import Unauthorized
from werkzeug.wrappers import Response as AnyResponse

from yoto.api.people import Person
from yoto.auth.access import public
from yoto.auth.csrf import CsrfFailed, check_csrf
from yoto.auth.failed_sign_ins import failures_of, init_failures
from yoto.auth.guessing import CONTROL_GUARDS, CONTROL_SIGN_IN
from yoto.auth.identity import Callers, init_callers
from yoto.auth.operators import (
    CONTROL_PREFIX,
    Operator,
    Via,
    account,
    bearer_token,
    init_operators,
    operator,
)
from yoto.cli.tables import AFTER_SETUP
from yoto.cli.tables import yoto as commands
from yoto.control_plane import ControlPlane, as_pages, destination
from yoto.control_plane.sign_in import SignInForm
from yoto.errors import Rejected
from yoto.hashing import HashingTurns
from yoto.request.context import read_only
from yoto.store.columns import utcnow

from . import accounts
from .accounts import EXTENSION_KEY, OwnOperator, administrators, authenticate, operator_of
from .commands import missing_first, with_operators

LIFETIME = timedelta(hours=12)  # a working day, whatever the activity; then a new sign-in
AUTHOR = "operator:"  # followed by the name, as records name authors
ID, EPOCH, SINCE = "operator", "epoch", "since"


def identify() -> Operator:
    """The operator who makes this request, as the table has them now.

    Raises:
        Unauthorized: no operator is signed in, or the session has ended.
        StoreUnavailable: the database does not answer.
    """
    # A request with a token as credential has no form token.
    if bearer_token() is not None or ID not in session:
        raise Unauthorized("Sign in first.")
    ends_at = datetime.fromtimestamp(session[SINCE], UTC) + LIFETIME
    found = None if utcnow() >= ends_at else accounts.active(session[ID], session[EPOCH])
    if found is None:
        raise Unauthorized("Sign in first.")
    return Operator(
        Via.SESSION,
        None,
        login=AUTHOR + found.name,
        ends_at=ends_at,
        rights=frozenset(found.rights),
    )


def person(who: Operator) -> Person:
    """An operator's name on the pages; the number is that of the table."""
    name = who.credential.removeprefix(AUTHOR)
    return Person(session[ID], name, name)


def start_session(who: OwnOperator) -> None:
    """Sign an operator in. Previous contents of the cookie are dropped (session fixation)."""
    session.clear()
    session.permanent = True
    session[ID] = who.id
    session[EPOCH] = who.epoch
    session[SINCE] = int(utcnow().timestamp())


def end_session() -> None:
    """Sign out, in every browser: the cookie is emptied, and copies of it are refused."""
    if ID in session:
        accounts.end_sessions(session[ID], session[EPOCH])
    session.clear()


sign_in_pages = Blueprint("sign_in", __name__, url_prefix=CONTROL_PREFIX)
as_pages(sign_in_pages)

form = SignInForm("control/sign_in.html", "sign_in.sign_in")


@sign_in_pages.get("/sign-in")
@public("this is where a session comes from")
def sign_in_form() -> str | AnyResponse:
    """The form; an operator who is signed in already goes on to the wanted page."""
    return form.open()


@sign_in_pages.post("/sign-in")
@read_only
@public("this is where a session comes from")
def sign_in() -> Any:
    """Start a session by name and password."""
    try:
        check_csrf()
    except CsrfFailed:
        return form.again("sign_in.stale", 403)
    try:
        found = authenticate(request.form.get("username", ""), request.form.get("password", ""))
    except Rejected as error:
        return form.later(error)
    if found is None:
        return form.again("sign_in.failed", 422)
    start_session(found)
    return redirect(destination.wanted(), 303)


@sign_in_pages.post("/sign-out")
@read_only
@public("it only ends the sessions of whose it is called with")
def sign_out() -> AnyResponse:
    """End the session."""
    check_csrf()
    end_session()
    return redirect(url_for("sign_in.sign_in_form"), 303)


class OwnOperators:
    """Identifies operators who sign in to the control plane itself.

    Attributes:
        guards: the guards of the sign-in.
    """

    guards = CONTROL_GUARDS

    def init_app(self, plane: Flask, app: Flask) -> None:
        """Make ``plane``, the control plane of ``app``, identify operators this way."""
        init_operators(plane, identify)
        init_callers(plane, Callers(account, lambda: operator().credential))
        plane.extensions[EXTENSION_KEY] = HashingTurns()
        init_failures(plane, operator_of)
        plane.config["PERMANENT_SESSION_LIFETIME"] = LIFETIME
        plane.register_blueprint(sign_in_pages)
        app.cli.add_command(with_operators(commands))
        app.extensions[AFTER_SETUP] = missing_first

    @staticmethod
    def close(plane: Flask) -> None:
        """Wait for records about operators that ``plane`` has still to write."""
        failures_of(plane).close()

    def control_plane(self) -> ControlPlane:
        """The further configuration of the control plane."""
        return ControlPlane(
            person=person,
            sign_in="sign_in.sign_in_form",
            sign_out="sign_in.sign_out",
            sign_in_limits=frozenset({CONTROL_SIGN_IN}),
            limits_against_guessing=frozenset(CONTROL_GUARDS),
            administrators=lambda most: administrators(),
        )
