"""Who can hold a role: a person, an application, a team, everybody of a node, or the public."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from sqlalchemy.orm import Session

from yoto.errors import UnknownResource
from yoto.nodes import APPLICATIONS
from yoto.permission.keys import SubjectId, person_number
from yoto.permission.kinds import PUBLIC, Application, Everyone, Public, Team
from yoto.permission.rows import checked_home, require
from yoto.permission.scopes import checked_id, place_of_text
from yoto.store.models import ProgramAccount
from yoto.store.models import Team as TeamRow
from yoto.store.models import User

Subject: TypeAlias = SubjectId | Application | Team | Everyone | Public


class Holder(NamedTuple):
    """A subject as the tables have it."""

    text: str
    user_id: int | None = None
    team_id: int | None = None
    home: str | None = None


def holder_of(session: Session, subject: Any, field: str = "subject") -> Holder:
    """A subject that is there.

    Raises:
        ValidationFailed: no subject; ``UnknownResource``: there is none. Both name ``field``.
    """
    if subject is PUBLIC:
        return Holder("public")
    if isinstance(subject, Team):
        found = session.get(TeamRow, checked_id(subject.id, field))
        if found is None:
            raise UnknownResource("team", subject.id, field)
        return Holder(f"team:{found.id}", team_id=found.id)
    if isinstance(subject, Everyone):
        home = checked_home(session, tuple(subject), field)
        return Holder(f"everyone:{home}", home=home)
    if isinstance(subject, Application):
        if session.get(ProgramAccount, checked_id(subject.id, field)) is None:
            raise UnknownResource("application", subject.id, field)
        return Holder(f"user:{subject.number}", user_id=subject.number)
    number = person_number(subject, field)
    if number > APPLICATIONS:
        return holder_of(session, Application(number - APPLICATIONS), field)
    return Holder(f"user:{require(session, User, number, field).id}", user_id=number)


def shown_subject(text: str) -> Any:
    """A subject from the table; of a person the number."""
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
