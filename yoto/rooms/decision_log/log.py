"""Records of decisions: their choice, their data, and how long they are kept."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from flask import Flask
from sqlalchemy import delete, func, insert, select

from yoto.errors import WriteConflict
from yoto.permission.database.pool import SidePool
from yoto.permission.masking import masked_address, masked_context
from yoto.permission.registry.scopes import Place
from yoto.permission.state import state_of
from yoto.permission.verdict.context import RequestContext
from yoto.permission.verdict.verdict import Decision
from yoto.request.context import origin
from yoto.rooms.decision_log.counts import add_counts, forget_counts
from yoto.rooms.decision_log.reading import records
from yoto.rooms.decision_log.settings import RecordSettings, record_settings
from yoto.rooms.decision_log.writer import BatchWriter, Row
from yoto.store.db import writing

log = logging.getLogger(__name__)

ASKED_MAX = 500
CUT = "…"  # at the end of a question that was longer; no question has this character
SWEEP_SECONDS = 3600.0  # between two looks for records that are too old, or too many
SWEEP_ROWS = 1_000  # deleted at once, so that no lock is held for long
SWEEP_STEPS = 5  # such deletions between two batches: waiting records must not be dropped
STORE_TRIES = 3  # tries of a batch: workers add to the same counts
MINUTE = 60.0  # s
# Denials of one user in a minute and a process. Beyond them one in so many is recorded, for all
# of them: a user whose requests are denied anyway must not fill the table.
DENIALS_A_MINUTE, DENIALS_A_RECORD = 600, 100
# The columns in which denials of one request agree if they are recorded as one.
EQUAL = (
    "request_id",
    "user_id",
    "asked",
    "operator",
    "scope",
    "reason",
    "policy_version",
    "mask_hash",
)
CONNECTION_SECONDS = 2.0  # the longest wait of a writer for the one connection
# Id and address of the request that a decision was made in.
Origin: TypeAlias = tuple[str | None, str | None]


class DecisionLog:
    """Takes decisions and stores records of them, beside the request.

    Args:
        clock: the present time in epoch seconds.
        origin: gives the id and the address of the current request; by default, and outside a
            request, both are None.
    """

    def __init__(
        self,
        app: Flask,
        settings: RecordSettings,
        clock: Callable[[], float],
        origin: Callable[[], Origin] = lambda: (None, None),
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._origin = origin
        self._pool = SidePool(app, size=1, wait=CONNECTION_SECONDS)
        self._next_sweep = 0.0
        self._minute, self._denials = 0, dict[int, int]()
        self.writer = BatchWriter(self._store, "decision records")

    def picks(self) -> bool:
        """Whether the next decision is recorded if it allows."""
        return random.random() < self._settings.allow_sample

    def take(
        self,
        user_id: int,
        asked: str,
        operator: str | None,
        place: Place,
        decision: Decision,
        mask: int,
        context: Mapping[str, Any] | None,
    ) -> None:
        """Record a decision that was picked, or a denial; a flood of denials only one in so many.

        Args:
            asked, operator: a permission or an expression, as in ``DecisionRecord``.
            mask: all permissions of the user there.
        """
        if decision.allowed:
            weight = round(1 / self._settings.allow_sample)
        else:
            weight = self._weight_denied(user_id)
        if not weight:
            return
        request_id, address = self._origin()
        self.writer.put(
            {
                "at": datetime.fromtimestamp(self._clock(), UTC),
                "user_id": user_id,
                "asked": shortened(asked),
                "operator": operator,
                "scope": str(place),
                "allowed": decision.allowed,
                "reason": decision.reason,
                "weight": weight,
                "tier": decision.tier,
                "position": decision.position,
                "policy_version": decision.policy_version,
                "mask_hash": mask_hash(mask),
                "context": _masked(context),
                "request_id": request_id,
                "address": masked_address(address),
            }
        )

    def _weight_denied(self, user_id: int) -> int:
        minute = int(self._clock() / MINUTE)
        if minute != self._minute:
            self._minute, self._denials = minute, {}
        number = self._denials[user_id] = self._denials.get(user_id, 0) + 1
        if number <= DENIALS_A_MINUTE:
            return 1
        return 0 if number % DENIALS_A_RECORD else DENIALS_A_RECORD

    def figures(self) -> Mapping[str, int]:
        """How many records were stored, were dropped, and wait to be stored."""
        writer = self.writer
        return {"stored": writer.stored, "dropped": writer.dropped, "waiting": writer.waiting}

    def close(self) -> None:
        """Store waiting records and give the connection back; a later decision begins anew."""
        self.writer.close()
        self._pool.close()

    def _store(self, rows: Sequence[Row]) -> None:
        kept = collapsed(rows)
        for tries_left in reversed(range(STORE_TRIES)):
            try:
                with writing(), self._pool.begin() as connection:
                    connection.execute(insert(records), kept)
                    add_counts(connection, kept)
                break
            except WriteConflict:
                if not tries_left:
                    raise
        if self._clock() >= self._next_sweep:
            self._sweep_now_and_then()

    def _sweep_now_and_then(self) -> None:
        """Errors here must not escape: the rows are stored, and must not be counted as lost."""
        try:
            ended = self.sweep(SWEEP_STEPS)[1]
        except Exception:
            log.exception("decision records that are too old were not deleted")
        else:
            self._next_sweep = self._clock() + (SWEEP_SECONDS if ended else 0.0)

    def sweep(self, steps: int | None = None) -> tuple[int, bool]:
        """Delete the records that are too old, or beyond the most that are kept, oldest first.

        Args:
            steps: the most deletions of ``SWEEP_ROWS``; None: until there are none.

        Returns:
            The number of deleted records, and whether none is left to delete.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        deleted, step = 0, 0
        for delete_some in (self._delete_old, self._delete_beyond, self._forget_counts):
            while steps is None or step < steps:
                number = delete_some()
                deleted, step = deleted + number, step + 1
                if number < SWEEP_ROWS:
                    break
            else:
                return deleted, False
        return deleted, True

    def _delete_old(self) -> int:
        cutoff = datetime.fromtimestamp(self._clock(), UTC) - timedelta(days=self._settings.days)
        old = select(records.c.id).where(records.c.at < cutoff).order_by(records.c.at)
        with writing(), self._pool.begin() as connection:
            ids = list(connection.scalars(old.limit(SWEEP_ROWS)))
            if ids:
                connection.execute(delete(records).where(records.c.id.in_(ids)))
        return len(ids)

    def _delete_beyond(self) -> int:
        with writing(), self._pool.begin() as connection:
            newest = connection.scalar(select(func.max(records.c.id))) or 0
            beyond = select(records.c.id).where(records.c.id <= newest - self._settings.rows)
            ids = list(connection.scalars(beyond.order_by(records.c.id).limit(SWEEP_ROWS)))
            if ids:
                connection.execute(delete(records).where(records.c.id.in_(ids)))
        return len(ids)

    def _forget_counts(self) -> int:
        while True:
            with writing(), self._pool.begin() as connection:
                if not forget_counts(connection, self._clock()):
                    return 0


