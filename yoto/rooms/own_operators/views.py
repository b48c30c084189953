"""The pages on which operators sign in, and out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from yoto.auth.access import public
from yoto.auth.csrf import CsrfFailed, check_csrf
from yoto.auth.operators import CONTROL_PREFIX
from yoto.control_plane import as_pages, destination
from yoto.control_plane.sign_in import SignInForm
from yoto.errors import Rejected
from yoto.request.context import read_only

from .service import authenticate
from .session import end_session, start_session

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
