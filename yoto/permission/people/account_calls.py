"""Whether credentials still count, from memory, from Redis, or from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic

from flask import Flask
from sqlalchemy import Connection, and_, select

from yoto import tracing
from yoto.cache import ACCOUNT_PLACE, Entry, Loaded, Position
from yoto.permission.caching.caching import Caching
from yoto.permission.database.statements import table
from yoto.permission.outbox.positions import DATABASE_ONLY, required_position
from yoto.permission.outbox.watching import in_change
from yoto.permission.people.account_entry import (
    MOST_DENIALS,
    AccountFacts,
    accepts,
    is_super_admin,
    to_loaded,
)
from yoto.permission.state import EXTENSION, PermissionState, get_state_in_maintenance
from yoto.permission.verdict.stored import ending_by
from yoto.store.db import utcnow
from yoto.store.models import ROTATED, RevokedToken, User

# The span of a read of an account in traces.
SPAN = "account.load"

users, denials = table(User), table(RevokedToken)


class _NoAccount(Exception):
    """There is no such account. It is never cached, since the id may be given out any moment."""


@dataclass(frozen=True, slots=True)
class AccountVerdict:
    """The cached status of a credential.

    Attributes:
        accepted: None: only the database knows.
        super_admin: whether its account is one.
    """

    accepted: bool | None
    super_admin: bool = False


UNDECIDED = AccountVerdict(None)
REFUSED = AccountVerdict(False)
_ACCEPTED = {power: AccountVerdict(True, power) for power in (False, True)}


class AccountCalls:
    """The part of ``PermissionSystem`` about accounts; it works in maintenance too."""

    @staticmethod
    def answers_from_cache(app: Flask) -> bool:
        """Whether ``app`` now decides from memory or Redis, without the database.

        It does so for callers and permissions that one of these knows.
        """
        state: PermissionState | None = app.extensions.get(EXTENSION)
        caching = state.caching if state else None
        if state is None or caching is None or not state.registry.known:
            return False
        return caching.maintenance.known and monotonic() < caching.cache.tailer.fresh_until

    def judge_credential(
        self, user_id: int, epoch: int, denial_keys: Sequence[str]
    ) -> AccountVerdict:
        """Whether a credential counts, by the cache.

        Exact at the position that this context requires.

        It is undecided without a cache, for a caller in the middle of a change, and where an entry
        that says no may be older than the credential.

        Args:
            user_id: the id of its owner.
            epoch: the token epoch that it was made in.
            denial_keys: the ids of its sign-in and of itself.

        Raises:
            StoreUnavailable: neither memory nor Redis may decide, and the database did not answer.
        """
        caching = get_state_in_maintenance().caching
        required = required_position()
        if caching is None or required is DATABASE_ONLY or in_change():
            return UNDECIDED
        entry = _remembered(caching, user_id, required) or _found(caching, user_id, required)
        if entry is None:
            return REFUSED
        accepted = accepts(entry, epoch, denial_keys)
        if accepted:
            return _ACCEPTED[is_super_admin(entry)]
        return UNDECIDED if accepted is None else REFUSED


def _remembered(caching: Caching, user_id: int, required: Position | None) -> Entry | None:
    """The entry in memory, if it may be used as it is."""
    cache = caching.cache
    # Both are read before the slot: changes leave memory first, and the tailer moves on then.
    if required is not None and cache.tailer.applied < required:
        return None
    fresh_until = cache.tailer.fresh_until
    places = cache.lookup.find(user_id)
    slot = None if places is None else places.get(ACCOUNT_PLACE)
    now = monotonic()
    if slot is None or now >= slot.fresh_until or now >= fresh_until:
        return None
    cache.lookup.counts.l1_hits += 1
    return slot.entry


def _found(caching: Caching, user_id: int, required: Position | None) -> Entry | None:
    """The entry of any tier; None: there is no such account."""
    pool, directory = caching.pool, caching.directory

    def load() -> Loaded:
        until = {} if directory is None else directory.renew([user_id])
        with tracing.span(SPAN), pool.read() as connection:
            return ending_by(to_loaded(_facts(connection, user_id)), until.get(user_id))

    try:
        return caching.cache.get_or_load(user_id, ACCOUNT_PLACE, load, required)[0]
    except _NoAccount:
        return None


def _facts(connection: Connection, user_id: int) -> AccountFacts:
    """The account, in one statement; of its denials one more than an entry may hold.

    Raises:
        _NoAccount: there is none.
    """
    counting = and_(
        denials.c.user_id == users.c.id,
        # That of a spent refresh token refuses nothing else.
        denials.c.reason != ROTATED,
        denials.c.expires_at > utcnow(),
    )
    rows = connection.execute(
        select(users.c.super_admin, users.c.disabled, users.c.token_epoch, denials.c.token_key)
        .select_from(users.outerjoin(denials, counting))
        .where(users.c.id == user_id)
        .limit(MOST_DENIALS + 1)
    ).all()
    if not rows:
        raise _NoAccount
    first = rows[0]
    denied = {row.token_key for row in rows if row.token_key is not None}
    return AccountFacts(first.super_admin, first.disabled, first.token_epoch, denied)
