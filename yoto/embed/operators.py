"""Operators of an embedding application: its own people, with the rights that it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask.ctx import RequestContext
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from yoto.api.people import Person
from yoto.auth.access import public
from yoto.auth.identity import Callers, Identity, init_callers
from yoto.auth.operators import (
    CONTROL_PREFIX,
    NOT_GRANTED,
    RIGHTS,
    VIEW,
    Operator,
    Via,
    account,
    init_operators,
    operator,
)
from yoto.control_plane import ControlPlane, as_pages, destination
from yoto.embed.callers import MANAGER
from yoto.embed.permissions import Other, own_id
from yoto.errors import ConfigurationError, PermissionDenied
from yoto.permission import NO_PERSON, number_of
from yoto.resilience import Settings
from yoto.store.db import db
from yoto.store.models import User

# Key in the WSGI environment of a request to the control plane, for the original environment.
AS_IT_CAME = "yoto.request_as_it_came"
# The levels of operators that an application returns, ascending; each includes the lower ones.
GRADES = tuple(right.removeprefix("platform.") for right in RIGHTS)
PAGES = "sign_in"
NAME_LENGTH = 64  # characters of a name in records


class Operators(Protocol):
    """How a control plane knows its operators.

    Attributes:
        guards: what guards their sign-in.
    """

    @property
    def guards(self) -> Mapping[str, Mapping[str, Settings]]: ...

    def init_app(self, plane: Flask, app: Flask) -> None:
        """Make ``plane``, the control plane of ``app``, identify operators this way."""

    def close(self, plane: Flask) -> None:
        """End what runs for them in ``plane``."""

    def control_plane(self) -> ControlPlane:
        """The further configuration of the control plane."""


class GuestOperators:
    """Identifies operators by the application that embeds the control plane.

    Records name an operator outside the people as ``operator:`` and the caller's id.

    Attributes:
        guards: none: people sign in elsewhere.
    """

    guards: Mapping[str, Mapping[str, Settings]] = {}

    def __init__(
        self,
        grade: Callable[[], str | None],
        caller: Callable[[], Any],
        sign_in: str | None = None,
    ) -> None:
        """No function is called yet.

        Args:
            grade: returns the level of the present request's operator, one of ``GRADES``; None: no
                operator. Called in a context of the application, with the original request.
            caller: returns the id of the caller, among the application's people.
            sign_in: endpoint of the application's page that signs people in, and leads back to the
                address in its parameter ``next``; by default that of Flask-Login.
        """
        self._grade = grade
        self._caller = caller
        self._sign_in = sign_in

    def init_app(self, plane: Flask, app: Flask) -> None:
        """Make ``plane``, the control plane of ``app``, identify operators this way."""
        init_operators(plane, lambda: self._identified(app))
        init_callers(plane, Callers(account, lambda: operator().credential))
        plane.register_blueprint(self._pages(app))

    @staticmethod
    def close(plane: Flask) -> None:
        """Do nothing: these operators need no background work in ``plane``."""

    def control_plane(self) -> ControlPlane:
        """The further configuration of the control plane."""
        return ControlPlane(person=_person, sign_in=f"{PAGES}.to_application")

    def _identified(self, app: Flask) -> Operator:
        with _as_it_came(app):
            grade, caller = self._grade(), self._caller()
        if grade is None:
            if caller is None:
                raise Unauthorized("Sign in first.")
            # Signing in again would not help.
            raise PermissionDenied(NOT_GRANTED, VIEW)
        if grade not in GRADES:
            raise ConfigurationError("operators", f"{grade!r} is not one of {', '.join(GRADES)}")
        rights = frozenset(RIGHTS[: GRADES.index(grade) + 1])
        number = (
            None if caller is None or isinstance(caller, Other) else number_of(own_id(app, caller))
        )
        if number in (None, NO_PERSON):
            # The caller is from another table than people, such as one of administrators.
            name = f"operator:{caller or 'unknown'}"[:NAME_LENGTH]
            return Operator(Via.SESSION, None, login=name, rights=rights)
        return Operator(Via.SESSION, Identity(number, super_admin=False), rights=rights)

    def _pages(self, app: Flask) -> Blueprint:
        pages = Blueprint(PAGES, __name__, url_prefix=CONTROL_PREFIX)
        as_pages(pages)

        @pages.get("/sign-in")
        @public("it leads to where a session comes from")
        def to_application() -> Response:
            wanted = destination.wanted()
            with _as_it_came(app):
                page = self._sign_in or _page_of_flask_login()
                address = None if page is None else url_for(page, next=wanted)
            if address is None:
                # The error handler of pages would redirect here again.
                raise Forbidden("Sign in to the application first, as one of its operators.")
            return redirect(address, 303)

        return pages


def _as_it_came(app: Flask) -> RequestContext:
    """A context with the present request to the control plane as a request to ``app``."""
    return app.request_context(request.environ[AS_IT_CAME])


def _page_of_flask_login() -> str | None:
    manager = getattr(current_app, MANAGER, None)
    return None if manager is None else manager.login_view


def _person(who: Operator) -> Person | None:
    if who.account is None:
        return None
    user = db.session.get(User, who.account.user_id)
    return None if user is None else Person(user.id, user.username, user.display_name)
