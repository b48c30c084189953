"""Maintenance mode: one switch that closes the permission platform in every worker.

The switch is a row of the database. Who turns it publishes ``policy`` through the outbox, on which
every worker reads the row again; the relay's turns do so too, for workers that Redis is away from.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlalchemy import select

from app.core.errors import MaintenanceMode
from app.core.permission.pool import SidePool
from app.core.permission.statements import table
from app.models import PlatformSwitch

NAME = "maintenance"
RETRY_AFTER = 60.0  # s; what clients are told, since nobody knows how long it takes

switches = table(PlatformSwitch)
STORED = select(switches.c.enabled, switches.c.reason).where(switches.c.name == NAME)


@dataclass(frozen=True, slots=True)
class MaintenanceStatus:
    """Whether the platform is in maintenance, and why."""

    enabled: bool
    reason: str | None = None


class Maintenance:
    """What one process knows of the switch.

    Attributes:
        enabled, reason: as last read.
        known: whether it was ever read.
    """

    def __init__(self, pool: SidePool) -> None:
        self._pool = pool
        # A late reader must not put back what an earlier one has overtaken.
        self._lock = threading.Lock()
        self.enabled = False
        self.reason: str | None = None
        self.known = False

    def refresh(self) -> MaintenanceStatus:
        """Read the switch.

        Raises:
            StoreUnavailable: the database did not answer; what was known stays.
        """
        with self._lock:
            with self._pool.read() as connection:
                row = connection.execute(STORED).one_or_none()
            status = MaintenanceStatus(*row) if row is not None else MaintenanceStatus(False)
            self.enabled, self.reason, self.known = status.enabled, status.reason, True
        return status

    def check(self) -> None:
        """Return if there is none.

        Raises:
            MaintenanceMode: there is; it carries the reason.
        """
        if self.enabled:
            raise MaintenanceMode(self.reason, RETRY_AFTER)