def init_log(app: Flask) -> None:
    """Record decisions of ``app`` from now on, where its settings say so."""
    found, state = record_settings(app), state_of(app)
    state.records = None if found is None else DecisionLog(app, found, state.clock, origin)


def log_of(app: Flask) -> DecisionLog | None:
    """The log of ``app``; None: it records nothing."""
    found = state_of(app).records
    assert found is None or isinstance(found, DecisionLog)
    return found


def close_log(app: Flask) -> None:
    """Store the records that wait; a later decision begins anew."""
    found = log_of(app)
    if found is not None:
        found.close()


def _masked(context: Mapping[str, Any] | None) -> Any:
    if isinstance(context, RequestContext):
        return context.masked_by(masked_context)
    return masked_context(context)


def collapsed(rows: Sequence[Row]) -> list[Row]:
    """The rows, with one for equal denials of one request; its weight says for how many."""
    kept: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        if row["allowed"] or row["request_id"] is None:
            kept[(id(row),)] = row
            continue
        # Questions that share a context also share its kept form.
        key = (*(row[name] for name in EQUAL), id(row["context"]))
        first = kept.get(key)
        # A row is stored again if its batch was not, so it must not be changed.
        weight = row["weight"] + (0 if first is None else first["weight"])
        kept[key] = (first or row) | {"weight": weight}
    return list(kept.values())


def shortened(asked: str) -> str:
    """A question in its recorded form."""
    return asked if len(asked) < ASKED_MAX else asked[: ASKED_MAX - len(CUT)] + CUT


def is_whole(recorded: str) -> bool:
    """Whether a recorded question is complete; the rest of a long one is not kept."""
    return len(recorded) < ASKED_MAX


def mask_hash(mask: int) -> str:
    """A short digest of a user's permissions: equal hashes, equal permissions."""
    raw = mask.to_bytes((mask.bit_length() + 7) // 8, "big")
    return hashlib.blake2b(raw, digest_size=8).hexdigest()
