"""The circuit breaker that applications use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from yoto.errors import CircuitIsolated, CircuitOpen
from yoto.redis import REDIS_UNAVAILABLE

from ..exits import Call
from ..outcome import ANY_EXCEPTION, Classifier, Outcome, run_with
from ..runtime import Derived, Runtime
from ..settings import BreakerMode, CircuitBreakerConfig, OnStoreError
from ..store_error import RETRY_AFTER, StoreWatch
from ..trail import REFUSED, Noted, Trail
from .local import LocalBreaker
from .memory import AdmissionMemory
from .permit import AdmittedCall, BreakerPermit
from .plan import BreakerPlan, plan_breaker
from .remote import RemoteBreaker
from .states import Admission, BreakerState, Happened, Meaning, Refusal
from .successes import Successes
from .view import local_state, remote_state

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# Seconds. A forced state must not last for ever because an operator went home.
FORCED_FOR = 3_600.0
_UNCOUNTED = Admission(0, Meaning.UNWANTED)


class CircuitBreaker:
    """Stops calls of a failing service. All processes share its state: ``docs/resilience.md``.

    Safe for threads and greenlets.
    """

    def __init__(
        self, name: str, get_config: Callable[[], CircuitBreakerConfig], runtime: Runtime
    ) -> None:
        """``get_config`` gives the configuration of now and costs no round trip."""
        self.name = name
        self.rejected = 0
        self.passed = 0
        self.trail = Trail()
        self.store = StoreWatch(f"circuit breaker {name}", runtime.clock)
        self.remote = RemoteBreaker(name, runtime)
        self.memory = AdmissionMemory(runtime.clock)
        self.successes = Successes(self._record_successes, runtime.deferred)
        self.get_config = get_config
        self._runtime = runtime
        self._hooks = runtime.hooks
        self._plan = Derived(get_config, plan_breaker)
        self._local: LocalBreaker | None = None

    @property
    def plan(self) -> BreakerPlan:
        """The configuration of now, packed."""
        return self._plan()

    @property
    def local(self) -> LocalBreaker:
        """The twin in this process."""
        if self._local is None:
            self._local = LocalBreaker(self.plan.config)
        return self._local

    @property
    def needs_local(self) -> bool:
        """Whether the twin has a say now although Redis is there."""
        return self._local is not None and (self._local.alone or self._local.following)

    def call(self, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Runs ``fn`` through the breaker; any ``Exception`` of it is a failure.

        Raises:
            CircuitOpen, CircuitIsolated: it did not run.
        """
        return self.call_as(ANY_EXCEPTION, fn, *args, **kwargs)

    def call_as(
        self, classifier: Classifier, fn: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """As ``call``, with a choice of the exceptions that count as failures."""
        return run_with(self.allow(), classifier, fn, *args, **kwargs)

    @contextmanager
    def calling(self, classifier: Classifier = ANY_EXCEPTION) -> Iterator[BreakerPermit]:
        """``with breaker.calling():``: the block is one call; else as ``call_as``."""
        permit = self.allow()
        try:
            yield permit
        except BaseException as error:
            permit.exit(classifier.of_end(error), error)
            raise
        permit.exit(Outcome.SUCCESS)

    def allow(self) -> BreakerPermit:
        """A permit for one call; give it back with ``exit(outcome)``.

        Raises:
            CircuitOpen, CircuitIsolated: not now; ``retry_after`` gives the wait.
        """
        plan, request = self._plan(), self._runtime.request_id()
        if plan.disabled:
            permit = self.permit(request, _UNCOUNTED)
        else:
            alone = self.ask_twin_first(request, plan) if self.needs_local else None
            known = self.memory.find(plan) if plan.leased else None
            if known is None:
                permit = self._ask(request, plan, alone)
            else:
                permit = self.permit(request, known, alone=alone)
        if self._hooks.listeners:
            self._hooks.let_in(self.name, permit.exit)
        return permit

    def _ask(self, request: str, plan: BreakerPlan, alone: Admission | None) -> BreakerPermit:
        asked_at = self._runtime.clock()
        try:
            answer = self.remote.admit(request, plan)
        except REDIS_UNAVAILABLE as error:
            self.store.lost(error)
            return self.allow_without_store(request, plan)
        self.store.found()
        if isinstance(answer, Refusal):
            raise self.refused(answer)
        if self.needs_local:
            self.admitted()
        if plan.leased:
            self.memory.keep(plan, answer, asked_at)
        return self.permit(request, answer, alone=alone)

    def state(self) -> BreakerState:
        """The state now; of the local twin while Redis is unavailable."""
        try:
            reply = self._runtime.scripts.run(*self.look())
        except REDIS_UNAVAILABLE as error:
            reply = error
        return self.snapshot(reply)

    def look(self) -> Call:
        """The call that asks Redis for ``snapshot``."""
        return self.remote.look(self._plan())

    def snapshot(self, reply: Any) -> BreakerState:
        """The state from the reply to ``look``, which may be the error of an unavailable store."""
        plan = self._plan()
        if isinstance(reply, Exception):
            self.store.lost(reply)
            return local_state(self, plan, self._runtime.clock())
        self.store.found()
        return remote_state(self, plan, reply)

    def force_open(
        self, reason: str, ttl: float = FORCED_FOR, expected_period: int | None = None
    ) -> BreakerState:
        """Isolate: refuse all for ``ttl`` seconds, on the whole fleet.

        With ``expected_period`` nothing changes when the breaker is in another period by now; the
        returned state shows it.

        Raises:
            StoreUnavailable: Redis is unavailable, so the fleet does not know.
        """
        return self._operate("isolated", reason, ttl, expected_period)

    def force_close(
        self, reason: str, ttl: float = FORCED_FOR, expected_period: int | None = None
    ) -> BreakerState:
        """Disable: admit all and count nothing for ``ttl`` seconds; else as ``force_open``."""
        return self._operate("disabled", reason, ttl, expected_period)

    def reset(self, reason: str = "reset", expected_period: int | None = None) -> BreakerState:
        """Closed, with nothing counted; else as ``force_open``."""
        return self._operate("closed", reason, 0.0, expected_period)

    # Shared with the guard, which admits through several parts in one script.

    def permit(
        self,
        request: str,
        admission: Admission,
        local: bool = False,
        alone: Admission | None = None,
    ) -> BreakerPermit:
        """A permit for an admission."""
        now = self._runtime.clock()
        give = self._return_and_notify if self._hooks.listeners else self._take_back
        return BreakerPermit(give, request, admission, now, local, alone)

    def ask_twin_first(self, request: str, plan: BreakerPlan) -> Admission | None:
        """In an instance that opened alone its twin decides too; raises as ``allow``."""
        if not self.local.alone or plan.config.mode is not BreakerMode.NORMAL:
            return None
        answer = self.local.admit(self._runtime.clock(), request, plan.config)
        if isinstance(answer, Refusal):
            raise self.refused(answer, remember=False)
        return answer

    def admitted(self) -> None:
        """Redis admitted a call: the twin need not repeat a refusal any more."""
        if self._local is not None and self._local.following:
            self._local.forget(self.plan.config)

    def refused(self, refusal: Refusal, remember: bool = True) -> CircuitOpen:
        """Counts a refusal and gives the exception for it."""
        self.rejected += 1
        self.trail.note((self._runtime.clock(), 0.0, 0.0, "", REFUSED, None, 1))
        self.memory.drop()
        if remember:
            self.local.follow(self._runtime.clock(), refusal, self.plan.config)
        kind = CircuitIsolated if refusal.isolated else CircuitOpen
        return kind(self.name, refusal.wait)

    def allow_without_store(self, request: str, plan: BreakerPlan) -> BreakerPermit:
        """The decision of ``on_store_error``; raises as ``allow``."""
        self.store.answered_locally += 1
        self.memory.drop()
        match plan.config.on_store_error:
            case OnStoreError.OPEN:
                return self.permit(request, _UNCOUNTED, local=True)
            case OnStoreError.CLOSED:
                raise self.refused(Refusal(RETRY_AFTER), remember=False)
        answer = self.local.admit(self._runtime.clock(), request, plan.config)
        if isinstance(answer, Refusal):
            raise self.refused(answer, remember=False)
        return self.permit(request, answer, local=True)

    def ended(self, call: Noted) -> bool:
        """Note the end of an admitted call; whether it took too long."""
        self.passed += 1
        self.trail.note(call)
        return call[2] >= self._plan().config.slow_call_duration

    def record_soon(
        self, request: str, admission: Admission, outcome: Outcome, slow: bool, plan: BreakerPlan
    ) -> None:
        """In mode leased: record soon how a counted call ended; raises nothing.

        Calls that succeeded in time are summed. Any other is sent at once, after those before it,
        and the next call asks Redis, so that this worker sees the effect of its own failures.
        """
        if outcome is Outcome.SUCCESS and not slow:
            self.successes.note(admission.period)
            return
        self.memory.drop()
        self.successes.flush()
        request = request or self._runtime.request_id()
        call = self.remote.result(request, admission.period, outcome, slow, plan)
        self._runtime.exits.add(call, self._recorded)
        if plan.opens_alone:
            # The next call must know whether this instance opens alone.
            self._runtime.exits.settle()

    def heard(self, happened: Happened, plan: BreakerPlan) -> None:
        """Take note of the effect of a result in Redis."""
        if happened is Happened.OPENED_ALONE:
            self.local.open_alone(self._runtime.clock(), plan.config)

    def record_local(self, call: AdmittedCall, outcome: Outcome, slow: bool) -> None:
        """Give the twin the result of a call that it admitted."""
        admission = call.admission if call.local else call.alone
        if admission is None or admission.meaning is Meaning.UNWANTED:
            return
        now, config = self._runtime.clock(), self._plan().config
        self.local.record(now, call.request, admission.period, outcome, slow, config)

    def notify_hooks(self, started: float, outcome: Outcome, error: BaseException | None) -> None:
        """Notify the hooks of the end of a call; ``started``: by the runtime's clock."""
        self._hooks.ended(self.name, outcome, self._runtime.clock() - started, error)

    def _return_and_notify(
        self, permit: BreakerPermit, outcome: Outcome, error: BaseException | None
    ) -> None:
        try:
            self._take_back(permit, outcome, error)
        finally:
            self.notify_hooks(permit.started, outcome, error)

    def _take_back(
        self, permit: BreakerPermit, outcome: Outcome, error: BaseException | None
    ) -> None:
        plan, started = self._plan(), permit.started
        taken = self._runtime.clock() - started
        slow = self.ended((started, 0.0, taken, "", outcome, None, 1))
        self.record_local(permit, outcome, slow)
        meaning = permit.admission.meaning
        if permit.local or meaning is Meaning.UNWANTED or plan.disabled:
            return
        if outcome is Outcome.IGNORED and meaning is Meaning.COUNTED:
            return
        if plan.leased and meaning is Meaning.COUNTED:
            self.record_soon(permit.request, permit.admission, outcome, slow, plan)
            return
        period = permit.admission.period
        try:
            happened = self.remote.record(permit.request, period, outcome, slow, plan)
        except REDIS_UNAVAILABLE as lost:
            self.store.lost(lost)
            log.warning("a result of breaker %s was not recorded: %s", self.name, lost)
            return
        self.store.found()
        self.heard(happened, plan)

    def _record_successes(self, period: int, count: int) -> None:
        plan = self._plan()
        request = self._runtime.request_id()
        call = self.remote.result(request, period, Outcome.SUCCESS, False, plan, count)
        self._runtime.exits.add(call, self._recorded)

    def _recorded(self, reply: Any) -> None:
        if isinstance(reply, Exception):
            self.memory.drop()
            self.store.lost(reply)
            log.warning("results of breaker %s were not recorded: %s", self.name, reply)
            return
        happened = self.remote.recorded(reply)
        if happened is not Happened.COUNTED:
            # The breaker is in another period than this worker thought.
            self.memory.drop()
        self.heard(happened, self._plan())

    def _operate(
        self, state: str, reason: str, ttl: float, expected_period: int | None
    ) -> BreakerState:
        plan = self._plan()
        self.remote.operate(state, reason, ttl, expected_period, plan)
        self.memory.drop()
        self.local.forget(plan.config)
        return self.state()
