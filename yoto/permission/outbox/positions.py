"""The positions that a verdict must include, from the caller's argument and from its request.

A position is the log's own (``1700000000000-3``) or, for a change that the log does not have yet, a
token of the outbox (``outbox-17``), which is honoured by reading the database.
"""

from __future__ import annotations

import re
from contextvars import ContextVar, Token
from dataclasses import dataclass, field

from flask import current_app

from yoto.cache import Position
from yoto.errors import ValidationFailed
from yoto.permission.database.pool import SidePool
from yoto.permission.outbox.publisher import TOKEN_PREFIX
from yoto.permission.outbox.rows import position_of
from yoto.permission.outbox.watching import has_dirty_tags, written_position
from yoto.store.db import db

# Beyond every position that can be given out: only the database includes it.
DATABASE_ONLY = Position(1 << 100)

_TOKEN = re.compile(rf"{TOKEN_PREFIX}([1-9][0-9]{{0,18}})", re.ASCII)

_required: ContextVar[Position | None] = ContextVar("yoto_required_position", default=None)
required_position = _required.get


def set_required(position: Position | None) -> Token[Position | None]:
    """From now on every check in this context must include ``position``."""
    return _required.set(position)


def to_position(text: str, pool: SidePool, field: str = "at_least") -> Position:
    """The position that ``text`` names; ``DATABASE_ONLY`` if the log does not have it yet.

    Raises:
        ValidationFailed: it names ``field``: neither a position nor a token, or a token that was
            never given out.
        StoreUnavailable: only the database knows, and it did not answer.
    """
    match = _TOKEN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return Position.parse(text, field)
    event_id = int(match[1])
    with pool.read() as connection:
        known, position = position_of(connection, event_id)
    if not known:
        raise ValidationFailed({field: f"{text} is from the future: it was never issued"})
    return DATABASE_ONLY if position is None else Position.parse(position)


def last_position() -> str | None:
    """The invalidation-log position of the current session's last commit.

    None while it is in the middle of a change, if it changed nothing that verdicts depend on, and
    in an app without a cache.
    """
    if not current_app or not db.session.registry.has():
        return None
    session = db.session()
    return None if has_dirty_tags(session) else written_position(session)


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
