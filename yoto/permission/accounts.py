"""Accounts: whether credentials count, who may change them, and changes that are reported.

The cache entry of an account: whether a credential that was made for it still counts.
The epoch only grows and a denial is never taken back, so a refusal for either is right however old
the entry is. Every other refusal may come from the entry's age: only the database knows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import msgspec
from flask import Flask, current_app
from sqlalchemy import Connection, and_, select

from yoto import cache, tracing
from yoto.cache import ACCOUNT_PLACE, Entry, Loaded, Position
from yoto.errors import PermissionDenied, ValidationFailed
from yoto.permission.caching.caching import Caching
from yoto.permission.database.statements import table
from yoto.permission.database.transactions import write
from yoto.permission.directory import Directory, directory_of, roles_of
from yoto.permission.outbox.positions import DATABASE_ONLY, WriteReceipt, required_position
from yoto.permission.outbox.watching import in_change, mark_dirty
from yoto.permission.people.numbers import SubjectId, current_keys, person_number
from yoto.permission.rank.administrators import keeping_an_administrator
from yoto.permission.rank.delegation import delegated_grants, role_closure
from yoto.permission.rank.hierarchy import Authority
from yoto.permission.rank.not_below import check_none_above
from yoto.permission.registry.scopes import checked_id
from yoto.permission.state import EXTENSION, PermissionState, get_state_in_maintenance
from yoto.permission.verdict.stored import ending_by
from yoto.permission.verdict.verdict import ROLE_TOO_HIGH, Decision
from yoto.store.columns import utcnow
from yoto.store.db import db
from yoto.store.models import NOWHERE, ROTATED, Effect, RevokedToken, Role, RoleAssignment, User

# Denied sign-ins of one account that an entry holds, 32 characters each; with more of them the
# database is asked about each credential.
MOST_DENIALS = 64

_SUPER_ADMIN, _DISABLED, _MANY_DENIALS = 1, 2, 4
_EPOCH_SHIFT = 3

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(frozenset[str])


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account as the database has it.

    Attributes:
        epoch: credentials made for an earlier one are refused.
        denied: sign-ins and tokens of the account that are refused and did not run out yet.
    """

    super_admin: bool
    disabled: bool
    epoch: int
    denied: Collection[str]


def to_loaded(facts: AccountFacts) -> Loaded:
    """An account for the cache."""
    mask = facts.epoch << _EPOCH_SHIFT
    mask |= _SUPER_ADMIN * facts.super_admin | _DISABLED * facts.disabled
    if len(facts.denied) > MOST_DENIALS:
        return Loaded(mask | _MANY_DENIALS)
    return Loaded(mask, detail=_encoder.encode(sorted(facts.denied)) if facts.denied else b"")


def is_super_admin(entry: Entry) -> bool:
    """Whether the account is a super-admin."""
    return bool(entry.mask & _SUPER_ADMIN)


