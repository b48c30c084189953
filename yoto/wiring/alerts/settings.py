"""Alert settings from the configuration, and the implementations that the layers above provide."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from yoto.errors import LockLost
from yoto.monitor import AlertSettings, Degrade, Elected, SendSettings
from yoto.optimization import DistributedLocks
from yoto.resilience import Resilience
from yoto.settings import read

log = logging.getLogger(__name__)

LOCK = "alert-evaluation"
# s after which another worker may take over from one that died within an evaluation.
LOCK_TIMEOUT = 5.0


def alert_settings(app: Flask) -> AlertSettings:
    """The ``ALERT_*`` settings of ``app``."""
    return read(AlertSettings, app.config, sending=read(SendSettings, app.config))


def elected_by(locks: DistributedLocks, name: str = LOCK) -> Elected:
    """The worker that gets the lock of that name takes the turn."""

    @contextmanager
    def elected() -> Iterator[bool]:
        lock = locks.create_lock(name, LOCK_TIMEOUT, wait=0)
        if not lock.acquire():
            yield False
            return
        try:
            yield True
        finally:
            try:
                lock.release()
            except LockLost:
                # A version that is compared has seen to it that nothing was done twice.
                log.warning("a turn of '%s' took longer than its lock held", name)

    return elected


def degrade_by(app: Flask) -> Degrade:
    """Alerts change the levels of the application's ``resilience``."""

    def degrade(source: str, level: str, ttl: float, reason: str) -> object:
        return Resilience.of(app).degradation.raise_level(source, level, ttl, reason=reason)

    return degrade
