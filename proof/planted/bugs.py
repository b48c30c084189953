"""The planted bugs by name; each broke a promise that some checker had not seen broken."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine.default import DefaultDialect

from proof.planted.change import TextChange
from yoto.cache import TieredCache
from yoto.cache.barrier import Barrier
from yoto.cache.coherence import Coherence
from yoto.cache.loading import Loading
from yoto.cache.tailer import Tailer
from yoto.events import EventStream
from yoto.optimization.lock.holding import Holding
from yoto.resilience.breaker.remote import RemoteBreaker
from yoto.resilience.bulkhead.spares import Spares
from yoto.resilience.leases import Slot
from yoto.resilience.limiter.lease import Lease
from yoto.rooms.policies.service.evaluator import Evaluator
from yoto.rooms.queues.batch import call

# For how much of what it counts a bug leaves something out.
EVERY = """\
self.planted = getattr(self, "planted", 0) + 1
if self.planted % {number} == 0:
    {does}
"""


@dataclass(frozen=True)
class Trial:
    """The campaign that shows a bug.

    Attributes:
        faults: kinds, each with its seconds; none: load alone is enough.
        models: those that must find a violation.
        at_the_end: whether they can do so only when the load has ended.
        alone: whether models of others see something of it, too.
    """

    models: tuple[str, ...]
    faults: tuple[tuple[str, float], ...] = ()
    at_the_end: bool = False
    alone: bool = False


@dataclass(frozen=True)
class Planted:
    """One bug.

    Attributes:
        about: what is wrong then.
        protocol: the one of the simulation that finds it; empty: it has no part in one.
        trial: the one by which the campaign finds it; None: it is not seen from outside.
    """

    about: str
    changes: tuple[TextChange, ...]
    protocol: str = ""
    trial: Trial | None = None


def _left_out(number: int, does: str, indent: int) -> str:
    """One of so many is left out, as lines of a function's body."""
    lines = EVERY.format(number=number, does=does).splitlines()
    return "".join(f"{' ' * indent}{line}\n" for line in lines)


# One node is without Redis for so long that leases end, and the bound of staleness is over.
NODE_WITHOUT_REDIS = (("link-app-redis-cut", 12.0),)

