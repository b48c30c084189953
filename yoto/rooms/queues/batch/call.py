"""One call of a handler, and the fate of its items."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NamedTuple

import msgspec

from yoto.errors import MaintenanceMode, Rejected, StoreUnavailable, ValidationFailed
from yoto.rooms.queues.batch import payload
from yoto.rooms.queues.batch.items import Handler, QueueItem
from yoto.rooms.queues.batch.names import ItemId
from yoto.rooms.queues.batch.store import Delivery, Outcome, Taken
from yoto.rooms.queues.settings import QueueSettings

log = logging.getLogger(__name__)

# Exceptions that say nothing about the item, only that it cannot be done now.
NOT_NOW = (StoreUnavailable, MaintenanceMode, Rejected)
# Characters of a reason that are kept.
REASON_LENGTH = 500


class Result(NamedTuple):
    """The outcome of a call.

    Attributes:
        delays: seconds until each item is tried again; empty if none is.
    """

    outcome: Outcome
    reason: str = ""
    delays: Sequence[float] = ()


@dataclass(eq=False, slots=True)
class RunningCall:
    """A call that has begun and is not settled yet.

    Attributes:
        began, renewed: when it began, and when the leases of its items did (monotonic s).
        returned: its handler has returned; only Redis does not know it yet.
        overdue: its handler is beyond its limit.
        told: whether Redis knows that it is overdue, so that others get the items; None before the
            request.
    """

    taken: Taken
    began: float = field(default_factory=monotonic)
    renewed: float = field(default_factory=monotonic)
    returned: bool = False
    overdue: bool = False
    reported: bool | None = None


def run(
    taken: Taken, handler: Handler, around: AbstractContextManager[Any], settings: QueueSettings
) -> Result:
    """Call ``handler`` within ``around`` with the items of ``taken``.

    A single item that is refused (``ValidationFailed``), or whose payload is unreadable, is dead:
    trying again would change nothing. Among several items the bad one is unknown, so each is tried
    alone. An unavailable store, maintenance, or a guard's rejection uses up no try.
    """
    single = len(taken.deliveries) == 1
    try:
        items = [_item(taken.kind, delivery) for delivery in taken.deliveries]
        with around:
            handler(items)
    except (ValidationFailed, msgspec.DecodeError) as error:
        log.warning("%s refused %s", taken.kind, _shown(taken), exc_info=error)
        if single:
            return Result("dead", reason_of(error))
        return Result("retry", reason_of(error), [0.0] * len(taken.deliveries))
    except NOT_NOW as error:
        log.warning("%s cannot be done now: %s", taken.kind, error)
        wait = max(settings.retry_delay, error.retry_after) * random.uniform(1.0, 1.5)
        wait = min(wait, settings.retry_delay_max)
        return Result("later", reason_of(error), [wait] * len(taken.deliveries))
    # A handler that calls sys.exit() must not take its worker with it.
    except (Exception, SystemExit) as error:
        log.warning("%s failed with %s", taken.kind, _shown(taken), exc_info=error)
        return failure(taken, reason_of(error), settings)
    return Result("done")


def failure(taken: Taken, reason: str, settings: QueueSettings) -> Result:
    """A call that failed for ``reason``, so that its items are tried again after some time."""
    first, longest = settings.retry_delay, settings.retry_delay_max
    delays = [retry_delay(delivery.tries, first, longest) for delivery in taken.deliveries]
    return Result("retry", reason, delays)


def reason_of(error: BaseException) -> str:
    """The reason of a failure, for the dead letter."""
    text = f"{type(error).__name__}: {error}"[:REASON_LENGTH]
    return text.encode("utf-8", "replace").decode()


def _item(kind: str, delivery: Delivery) -> QueueItem:
    data: Mapping[str, Any] = payload.decode(delivery.data)
    return QueueItem(
        id=str(ItemId(kind, delivery.entry)),
        kind=kind,
        payload=data,
        attempt=delivery.tries,
        enqueued_at=delivery.first_ms / 1000,
    )


def _shown(taken: Taken) -> str:
    first = taken.deliveries[0]
    if len(taken.deliveries) == 1:
        return f"{ItemId(taken.kind, first.entry)}, try {first.tries}"
    return f"{len(taken.deliveries)} items from {ItemId(taken.kind, first.entry)} on"


def retry_delay(tries: int, first: float, longest: float, draw: float | None = None) -> float:
    """Seconds until the next try: exponential, at most ``longest``, with equal jitter.

    Half of the time is fixed and half is drawn, so that items that failed together do not come back
    together (M. Brooker, "Exponential Backoff And Jitter", 2015).

    Args:
        tries: tries so far, at least 1.
        first: seconds after the first.
        draw: 0 to 1; by default a random number.
    """
    # Doubling any further would leave the range of floats.
    whole = min(longest, first * 2.0 ** min(tries - 1, 64))
    return whole / 2 * (1 + (random.random() if draw is None else draw))
