"""Signing in to the control plane, and out: by password and code, or with the break-glass token."""

from __future__ import annotations

import logging
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth import break_glass
from app.auth.session import (
    begin_session,
    end_session,
    start_break_glass_session,
    start_session,
)
from app.blueprints.auth.accounts import authenticate, counted_break_glass
from app.blueprints.operators import second_factor
from app.blueprints.operators.second_factor import StepRefused, prove_step
from app.extensions import permissions
from app.models import User
from yoto.api.people import Person
from yoto.auth.access import public
from yoto.auth.csrf import CsrfFailed, check_csrf
from yoto.auth.operators import CONTROL_PREFIX, VIEW, Operator, Via, become
from yoto.control_plane import as_pages, destination
from yoto.control_plane.sign_in import SignInForm
from yoto.errors import RateLimited, Rejected
from yoto.http.acts import record_act
from yoto.request.context import origin, read_only
from yoto.store.db import db, writing
from yoto.store.models import record_audit

log = logging.getLogger(__name__)

sign_in_pages = Blueprint("sign_in", __name__, url_prefix=CONTROL_PREFIX)
as_pages(sign_in_pages)

form = SignInForm(
    "operators/sign_in.html",
    "sign_in.sign_in",
    lambda: {"has_glass": break_glass.configured_hash() is not None},
)


def person(who: Operator) -> Person | None:
    """The account of an operator."""
    if who.account is None:
        return None
    user = db.session.get_one(User, who.account.user_id)
    return Person(user.id, user.username, user.display_name)


@sign_in_pages.get("/sign-in")
@public("this is where a session comes from")
def sign_in_form() -> str | AnyResponse:
    """The form; a signed-in operator goes on to the page that was wanted."""
    return form.open()


@sign_in_pages.post("/sign-in")
@read_only
@public("this is where a session comes from")
def sign_in() -> Any:
    """Start a session for an account that may view the control plane."""
    try:
        check_csrf()
    except CsrfFailed:
        return form.again("sign_in.stale", 403)
    if "glass" in request.form:
        return _break_glass(request.form["glass"].strip())
    if "code" in request.form:
        return _second_step(request.form["code"])
    try:
        user = authenticate(
            request.form.get("username", ""), request.form.get("password", ""), to_control=True
        )
    except Rejected as error:
        return form.later(error)
    if user is None:
        return form.again("sign_in.failed", 422)
    if not permissions.check_permission(user.id, VIEW):
        return form.again("sign_in.no_right", 403)
    if second_factor.is_asked(user.id):
        begin_session(user)
        return form.page(needs_code=True)
    return _signed_in(user)


def _second_step(code: str) -> Any:
    """The code step, for an account whose password was right."""
    try:
        found = prove_step(code)
    except RateLimited as error:
        return form.later(error)
    if isinstance(found, StepRefused):
        return form.again(found.text, found.status, needs_code=found.needs_code)
    if not permissions.check_permission(found.id, VIEW):
        return form.again("sign_in.no_right", 403)
    return _signed_in(found)


def _signed_in(user: User) -> AnyResponse:
    # It only read; a writer begins anew, or SQLite rejects it once another has written.
    db.session.rollback()
    with writing():
        record_audit("control.sign_in", f"user:{user.id}", by=user.id)
        db.session.commit()
    start_session(user)
    return redirect(destination.wanted(), 303)


def _break_glass(token: str) -> Any:
    """Start a session without account; it must work while database and Redis are down."""
    try:
        opened = counted_break_glass(token)
    except RateLimited as error:
        return form.later(error)
    if not opened:
        log.warning("a break-glass token was refused, from %s", origin().address)
        return form.again("sign_in.glass_failed", 422)
    start_break_glass_session()
    become(Operator(Via.BREAK_GLASS, None))
    log.critical("the break-glass token began a session without an account, %s", origin())
    record_act("control.break_glass", "control", reason="signed in with the break-glass token")
    return redirect(destination.wanted(), 303)


@sign_in_pages.post("/sign-out")
@public("it only ends the session that it is called with")
def sign_out() -> AnyResponse:
    """End the session."""
    check_csrf()
    end_session()
    return redirect(url_for("sign_in.sign_in_form"), 303)
