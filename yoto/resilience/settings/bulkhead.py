"""Configuration of a bulkhead."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from yoto.rules import Number, OneOf, Settings, Whole, ruled

from .mode import DEFAULT_MODE, DEFAULT_ON_STORE_ERROR, GuardMode, OnStoreError


class BulkheadStrategy(StrEnum):
    """The sharers of slots: all callers of the name, or one user, server or request type."""

    NAME = "name"
    USER = "user"
    SERVER = "server"
    REQUEST_TYPE = "request_type"


# Holders at once over all workers. About the number that a small database serves well.
DEFAULT_MAX_CONCURRENT = 20
# Seconds. A killed worker's slots are back within this; a heartbeat goes out at a third of it.
DEFAULT_LEASE = 10.0
# Seconds a caller waits for a slot when it does not say; 0 refuses at once.
DEFAULT_WAIT = 0.0


@dataclass(frozen=True)
class BulkheadConfig(Settings):
    """Limits of concurrent calls.

    Attributes:
        max_concurrent: holders over all workers; 0 refuses all.
        lease: seconds that a slot lives without a heartbeat of its worker.
        wait: seconds that ``acquire`` waits by default.
        strategy: see ``BulkheadStrategy``.
        mode: see ``GuardMode``.
        on_store_error: see ``OnStoreError``.
    """

    max_concurrent: int = ruled(DEFAULT_MAX_CONCURRENT, Whole(0, 100_000, "holders"))
    lease: float = ruled(DEFAULT_LEASE, Number(0.1, 3_600, "s"))
    wait: float = ruled(DEFAULT_WAIT, Number(0, 300, "s"))
    strategy: BulkheadStrategy = ruled(BulkheadStrategy.NAME, OneOf(BulkheadStrategy))
    mode: GuardMode = ruled(DEFAULT_MODE, OneOf(GuardMode))
    on_store_error: OnStoreError = ruled(DEFAULT_ON_STORE_ERROR, OneOf(OnStoreError))
