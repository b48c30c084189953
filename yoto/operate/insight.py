"""Which operators may know about other people.

``platform.view`` alone lets nobody read what others may do: as in the application's API that takes
``server.audit`` in the server concerned, or ``admin.audit``. An API token must have been made for
it (``platform.insight``), and its account have these. The break-glass token opens this too, since
it is for when rights themselves are broken. Where the application says which rights operators have,
those may who may operate.
"""

from __future__ import annotations

from collections.abc import Iterable

from yoto.api.people import number_called
from yoto.api.permissions.checks.service import PLATFORM_AUDIT, Question, demand_insight
from yoto.auth.operators import INSIGHT, OPERATE, demand_in_credential, demand_right, operator
from yoto.errors import MaintenanceMode, UnknownResource, ValidationFailed
from yoto.extensions import permissions
from yoto.http.fields import declared_id
from yoto.nodes import NodeId


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


def open_question(
    permission: str, scope: str, scope_id: NodeId | None, *, spelled: bool = True
) -> Question:
    """The question, if the operator may have it answered about anybody.

    Args:
        spelled: a query has the id, in which integers are texts.

    Raises:
        ValidationFailed: field ``scope_id``: not an id of this type.
        and as ``demand_operators_insight``.
    """
    question = Question(
        permission, scope, declared_id(scope, scope_id, "scope_id", spelled=spelled)
    )
    demand_operators_insight([question])
    return question


def asked_user(user_id: int | None, username: str | None) -> int:
    """The user of this id or of this name; a program as ``application:3``, and who is not signed in
    as ``public``.

    Raises:
        ValidationFailed: neither was given, or both.
        UnknownResource: nobody has the name.
    """
    if (user_id is None) == (username is None):
        raise ValidationFailed({"user_id": "Give either user_id or username."})
    found = number_called(username) if username is not None else user_id
    if found is None:
        raise UnknownResource("user", username, "username")
    return found
