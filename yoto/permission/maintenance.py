"""Maintenance mode: one switch that closes the permission platform in every worker.

The switch is a row of the database. Who turns it publishes ``policy`` through the outbox, on which
every worker reads the row again; the relay's turns do so too, for workers that Redis is away from.
Maintenance that was given an end is over at that time by the clock of each worker, which needs
neither Redis nor the database nor anybody for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import Any

from flask import Flask
from sqlalchemy import select

from yoto import cache
from yoto.errors import MaintenanceMode, StoreUnavailable
from yoto.events import Event, event_type
from yoto.permission.outbox.watching import touch
from yoto.permission.pool import SidePool
from yoto.permission.statements import table
from yoto.store.models import PlatformSwitch, record_audit
from yoto.store.sessions import recording

log = logging.getLogger(__name__)

NAME = "maintenance"
SUBJECT = f"switch:{NAME}"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RETRY_READING = 1.0  # s
# s between two readings where nobody told of a turn.
READ_EVERY = 10.0
RETRY_AFTER = 60.0  # s; what clients are told where nobody said how long it takes
BY_ITSELF = "its time was over"

switches = table(PlatformSwitch)
STORED = select(
    switches.c.enabled,
    switches.c.reason,
    switches.c.until,
    switches.c.changed_by,
    switches.c.changed_at,
).where(switches.c.name == NAME)


@event_type("maintenance.changed")
class MaintenanceChanged(Event, frozen=True, kw_only=True):
    """Maintenance began, ended, or goes on otherwise.

    Attributes:
        enabled: whether there is maintenance now.
        reason: shown to everybody who is turned away; None where nobody is.
        until_ms: when it ends by itself, ms since 1970; None: somebody must end it.
        by: who turned it, such as ``user:42``; empty when its time was over.
    """

    enabled: bool
    reason: str | None = None
    until_ms: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceStatus:
    """Whether the platform is in maintenance, and why.

    Attributes:
        until: when it ends by itself; None: somebody must end it.
        changed_by: id of the account that turned the switch last, if one did.
        changed_at: when; None: never.
    """

    enabled: bool
    reason: str | None = None
    until: datetime | None = None
    changed_by: int | None = None
    changed_at: datetime | None = None

    @property
    def version(self) -> int:
        """A number that is another after each turn."""
        return version_of(self.changed_at)


def version_of(changed_at: datetime | None) -> int:
    """The version of a switch that was turned then: µs since 1970, 0 where nobody ever did."""
    return 0 if changed_at is None else (changed_at - EPOCH) // timedelta(microseconds=1)


def status_of(row: Any, now: float) -> MaintenanceStatus:
    """What a row of ``STORED`` (None: there is none) means at an epoch second."""
    if row is None:
        return MaintenanceStatus(False)
    status = MaintenanceStatus(*row)
    if not status.enabled or is_over(status.until, now):
        return MaintenanceStatus(False, changed_by=status.changed_by, changed_at=status.changed_at)
    return status


def is_over(until: datetime | None, now: float) -> bool:
    """Whether what lasts ``until`` then is over at an epoch second."""
    return until is not None and until.timestamp() <= now


class Maintenance:
    """What one process knows of the switch.

    Attributes:
        enabled: whether it was on when last read; ``holds`` says whether it still is.
        reason: as last read.
        known: whether it was ever read.
        overtaken: whether it may have been turned since; ``check`` reads it again.
        in_doubt: whether one of these gives ``check`` anything to say, or to find out.
    """

    def __init__(
        self,
        app: Flask,
        pool: SidePool,
        clock: Callable[[], float],
        publish: Callable[[Event], object],
        hears: Callable[[], bool],
    ) -> None:
        """``clock`` gives epoch seconds; ``publish`` tells an event; ``hears``: whether who turned
        the switch would be heard."""
        self._app = app
        self._pool = pool
        self._clock = clock
        self.publish = publish
        # A late reader must not put back what an earlier one has overtaken.
        self._lock = threading.Lock()
        self.enabled = False
        self.reason: str | None = None
        self._until: datetime | None = None
        self.known = False
        # It may have been turned since it was read.
        self.overtaken = False
        self.in_doubt = True
        self._asked_in_vain = -RETRY_READING
        self._hears = hears
        self._read_at = -READ_EVERY

    @property
    def holds(self) -> bool:
        """Whether there is maintenance now, as far as this process knows."""
        return self.enabled and not is_over(self._until, self._clock())

    def holds_now(self) -> bool:
        """The same; read again where somebody may have turned it, or nobody ever read it.

        Raises:
            StoreUnavailable: nobody ever did, and the database did not answer.
        """
        if not self.known:
            self.refresh()
        elif self.overtaken:
            self._catch_up()
        return self.holds

    def refresh(self) -> MaintenanceStatus:
        """Read the switch.

        Raises:
            StoreUnavailable: the database did not answer; what was known stays.
        """
        with self._lock:
            return status_of(self._read(), self._clock())

    def expire(self) -> None:
        """Somebody may have turned it: whoever asks next reads it again. Nothing is waited for."""
        self.overtaken = self.in_doubt = True

    def _settle(self) -> None:
        if self.enabled or not self.known:
            self.in_doubt = True
            return
        self.in_doubt = False
        # Whoever expires it at this moment says so after that line, or before this one.
        if self.overtaken:
            self.in_doubt = True

    def _read(self) -> Any:
        # Before the reading: what is told during it may be about what it does not see.
        self.overtaken = False
        try:
            with self._pool.read() as connection:
                row = connection.execute(STORED).one_or_none()
        except BaseException:
            self.expire()
            raise
        self._take(status_of(row, self._clock()))
        self._read_at = monotonic()
        return row

    def _catch_up(self) -> None:
        """Read it again, once for all who ask meanwhile. While the database is away what was known
        holds: then nobody can turn it, and checks go on as long as memory is fresh.
        """
        with self._lock:
            if not self.overtaken or monotonic() - self._asked_in_vain < RETRY_READING:
                return
            try:
                self._read()
            except StoreUnavailable as error:
                self._asked_in_vain = monotonic()
                log.warning("whether there is maintenance cannot be read now: %s", error)

    def believe(self, status: MaintenanceStatus) -> None:
        """Take over what was just committed, where it cannot be read back."""
        with self._lock:
            self._take(status)

    def check(self) -> None:
        """Return if there is none.

        Raises:
            MaintenanceMode: there is; it carries the reason, and when to come back.
            StoreUnavailable: nobody ever read the switch, and the database did not answer.
        """
        if self.holds_now():
            left = RETRY_AFTER
            if self._until is not None:
                left = self._until.timestamp() - self._clock()
            raise MaintenanceMode(self.reason, max(left, 1.0))
        # Checks need not come here again. One that is turned on meanwhile is read by whoever hears.
        if self.enabled:
            with self._lock:
                self.enabled = self.holds
                self._settle()

    def _take(self, status: MaintenanceStatus) -> None:
        self.enabled, self.reason, self.known = status.enabled, status.reason, True
        self._until = status.until
        self._settle()

    def turn(self) -> None:
        """Read the switch, and turn it off where its time is over. Not within a request, which may
        hold the database's write lock.

        Raises:
            StoreUnavailable: the database did not answer.
        """
        if self._may_rest():
            return
        with self._lock:
            row = self._read()
        if row is not None and row.enabled and is_over(row.until, self._clock()):
            self._turn_off()
            self.refresh()

    def _may_rest(self) -> bool:
        """Whether who turned the switch would have been heard, and it does not end by itself."""
        quiet = not self.enabled and not self.overtaken and self._hears()
        return quiet and monotonic() - self._read_at < READ_EVERY

    def _turn_off(self) -> None:
        """One worker does it, records it and tells it."""
        with recording(self._app, partial(StoreUnavailable, "database")) as session:
            switch = session.scalar(
                select(PlatformSwitch).where(PlatformSwitch.name == NAME).with_for_update()
            )
            if switch is None or not switch.enabled or not is_over(switch.until, self._clock()):
                return
            assert switch.until is not None
            before = plain(switch)
            switch.enabled, switch.reason, switch.changed_by = False, None, None
            switch.changed_at, switch.until = switch.until, None
            record_audit(
                session,
                "maintenance.end",
                SUBJECT,
                actor_id=None,
                before=before,
                after=plain(switch),
                reason=BY_ITSELF,
            )
            touch(session, cache.subjects.POLICY)
        self.publish(MaintenanceChanged(enabled=False))


def plain(switch: PlatformSwitch) -> dict[str, Any]:
    """A switch as the audit log has it."""
    shown: dict[str, Any] = {"enabled": switch.enabled, "reason": switch.reason}
    if switch.until is not None:
        shown["until"] = switch.until.astimezone(UTC).isoformat()
    return shown