PLANTED = {
    "memory-believed-without-the-log": Planted(
        "what a process remembers is believed for 60 s after the log fell silent",
        (
            TextChange(
                (Tailer, "_hear"),
                "self.fresh_until = self._sent + self._max_staleness",
                "self.fresh_until = self._sent + 60.0",
            ),
            TextChange(
                (Tailer, "_forget_after_silence"),
                "silent_for > self._max_staleness",
                "silent_for > 60.0",
            ),
        ),
        "floors",
        Trial(("rights",), NODE_WITHOUT_REDIS, alone=True),
    ),
    "position-of-the-caller-ignored": Planted(
        "a check does not wait for the change that its caller has seen",
        (TextChange((Barrier, "reached"), "if tailer.applied >= position:", "if True:"),),
        "floors",
        Trial(("rights",), (("link-app-redis-delay", 10.0),), alone=True),
    ),
    "invalidation-of-ten-dropped": Planted(
        "one entry of ten of the log changes nothing in the memory of who reads it",
        (
            TextChange(
                (Coherence, "apply"),
                "for entry in entries:\n",
                "for entry in entries:\n" + _left_out(10, "continue", 12),
            ),
        ),
        "floors",
        Trial(("rights",), alone=True),
    ),
    "leased-units-used-again": Planted(
        "each leased unit is used three times, and for twenty times as long as it was lent",
        (
            TextChange(
                (Lease, "__init__"),
                """\
    self.until = taken_at + USED_FOR * lent.seconds
    self.lent = lent
    self.others = others
    self._permits: list[None] = [None] * max(0, lent.units - cost)
""",
                """\
    self.until = taken_at + 20 * USED_FOR * lent.seconds
    self.lent = lent
    self.others = others
    self._permits: list[None] = [None] * max(
        0, (3 if lent.seconds else 1) * lent.units - cost
    )
""",
            ),
        ),
        "units",
        Trial(("quota",)),
    ),
    "lock-believed-after-its-lease": Planted(
        "a holder believes for five leases in a lock that it did not renew",
        (
            TextChange(
                (Holding, "renewed"),
                "self.safe_until = sent + safe_time(self.lease)",
                "self.safe_until = sent + 5 * self.lease",
            ),
        ),
        "lock",
        Trial(("lock",), NODE_WITHOUT_REDIS),
    ),
    "failed-item-settled-as-done": Planted(
        "an item of the queue whose handler failed is not tried again",
        (
            TextChange(
                (call, "failure"), 'return Result("retry", reason, delays)', 'return Result("done")'
            ),
            TextChange(
                (call, "run"),
                'return Result("later", reason_of(error), [wait] * len(taken.deliveries))',
                'return Result("done")',
            ),
        ),
        "queue",
        Trial(("queue",), (("link-app-database-cut", 6.0),), at_the_end=True),
    ),
    "no-verdict-allows": Planted(
        "where no policy could be evaluated, the answer is an allow",
        (
            TextChange(
                (Evaluator, "evaluate"),
                """\
    allow, reasons = (False, (why,)) if verdict is None else (verdict.allow, verdict.deny)
    decision = PolicyDecision(
        allow, reasons, version, self._engine, duration_us, failed=verdict is None
    )
""",
                """\
    allow, reasons = (True, ()) if verdict is None else (verdict.allow, verdict.deny)
    decision = PolicyDecision(
        allow, reasons, version, self._engine, duration_us, failed=False
    )
""",
            ),
        ),
        trial=Trial(("policies",), (("link-app-opa-cut", 8.0),)),
    ),
    "slot-believed-after-its-lease": Planted(
        "a holder believes for five leases in a slot of a bulkhead that it did not renew",
        (
            TextChange(
                (Slot, "lost"),
                "self._clock() - self.renewed_at >= self.lease",
                "self._clock() - self.renewed_at >= 5 * self.lease",
            ),
        ),
        "leases",
        Trial(("slots",), NODE_WITHOUT_REDIS),
    ),
    "failed-commit-answered-as-done": Planted(
        "a COMMIT that the database did not take is taken for one",
        (
            TextChange(
                (DefaultDialect, "do_commit"),
                "    dbapi_connection.commit()",
                "    try:\n        dbapi_connection.commit()\n    except Exception:\n        pass",
            ),
        ),
        trial=Trial(
            ("row", "rights", "kept"), (("database-commits-cut", 5.0),), at_the_end=True, alone=True
        ),
    ),
    "event-of-five-never-written": Planted(
        "one platform event of five does not come into the stream",
        (
            TextChange(
                (EventStream, "_append"),
                "    try:\n",
                _left_out(5, 'return "0-0"', 4) + "    try:\n",
            ),
            TextChange(
                (RemoteBreaker, "relay"),
                "    for entry_id, flat in entries:\n",
                "    for entry_id, flat in entries:\n" + _left_out(5, "continue", 8),
            ),
        ),
        trial=Trial(("events",), at_the_end=True),
    ),
    "lost-spare-slot-handed-out": Planted(
        "a caller gets a spare slot that may be another worker's by now",
        (TextChange((Spares, "take"), "if not slot.lost:", "if True:"),),
        "leases",
    ),
    "stored-though-the-log-was-silent": Planted(
        "who does not hear the log stores what it loads for those who do",
        (TextChange((Loading, "load"), "    elif store:\n", "    else:\n"),),
        "floors",
    ),
    "own-change-believed-after-the-append": Planted(
        "a writer believes what it loaded between its change and the entry of the log",
        (
            TextChange(
                (TieredCache, "invalidate"),
                "    self._coherence.invalidate(dirty, position)\n    return position",
                "    return position",
            ),
        ),
        "floors",
    ),
}
