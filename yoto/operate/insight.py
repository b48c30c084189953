"""Which operators may know about other people.

``platform.view`` alone lets nobody read what others may do: as in the application's API that takes
``server.audit`` in the server concerned, or ``admin.audit``. An API token must have been made for
it (``platform.insight``), and its account have these. The break-glass token opens this too, since
it is for when rights themselves are broken. Where the application says which rights operators have,
those may who may operate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from yoto.api.people import number_called
from yoto.api.permissions.checks.service import (
    PLATFORM_AUDIT,
    Question,
    demand_insight,
    question_of,
)
from yoto.auth.operators import (
    INSIGHT,
    OPERATE,
    demand_in_credential,
    demand_right,
    operator,
)
from yoto.errors import MaintenanceMode, UnknownResource
from yoto.extensions import permissions


def demand_operators_insight(questions: Iterable[Question]) -> None:
    """Go on only when the operator may know about others in all these places.

    Raises:
        PermissionDenied: the token was not made for it.
        and as ``demand_insight``.
    """
    demand_in_credential(INSIGHT)
    who = operator()
    if who.rights is not None:
        demand_right(OPERATE)
        return
    account = who.account
    if account is not None:
        demand_insight(account.user_id, questions, sees_all=True)


def has_insight() -> bool:
    """Whether the operator may know about others everywhere.

    In maintenance the rights of the application are not asked, and nobody with an account may.
    """
    who = operator()
    if who.limit is not None and INSIGHT not in who.limit:
        return False
    if who.rights is not None:
        return OPERATE in who.rights
    account = who.account
    try:
        return account is None or permissions.check_permission(account.user_id, PLATFORM_AUDIT)
    except MaintenanceMode:
        return False


def open_question(asked: Mapping[str, Any]) -> Question:
    """The question in a request, if the operator may have it answered about anybody."""
    question = question_of(asked)
    demand_operators_insight([question])
    return question


def asked_user(asked: Mapping[str, Any]) -> int:
    """The user that a request names by id or by name; a program as ``application:3``, and who is
    not signed in as ``public``.

    Raises:
        UnknownResource: nobody has the name.
    """
    if asked["user_id"] is not None:
        return int(asked["user_id"])
    found = number_called(asked["username"])
    if found is None:
        raise UnknownResource("user", asked["username"], "username")
    return found
