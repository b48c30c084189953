"""Writing the record of policies: one transaction a change, with its audit record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import exc, func, select, update
from sqlalchemy.orm import Session

from yoto.errors import ValidationFailed
from yoto.rooms.policies.store.entry import EntryChange, Revisions, StoredSet, source_hash
from yoto.rooms.policies.store.reading import ENGINE, OVERRUN, stored_set
from yoto.rooms.policies.tables import (
    Policy,
    PolicyKind,
    PolicyRevision,
    PolicyState,
    PolicyVersion,
)
from yoto.store.columns import utcnow
from yoto.store.models import User, account_of, record_audit
from yoto.store.sessions import reading, recording


class Overtaken(Exception):
    """Somebody else wrote a revision first; nothing was written."""


class PolicyWriter:
    """Writes changes of one application's policies."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first call."""
        self._app = app

    def write(self, revisions: Revisions) -> list[int]:
        """Write revisions, all or none.

        Returns:
            The version of each that became live, a candidate or the past.

        Raises:
            Overtaken: their ``base`` is not the newest revision any more.
            ValidationFailed: the author is an account that does not exist.
            StoreUnavailable: the database did not answer; nothing was written.
        """
        try:
            with recording(self._app) as session:
                _refuse_overtaken(session, revisions)
                return [
                    _write(session, revisions, number, change)
                    for number, change in enumerate(revisions.changes, revisions.base + 1)
                ]
        except exc.IntegrityError:
            with reading(self._app) as session:
                _refuse_overtaken(session, revisions)
            raise

    def write_overrun(self, version: str, author: str, reason: str) -> None:
        """Write that no process may evaluate the set ``version`` any more, unless that is written.

        Args:
            author: the worker that found the overrun; it is no account.

        Raises:
            Overtaken: another writer wrote a revision meanwhile.
            StoreUnavailable: the database did not answer; nothing was written.
        """
        with self._changing_none() as session:
            stored = stored_set(session)
            if version not in stored.overruns:
                _mark(session, stored, OVERRUN, author, version, None)
                record_audit(
                    f"policy.{OVERRUN}",
                    f"bundle:{version}",
                    by=author,
                    reason=reason,
                    session=session,
                )

    def write_engine(self, stored: StoredSet, engine: str | None, author: str) -> None:
        """Record the fleet's engine, after ``stored``; raises as ``write_overrun``."""
        with self._changing_none() as session:
            _mark(session, stored, ENGINE, author, stored.bundle().version, engine)
            record_audit(
                f"policy.{ENGINE}",
                "policies",
                by=author,
                before={"engine": stored.engine},
                after={"engine": engine},
                session=session,
            )

    @contextmanager
    def _changing_none(self) -> Iterator[Session]:
        """A transaction that writes a revision in which no policy changes."""
        try:
            with recording(self._app) as session:
                yield session
                session.flush()
        except exc.IntegrityError:
            raise Overtaken from None

    def acknowledge(self, name: str, author: str, reason: str) -> None:
        """Record that somebody has reviewed a policy in force, or a candidate, by its name.

        Raises:
            ValidationFailed: the author is an account that does not exist.
            StoreUnavailable: the database did not answer; nothing was written.
        """
        with recording(self._app) as session:
            entry = select(Policy.id).where(Policy.kind == PolicyKind.REGO, Policy.name == name)
            session.execute(
                update(PolicyVersion)
                .where(
                    PolicyVersion.policy_id == entry.scalar_subquery(),
                    PolicyVersion.state.in_((PolicyState.LIVE, PolicyState.CANDIDATE)),
                )
                .values(acknowledged=True)
                .execution_options(synchronize_session=False)
            )
            record_audit(
                "policy.acknowledge",
                f"{PolicyKind.REGO}:{name}",
                by=_account(session, author),
                after={"acknowledged": True, "author": author},
                reason=reason or None,
                session=session,
            )


def _mark(
    session: Session, stored: StoredSet, action: str, author: str, bundle: str, engine: str | None
) -> None:
    """Add a revision in which no policy changes."""
    session.add(
        PolicyRevision(
            revision=stored.revision + 1,
            kind=PolicyKind.REGO,
            name="",
            version=None,
            action=action,
            author=author,
            bundle=bundle,
            engine=engine,
        )
    )