def accepts(entry: Entry, epoch: int, keys: Iterable[str]) -> bool | None:
    """Whether a credential counts; None: only the database knows.

    Args:
        epoch: the epoch that the credential was made in.
        keys: the id of its sign-in and its own; a denial of either refuses it.
    """
    mask = entry.mask
    known_epoch = mask >> _EPOCH_SHIFT
    if known_epoch > epoch:
        return False
    if entry.detail and not _decoder.decode(entry.detail).isdisjoint(keys):
        return False
    if known_epoch != epoch or mask & (_DISABLED | _MANY_DENIALS):
        return None
    return True


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
        super_admin: whether the account is a super-admin.
    """

    accepted: bool | None
    super_admin: bool = False


UNDECIDED = AccountVerdict(None)
REFUSED = AccountVerdict(False)
_ACCEPTED = {power: AccountVerdict(True, power) for power in (False, True)}


class Accounts:
    """Whether credentials count, who may disable or enable an account, and changes of people that
    the platform cannot see itself. Accounts are not written here.

    All of it works in maintenance, too: operators lock accounts out then.
    """

    @staticmethod
    def answers_from_cache(app: Flask) -> bool:
        """Whether ``app`` now decides from memory or Redis, without the database.

        It does so for callers and permissions that memory or Redis knows.
        """
        state: PermissionState | None = app.extensions.get(EXTENSION)
        caching = state.caching if state else None
        if state is None or caching is None or not state.registry.known:
            return False
        return caching.maintenance.known and monotonic() < caching.cache.tailer.fresh_until

    def check_credential(
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

    def check_not_above(self, actor_id: SubjectId, user_id: SubjectId) -> None:
        """Go on only when the user stands not above the actor on the platform.

        Raises:
            PermissionDenied: with reason ``outranked``.
        """
        user_id = person_number(user_id)
        actor_id = person_number(actor_id, "actor_id")
        authority = Authority(get_state_in_maintenance(), db.session(), actor_id)
        check_none_above(authority, [NOWHERE], [user_id])

    def check_enabling(self, actor_id: SubjectId, user_id: SubjectId) -> None:
        """Go on only when the user's global roles give nothing that the actor lacks: an enabled
        account has them again. Its rights in servers are for their administrators to limit.

        Raises:
            PermissionDenied: with reason ``lacks_permission``; ``role_too_high`` for a role above
                the actor that sleeps, or that one of them inherits from.
        """
        user_id = person_number(user_id)
        actor_id = person_number(actor_id, "actor_id")
        session = db.session()
        authority = Authority(get_state_in_maintenance(), session, actor_id)
        held = select(Role).join(RoleAssignment, RoleAssignment.role_id == Role.id)
        held = held.where(RoleAssignment.user_id == user_id, Role.home == NOWHERE)
        roles = {one for role in session.scalars(held) for one in role_closure(session, role)}
        authority.check_delegation(
            delegated_grants(session, authority.registry, roles, Effect.ALLOW, NOWHERE)
        )
        # Later gains of a role above the actor would reach the account, too.
        if any(role.position > authority.rank(NOWHERE) for role in roles):
            raise PermissionDenied(Decision(False, ROLE_TOO_HIGH))

    @staticmethod
    def keeping_an_administrator(field: str = "user_id") -> AbstractContextManager[None]:
        """Refuse a change of accounts in the running transaction that leaves no administrator.

        Writes of this system are checked automatically.

        Args:
            field: the caller's name for the subject of the refusal.

        Raises:
            LastAdministrator: on leaving the block.
        """
        return keeping_an_administrator(db.session(), field)

    def people_changed(self, ids: Iterable[SubjectId], *, commit: bool = True) -> WriteReceipt:
        """Invalidate the reports about people: they were disabled, say, or deleted.

        Call it after the change. Where a function knows the people, it is asked about each of these
        before their permissions are read again; other people have it from their columns, whose
        changes through the session are seen without this call.

        Args:
            ids: the people who changed, whether or not they were ever checked.
            commit: commit now; else the caller commits, and until then it counts in their
                transaction alone.

        Raises:
            ValidationFailed: an id is none (field ``ids``).
            StoreUnavailable: the database did not answer.
        """
        return _changed(ids, commit, directory_of(_current()))

    def roles_changed(self, ids: Iterable[SubjectId], *, commit: bool = True) -> WriteReceipt:
        """Invalidate the roles that a function provides for people.

        It is asked about each of these before their permissions are read again.

        Args:
            ids, commit: as in ``people_changed``.

        Raises: as ``people_changed``.
        """
        return _changed(ids, commit, roles_of(_current()))


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
    """The account, in one statement, with one more of its denials than an entry may hold.

    Raises:
        _NoAccount: there is none.
    """
    counting = and_(
        denials.c.user_id == users.c.id,
        # The denial of a spent refresh token refuses nothing else.
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


def _current() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]


def _changed(
    ids: Iterable[SubjectId], commit: bool, directory: Directory[Any] | None
) -> WriteReceipt:
    get_state_in_maintenance()
    if isinstance(ids, str):
        raise ValidationFailed({"ids": "must be several, such as a list of one"})
    given, keys = list(ids), current_keys()
    with write(commit) as session:
        if keys is None:
            numbers = {checked_id(one, "ids") for one in given}
        else:
            numbers = keys.given(session, given, "ids")
        if directory is not None:
            directory.end(session, numbers)
        else:
            mark_dirty(session, *map(cache.tags.user, sorted(numbers)))
    return WriteReceipt()
