"""The return value of every write."""

from __future__ import annotations

from dataclasses import dataclass, field

from flask import current_app

from yoto.permission.outbox.watching import has_touched, written_position
from yoto.store.db import db


def last_position() -> str | None:
    """The invalidation-log position of the current session's last commit.

    None while it is in the middle of a change, if it changed nothing that verdicts depend on, and
    in an app without a cache.
    """
    if not current_app or not db.session.registry.has():
        return None
    session = db.session()
    return None if has_touched(session) else written_position(session)


@dataclass(frozen=True, slots=True)
class WriteReceipt:
    """Proof of a change.

    Attributes:
        position: the place of the change in the invalidation log, or a token of the outbox for it;
            None: not committed yet, or not in a log.
        ids: database ids of the rows made or changed, in the order asked for.
    """

    position: str | None = field(default_factory=last_position)
    ids: tuple[int, ...] = ()