def _refuse_overtaken(session: Session, revisions: Revisions) -> None:
    newest = session.scalar(select(func.max(PolicyRevision.revision))) or 0
    if newest != revisions.base:
        raise Overtaken


def _write(session: Session, revisions: Revisions, number: int, change: EntryChange) -> int:
    kind, name, source, tests = change.entry
    policy = session.scalar(select(Policy).where(Policy.kind == kind, Policy.name == name))
    before = None if policy is None else policy.live_version
    version = _next(session, policy) if change.state else _settled(session, policy, change)
    # The first lock: the second of two writers waits here, and gives up here.
    session.add(
        PolicyRevision(
            revision=number,
            kind=kind,
            name=name,
            version=version,
            action=change.action,
            author=revisions.author,
            bundle=revisions.bundle,
            engine=revisions.engine,
        )
    )
    session.flush()
    if policy is None:
        policy = Policy(kind=kind, name=name, live_version=None)
        session.add(policy)
        session.flush()
    if change.state:
        _add(session, policy, version, change, revisions)
    else:
        _settle(session, policy, version, change)
    record_audit(
        f"policy.{change.action}",
        f"{kind}:{name}",
        by=_account(session, revisions.author),
        before={"live_version": before},
        after={
            "live_version": policy.live_version,
            "version": version,
            "author": revisions.author,
            "bundle": revisions.bundle,
            "hash": source_hash(source, tests) if change.state else None,
        },
        reason=revisions.comment or None,
        session=session,
    )
    session.flush()
    return version


def _next(session: Session, policy: Policy | None) -> int:
    """The number of the next version."""
    if policy is None:
        return 1
    newest = select(func.max(PolicyVersion.version)).where(PolicyVersion.policy_id == policy.id)
    return (session.scalar(newest) or 0) + 1


def _settled(session: Session, policy: Policy | None, change: EntryChange) -> int:
    """The number of the version whose state is to change."""
    statement = select(PolicyVersion.version).where(
        PolicyVersion.policy_id == (policy.id if policy is not None else None),
        PolicyVersion.state == _state_before(change),
    )
    return session.scalars(statement).one()


def _state_before(change: EntryChange) -> PolicyState:
    return PolicyState.LIVE if change.action == "remove" else PolicyState.CANDIDATE


def _account(session: Session, author: str) -> int | None:
    """The id of the account that an author is; None for programs and people at a terminal."""
    account = account_of(author)
    if account is not None and session.get(User, account) is None:
        raise ValidationFailed({"author": f"there is no account {account}"})
    return account


def _add(
    session: Session, policy: Policy, version: int, change: EntryChange, revisions: Revisions
) -> None:
    if change.state is PolicyState.LIVE:
        _move(session, policy, PolicyState.LIVE, PolicyState.RETIRED)
        policy.live_version = version
    session.add(
        PolicyVersion(
            policy_id=policy.id,
            version=version,
            source=change.entry.source,
            tests=change.entry.tests,
            source_hash=source_hash(change.entry.source, change.entry.tests),
            author=revisions.author,
            comment=revisions.comment,
            state=change.state,
            sample=change.sample,
            acknowledged=change.acknowledged,
            at=utcnow(),
        )
    )


def _settle(session: Session, policy: Policy, version: int, change: EntryChange) -> None:
    """Change the state of a version, writing no new one."""
    old = _state_before(change)
    if change.action == "promote":
        _move(session, policy, PolicyState.LIVE, PolicyState.RETIRED)
        _move(session, policy, old, PolicyState.LIVE)
        policy.live_version = version
    elif change.action == "remove":
        _move(session, policy, old, PolicyState.RETIRED)
        policy.live_version = None
    else:
        _move(session, policy, old, PolicyState.DROPPED)


def _move(session: Session, policy: Policy, old: PolicyState, new: PolicyState) -> None:
    session.execute(
        update(PolicyVersion)
        .where(PolicyVersion.policy_id == policy.id, PolicyVersion.state == old)
        .values(state=new)
    )
