"""Sessions of operators: a signed cookie of the control plane alone. It names the operator and the
epoch in which it began, and both are looked up at each request.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import session
from werkzeug.exceptions import Unauthorized

from yoto.api.people import Person
from yoto.auth.operators import Operator, Via, bearer_token
from yoto.store.columns import utcnow

from . import service
from .service import OwnOperator

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
    found = None if utcnow() >= ends_at else service.active(session[ID], session[EPOCH])
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
        service.end_sessions(session[ID], session[EPOCH])
    session.clear()
