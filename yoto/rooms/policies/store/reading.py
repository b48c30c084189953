"""Reading the record of policies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Literal

from flask import Flask
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from yoto.rooms.policies.store.entry import Promotion, StoredSet, StoredVersion
from yoto.rooms.policies.tables import (
    Policy,
    PolicyKind,
    PolicyRevision,
    PolicyState,
    PolicyVersion,
)
from yoto.store.sessions import reading

_VERSIONS = select(
    PolicyVersion.id,
    Policy.kind,
    Policy.name,
    PolicyVersion.version,
    PolicyVersion.source,
    PolicyVersion.tests,
    PolicyVersion.source_hash,
    PolicyVersion.author,
    PolicyVersion.comment,
    PolicyVersion.state,
    PolicyVersion.sample,
    PolicyVersion.at,
    PolicyVersion.acknowledged,
).join_from(PolicyVersion, Policy, Policy.id == PolicyVersion.policy_id)
_IN_USE = _VERSIONS.where(
    PolicyVersion.state.in_((PolicyState.LIVE, PolicyState.CANDIDATE))
).order_by(Policy.kind, Policy.name)

# The names of revisions that change no policy: one forbids the evaluation of a set, the other names
# the engine of the fleet.
OVERRUN, ENGINE = "overrun", "engine"
# The engine that admitted the newest set; no row where no set was ever stored.
ENGINE_OF_FLEET = (
    select(PolicyRevision.engine)
    .where(PolicyRevision.action != OVERRUN)
    .order_by(PolicyRevision.revision.desc())
    .limit(1)
)


class PolicyReader:
    """Reads the record of one application. Every call raises ``StoreUnavailable``."""

    def __init__(self, app: Flask) -> None:
        """Nothing is opened before the first call."""
        self._app = app

    def revision(self) -> int:
        """The newest revision; 0 when there is none."""
        with reading(self._app) as session:
            return session.scalar(select(func.max(PolicyRevision.revision))) or 0

    def read(self) -> StoredSet:
        """All that is in force, as of one moment."""
        with reading(self._app) as session:
            return stored_set(session)

    def in_use(self) -> Sequence[StoredVersion]:
        """The live versions and the candidate, by kind and name; one statement."""
        with reading(self._app) as session:
            return _stored(session, _IN_USE)

    def known(self) -> frozenset[tuple[PolicyKind, str]]:
        """Kind and name of every entry that ever was."""
        with reading(self._app) as session:
            return frozenset(
                (kind, name) for kind, name in session.execute(select(Policy.kind, Policy.name))
            )

    def versions(
        self, kind: PolicyKind, name: str, limit: int, before: int | None = None
    ) -> Sequence[StoredVersion]:
        """Versions of one entry, newest first.

        Args:
            limit: at most so many.
            before: only versions below this one.
        """
        statement = _of(kind, name).order_by(PolicyVersion.version.desc()).limit(limit)
        if before is not None:
            statement = statement.where(PolicyVersion.version < before)
        with reading(self._app) as session:
            return _stored(session, statement)

    def version(self, kind: PolicyKind, name: str, version: int) -> StoredVersion | None:
        """One version of one entry; None if it was never written."""
        statement = _of(kind, name).where(PolicyVersion.version == version)
        with reading(self._app) as session:
            return next(iter(_stored(session, statement)), None)


def stored_set(session: Session) -> StoredSet:
    """The set in force as the transaction of ``session`` sees it."""
    revision = session.scalar(select(func.max(PolicyRevision.revision))) or 0
    promoted = session.execute(
        select(
            PolicyRevision.revision,
            PolicyRevision.kind,
            PolicyRevision.name,
            PolicyRevision.version,
        )
        .where(PolicyRevision.action == "promote")
        .order_by(PolicyRevision.revision.desc())
        .limit(1)
    ).one_or_none()
    found = _stored(session, _IN_USE)
    return StoredSet(
        revision=revision,
        live=tuple(one for one in found if one.state is PolicyState.LIVE),
        candidate=next((one for one in found if one.state is PolicyState.CANDIDATE), None),
        promotion=None if promoted is None else Promotion(*promoted),
        overruns=frozenset(
            session.scalars(select(PolicyRevision.bundle).where(PolicyRevision.action == OVERRUN))
        ),
        engine=session.scalar(ENGINE_OF_FLEET),
    )


def _of(kind: PolicyKind, name: str) -> Select[*tuple[Any, ...]]:
    return _VERSIONS.where(Policy.kind == kind, Policy.name == name)


def _stored(session: Session, statement: Select[*tuple[Any, ...]]) -> list[StoredVersion]:
    return [StoredVersion(**row) for row in session.execute(statement).mappings()]


SAME: Final = "same"
ADDED: Final = "added"
REMOVED: Final = "removed"
LEFT_OUT: Final = "left_out"
CONTEXT_LINES = 3


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference.

    Attributes:
        mark: ``same``, ``added``, ``removed``, or ``left_out``: equal lines that are not shown.
        old, new: its number in either version, from 1; None where it is not in it.
    """

    mark: Literal["same", "added", "removed", "left_out"]
    old: int | None
    new: int | None
    text: str


def difference_of(
    old: StoredVersion, new: StoredVersion
) -> tuple[Sequence[DiffLine], Sequence[DiffLine]]:
    """Source and tests; empty where they are equal. Documents are compared laid out."""
    if old.kind is PolicyKind.DATA:
        return lines_between(_laid_out(old.source), _laid_out(new.source)), []
    return lines_between(old.source, new.source), lines_between(old.tests, new.tests)


def lines_between(old: str, new: str, context: int = CONTEXT_LINES) -> list[DiffLine]:
    """The removed and added lines, with so many equal lines around each place."""
    before, after = old.splitlines(), new.splitlines()
    found: list[DiffLine] = []
    end = 0
    for group in SequenceMatcher(None, before, after).get_grouped_opcodes(context):
        if group[0][1] > end:
            found.append(DiffLine(LEFT_OUT, None, None, ""))
        for _, first, last, start, stop in group:
            pairs = list(zip(range(first, last), range(start, stop), strict=False))
            if before[first:last] == after[start:stop]:
                found += [DiffLine(SAME, i + 1, j + 1, before[i]) for i, j in pairs]
                continue
            found += [DiffLine(REMOVED, i + 1, None, before[i]) for i in range(first, last)]
            found += [DiffLine(ADDED, None, j + 1, after[j]) for j in range(start, stop)]
        end = group[-1][2]
    if found and end < len(before):
        found.append(DiffLine(LEFT_OUT, None, None, ""))
    return found


def _laid_out(text: str) -> str:
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False, sort_keys=True)
