"""A breaker in Redis: the calls of its scripts, and where its events go."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from yoto.redis import REDIS_UNAVAILABLE

from .. import scripts
from ..exits import Call
from ..outcome import Outcome
from ..runtime import OUTBOX_LENGTH, OUTBOX_TTL_MS, Runtime
from ..settings import WindowType
from .plan import MICRO, BreakerPlan
from .states import HAPPENINGS, MEANINGS, Admission, Happened, Refusal

log = logging.getLogger(__name__)

# Events a relay moves at once; more wait for the next call.
RELAY_BATCH = 100
# Seconds between checks of an outbox, for events whose writer died before it could move them.
RELAY_INTERVAL = 5.0


class BreakerTarget(NamedTuple):
    """The keys and arguments of a breaker's scripts.

    Attributes:
        keys: the keys of the state, and of the event stream or the outbox.
        tell: the last arguments of each script that writes events: the breaker's name, and the
            publisher (``emit.lua``).
    """

    keys: tuple[str, str]
    event_args: tuple[str, bytes]


class RemoteBreaker:
    """Every method raises what script calls raise (``REDIS_UNAVAILABLE``)."""

    def __init__(self, name: str, runtime: Runtime) -> None:
        self.name = name
        self._runtime = runtime
        self._target: BreakerTarget | None = None
        self._relay_due: float | None = None

    @property
    def target(self) -> BreakerTarget:
        """The target of scripts; the first use finds out whether this is a cluster."""
        return self._target or self._find_target()

    def admit(self, request: str, plan: BreakerPlan) -> Admission | Refusal:
        """Ask for a call."""
        keys, event_args = self.target
        reply = self._runtime.scripts.run(
            scripts.BREAKER_ADMIT, keys, (request, plan.admit, *event_args)
        )
        self.after_call(reply[3])
        if reply[0]:
            return Admission(reply[1], MEANINGS[reply[2]])
        return Refusal(reply[1] / MICRO, bool(reply[2]))

    def record(
        self, request: str, period: int, outcome: Outcome, slow: bool, plan: BreakerPlan
    ) -> Happened:
        """Report a result."""
        call = self.result(request, period, outcome, slow, plan)
        return self.recorded(self._runtime.scripts.run(*call))

    def result(
        self,
        request: str,
        period: int,
        outcome: int,
        slow: bool,
        plan: BreakerPlan,
        count: int = 1,
    ) -> Call:
        """The call that records a result, or ``count`` of calls that succeeded in time."""
        keys, event_args = self.target
        args = (request, period, int(outcome), int(slow), plan.record, *event_args, count)
        return scripts.BREAKER_RECORD, keys, args

    def recorded(self, reply: list[int]) -> Happened:
        """The effect of a result, by the reply to it."""
        happened, moved = reply
        self.after_call(moved)
        known: Happened = HAPPENINGS[happened]
        return known

    def operate(
        self, state: str, reason: str, seconds: float, period: int | None, plan: BreakerPlan
    ) -> bool:
        """Force a state; False when the breaker is in another period than the caller thought."""
        keys, event_args = self.target
        length = int(seconds * MICRO)
        expected = "" if period is None else period
        done, moved = self._runtime.scripts.run(
            scripts.BREAKER_OPERATE,
            keys,
            (state, reason, length, expected, plan.keep_ms, *event_args),
        )
        self.after_call(moved)
        return bool(done)

    def look(self, plan: BreakerPlan) -> Call:
        """The call that asks for a snapshot."""
        by_count = int(plan.config.window_type is WindowType.COUNT)
        return scripts.BREAKER_LOOK, self.target.keys[:1], (by_count, plan.config.window_size)

    def after_call(self, events_written: int) -> None:
        """On a cluster, relay events: at once the ones just written, and now and then those that
        others left behind."""
        if self._relay_due is None:
            return
        now = self._runtime.clock()
        if events_written or now >= self._relay_due:
            self._relay_due = now + RELAY_INTERVAL
            try:
                self.relay()
            except REDIS_UNAVAILABLE as error:
                log.warning("events of breaker %s wait in their outbox: %s", self.name, error)

    def relay(self) -> int:
        """Move the outbox into the event stream, each event once; returns how many were moved."""
        run, events = self._runtime.scripts.run, self._runtime.events
        outbox = self.target.keys[1]
        entries = run(scripts.OUTBOX_READ, (outbox,), (RELAY_BATCH,))
        if not entries:
            return 0
        args: list[Any] = [events.max_length, events.ttl_ms, OUTBOX_TTL_MS]
        for entry_id, flat in entries:
            fields = dict(zip(flat[::2], flat[1::2], strict=True))
            args += [entry_id, *(fields[name] for name in (b"type", b"at", b"source", b"data"))]
        moved_mark = self._runtime.keys.event_stream("moved", "cb", self.name)
        moved: int = run(scripts.OUTBOX_PUBLISH, (events.key, moved_mark), args)
        run(scripts.OUTBOX_TRIM, (outbox,), [entry_id for entry_id, _ in entries])
        return moved

    def _find_target(self) -> BreakerTarget:
        keys, events, state = self._runtime.keys, self._runtime.events, None
        state = keys.breaker(self.name)
        if self._runtime.clustered:
            self._relay_due = self._runtime.clock()
            where = (state, keys.breaker(self.name, "ev"))
            bounds = (OUTBOX_LENGTH, OUTBOX_TTL_MS)
        else:
            where = (state, events.key)
            bounds = (events.max_length, events.ttl_ms)
        self._target = BreakerTarget(where, (self.name, self._runtime.publisher_args(*bounds)))
        return self._target
