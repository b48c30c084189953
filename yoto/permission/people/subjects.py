"""Holders of roles: a person, an application, a team, everybody of a node, or the public."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.nodes import APPLICATIONS, PUBLIC_NUMBER, shown_text
from yoto.permission.loading.finding import checked_home, require
from yoto.permission.people.kinds import PUBLIC, Application, Everyone, Public, Team
from yoto.permission.people.numbers import SubjectId, number_of, person_number
from yoto.permission.registry.scopes import Place, checked_id, node_of_text, place_of_text
from yoto.store.models import ProgramAccount
from yoto.store.models import Team as TeamRow
from yoto.store.models import User

Subject: TypeAlias = SubjectId | Application | Team | Everyone | Public


class Holder(NamedTuple):
    """A subject as the tables store it."""

    text: str
    user_id: int | None = None
    team_id: int | None = None
    home: str | None = None


def holder_of(session: Session, subject: Any, field: str = "subject") -> Holder:
    """An existing subject.

    Raises:
        ValidationFailed: no subject; ``UnknownResource``: there is none. Both name ``field``.
    """
    if subject is PUBLIC:
        return Holder("public")
    if isinstance(subject, Team):
        found = require(session, TeamRow, subject.id, field)
        return Holder(f"team:{found.id}", team_id=found.id)
    if isinstance(subject, Everyone):
        home = checked_home(session, tuple(subject), field)
        return Holder(f"everyone:{home}", home=home)
    if isinstance(subject, Application):
        require(session, ProgramAccount, subject.id, field)
        return Holder(f"user:{subject.number}", user_id=subject.number)
    number = person_number(subject, field)
    if number > APPLICATIONS:
        return holder_of(session, Application(number - APPLICATIONS), field)
    return Holder(f"user:{require(session, User, number, field).id}", user_id=number)


def subject_text(subject: Any, field: str = "subject") -> str:
    """A subject as texts for people and the log have it: ``user:42``, ``application:3``,
    ``team:5``, ``everyone:server:7``, ``public``.

    Raises:
        ValidationFailed: no subject; names ``field``.
    """
    match subject:
        case Public():
            return "public"
        case Application(id=number):
            return f"application:{number}"
        case Team(id=number):
            return f"team:{number}"
        case Everyone():
            return f"everyone:{shown_text(str(Place(*subject)))}"
    number = number_of(subject, field)
    if number == PUBLIC_NUMBER:
        return "public"
    if number > APPLICATIONS:
        return f"application:{number - APPLICATIONS}"
    return f"user:{number}"


def name_of_no_person(number: int) -> str | None:
    """The name of a program or the public; None: a person."""
    return None if number < APPLICATIONS else subject_text(number)


def subject_of_text(text: str, field: str = "subject") -> Subject:
    """The subject that such a text names; ``user:`` is followed by the person's number.

    Raises:
        ValidationFailed: no subject has it; names ``field``.
    """
    if text == "public":
        return PUBLIC
    kind, _, rest = text.partition(":")
    if kind == "everyone":
        return Everyone(*node_of_text(rest, field))
    elif kind in _BY_NUMBER and rest.isascii() and rest.isdecimal() and len(rest) < 20:
        found: Subject = _BY_NUMBER[kind](checked_id(int(rest), field))
        return found
    raise ValidationFailed(
        {field: "write user:42, application:3, team:5, everyone:TYPE:ID or public"}
    )


def target_of_text(text: str, field: str = "target") -> dict[str, Any]:
    """The target of an overwrite, ``role:9`` or a subject that is no set but a team, as arguments
    of its write.

    Raises:
        ValidationFailed: no target has this text; names ``field``.
    """
    kind, _, digits = text.partition(":")
    if kind == "role" and digits.isascii() and digits.isdecimal() and len(digits) < 20:
        return {"role_id": checked_id(int(digits), field)}
    found = subject_of_text(text, field)
    if isinstance(found, Team):
        return {"team_id": found.id}
    if kind not in ("user", "application"):
        raise ValidationFailed({field: "must be a role, a person, a program or a team"})
    return {"user_id": found}


_BY_NUMBER: dict[str, Any] = {"user": int, "application": Application, "team": Team}


def shown_subject(text: str) -> Any:
    """A subject from its text in the table; a person as the number."""
    if text == "public":
        return PUBLIC
    kind, _, rest = text.partition(":")
    if kind == "everyone":
        place = place_of_text(rest)
        return Everyone(place.kind, place.id)
    number = int(rest)
    if kind == "team":
        return Team(number)
    return Application(number - APPLICATIONS) if number > APPLICATIONS else number
