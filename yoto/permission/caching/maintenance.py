"""Maintenance mode: one switch that closes the permission platform in every worker.

The switch is a row of the database. A change publishes ``policy`` through the outbox, on which
every worker reads the row again; the relay's turns do so too, for workers without Redis.
Maintenance with an end is over at that time by the clock of each worker, without Redis, the
database or an operator.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from flask import Flask
from sqlalchemy import select

from yoto import cache
from yoto.errors import MaintenanceMode, StoreUnavailable
from yoto.events import Event, event_type
from yoto.permission.database.pool import SidePool
from yoto.permission.database.statements import table
from yoto.permission.outbox.watching import mark_dirty
from yoto.store.models import PlatformSwitch, record_audit
from yoto.store.sessions import recording

log = logging.getLogger(__name__)

NAME = "maintenance"
SUBJECT = f"switch:{NAME}"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RETRY_READING = 1.0  # s
# s between two readings without a notification.
READ_EVERY = 10.0
RETRY_AFTER = 60.0  # s; the wait that clients are given where no end is set
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
    """Maintenance began, ended, or its settings changed.

    Attributes:
        enabled: whether there is maintenance now.
        reason: shown to rejected clients; None without maintenance.
        until_ms: when it ends automatically, ms since 1970; None: an operator must end it.
        by: the actor of the change, such as ``user:42``; empty when its time was over.
    """

    enabled: bool
    reason: str | None = None
    until_ms: int | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class MaintenanceStatus:
    """Whether the platform is in maintenance, and why.

    Attributes:
        until: when it ends automatically; None: an operator must end it.
        changed_at: when it last changed; None: never.
    """

    enabled: bool
    reason: str | None = None
    until: datetime | None = None
    changed_by: int | None = None
    changed_at: datetime | None = None

    @property
    def version(self) -> int:
        """A number that changes with each turn of the switch."""
        return version_of(self.changed_at)


def version_of(changed_at: datetime | None) -> int:
    """The version of a switch turned at that time: µs since 1970, 0 if never."""
    return 0 if changed_at is None else (changed_at - EPOCH) // timedelta(microseconds=1)


def status_of(row: Any, now: float) -> MaintenanceStatus:
    """The status in a row of ``STORED`` (None: there is none) at an epoch second."""
    if row is None:
        return MaintenanceStatus(False)
    status = MaintenanceStatus(*row)
    if not status.enabled or is_over(status.until, now):
        return MaintenanceStatus(False, changed_by=status.changed_by, changed_at=status.changed_at)
    return status


def is_over(until: datetime | None, now: float) -> bool:
    """Whether maintenance with this end is over at an epoch second."""
    return until is not None and until.timestamp() <= now


class Maintenance:
    """One process's knowledge of the switch.

    Attributes:
        enabled: whether it was on when last read; ``holds`` says whether it still is.
        reason: its reason when last read.
        known: whether it was ever read.
        overtaken: whether it may have been turned since; ``check`` reads it again.
        in_doubt: whether ``check`` has to raise, or to read the switch, because of one of these.
    """

    def __init__(
        self,
        app: Flask,
        pool: SidePool,
        clock: Callable[[], float],
        publish: Callable[[Event], object],
        hears: Callable[[], bool],
    ) -> None:
        """Nothing is read yet.

        ``clock`` gives epoch seconds; ``publish`` publishes an event; ``hears`` says whether a
        change of the switch would be heard.
        """
        self._app = app
        self._pool = pool
        self._clock = clock
        self.publish = publish
        # A late reader must not undo a newer reading.
        self._lock = threading.Lock()
        self.enabled = False
        self.reason: str | None = None
        self._until: datetime | None = None
        self.known = False
        # Whether it may have been turned since it was read.
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
        """As ``holds``; read again where it may have been turned, or was never read.

        Raises:
            StoreUnavailable: it was never read, and the database did not answer.
        """
        if not self.known:
            self.refresh()
        elif self.overtaken:
            self._catch_up()
        return self.holds

    def refresh(self) -> MaintenanceStatus:
        """Read the switch.

        Raises:
            StoreUnavailable: the database did not answer; the last known status stays.
        """
        with self._lock:
            return status_of(self._read(), self._clock())

    def expire(self) -> None:
        """It may have been turned: the next check reads it again. This call does not wait."""
        self.overtaken = self.in_doubt = True

    def _settle(self) -> None:
        if self.enabled or not self.known:
            self.in_doubt = True
            return
        self.in_doubt = False
        # A concurrent ``expire`` sets its flag after that line, or before this one.
        if self.overtaken:
            self.in_doubt = True

    def _read(self) -> Any:
        # Before the reading: a notification during it may be about a change that it does not see.
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
        """Read it again, once for all concurrent callers.

        While the database is unavailable the last known status holds: no one can turn it then, and
        checks go on as long as memory is fresh.
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
        """Take over a change that was just committed, where it cannot be read back."""
        with self._lock:
            self._take(status)

    def check(self) -> None:
        """Return if there is none.

        Raises:
            MaintenanceMode: there is; it carries the reason, and when to come back.
            StoreUnavailable: the switch was never read, and the database did not answer.
        """
        if self.holds_now():
            left = RETRY_AFTER
            if self._until is not None:
                left = self._until.timestamp() - self._clock()
            raise MaintenanceMode(self.reason, max(left, 1.0))
        # Checks need not come here again. The notification of a switch turned meanwhile reads it.
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
        """Whether it is off, and a change would have been heard."""
        quiet = not self.enabled and not self.overtaken and self._hears()
        return quiet and monotonic() - self._read_at < READ_EVERY

    def _turn_off(self) -> None:
        """Turn it off, with its record and event, in one worker only."""
        with recording(self._app) as session:
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
                "maintenance.end",
                SUBJECT,
                by=None,
                before=before,
                after=plain(switch),
                reason=BY_ITSELF,
                session=session,
            )
            mark_dirty(session, cache.tags.POLICY)
        self.publish(MaintenanceChanged(enabled=False))


def plain(switch: PlatformSwitch) -> dict[str, Any]:
    """A switch as the audit log records it."""
    shown: dict[str, Any] = {"enabled": switch.enabled, "reason": switch.reason}
    if switch.until is not None:
        shown["until"] = switch.until.astimezone(UTC).isoformat()
    return shown
