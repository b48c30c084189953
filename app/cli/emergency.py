"""``flask emergency``: emergency access and emergencies, from the shell of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from flask.cli import AppGroup

from app.blueprints.emergency import declare as declare_emergency
from app.blueprints.emergency import end as end_access
from app.blueprints.emergency import recent
from app.blueprints.emergency import take as take_access
from yoto.cli.operations import command
from yoto.cli.permission import user_id_of

emergency = AppGroup("emergency", help="Emergency access, and emergencies.")

LongReason = Annotated[str, "10 to 500 characters."]


@command(emergency, "take <user>", writes=True)
def take(user: str, minutes: Annotated[int, "1 to 60."], reason: LongReason) -> str:
    """Give USER (username or id) emergency access."""
    taken = take_access(user_id_of(user), reason, minutes, actor_id=None)
    return f"Emergency access {taken.id} holds until {taken.until.isoformat()}."


@command(emergency, "end <access_id>", writes=True)
def end(access_id: int) -> str:
    """End emergency access ACCESS_ID."""
    end_access(access_id, actor_id=None)
    return f"Emergency access {access_id} is over."


@command(emergency, "list")
def list_access() -> Iterator[str]:
    """Show who took emergency access lately, newest first."""
    for taken in recent():
        until = taken.ended_at or taken.until
        yield (
            f"{taken.id:>6}  user {taken.user_id}  {taken.taken_at.isoformat()} to "
            f"{until.isoformat()}  {taken.reason}"
        )


@command(emergency, "declare <state>", writes=True)
def declare(state: Literal["on", "off"], reason: LongReason) -> str:
    """Declare an emergency, or that it is over."""
    declare_emergency(state == "on", reason, actor_id=None)
    return f"Emergency: {state}."
