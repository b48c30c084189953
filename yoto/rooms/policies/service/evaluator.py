"""One decision: from the cache or by the engine, and a denial whenever there is no verdict."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from yoto import tracing
from yoto.errors import DeadlineExceeded, PlatformError, PolicyError, PolicyUnavailable
from yoto.permission.verdict.abac import POLICY_ERROR
from yoto.rooms.policies.decision_cache import DecisionCache, Validity
from yoto.rooms.policies.engine.protocol import Decider
from yoto.rooms.policies.metrics.counts import EngineMetrics
from yoto.rooms.policies.metrics.per_policy import PolicyLedger
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.recent import RecentInputs
from yoto.rooms.policies.result import (
    POLICY_TOO_SLOW,
    POLICY_UNAVAILABLE,
    PolicyDecision,
    Verdict,
)
from yoto.rooms.policies.service.serving import Loaded, Serving

log = logging.getLogger(__name__)

# Makes an input on demand.
MakeInput = Callable[[], Mapping[str, Any]]

MICROSECONDS = 1e6
# The span of an engine request in traces; a cached decision makes no request.
SPAN = "policy.evaluate"


class Evaluator:
    """Decides for one process. Safe for threads.

    The result is always a decision, and it allows only what the policies in service have allowed.
    Only an error that is no ``Exception``, such as the end of a greenlet, is raised.

    Attributes:
        uncounted: decisions that could not be counted.
    """

    def __init__(
        self,
        engine: str,
        serving: Callable[[], Serving],
        cache: DecisionCache,
        metrics: EngineMetrics,
        ledger: PolicyLedger,
        recent: RecentInputs,
        on_evaluated: Callable[[Loaded, float], None],
    ) -> None:
        """Nothing is evaluated yet.

        Args:
            engine: its name, for decisions.
            serving: gives the set in service.
            on_evaluated: called with the us that an evaluation of a set took.
        """
        self._engine = engine
        self._serving = serving
        self._cache = cache
        self._metrics = metrics
        self._ledger = ledger
        self._recent = recent
        self._on_evaluated = on_evaluated
        self.uncounted = 0
        self._last_error = ""

    def evaluate(
        self,
        document: Mapping[str, Any],
        valid_for: Validity | None = None,
        serving: Serving | None = None,
        whole: MakeInput | None = None,
    ) -> PolicyDecision:
        """Decide; see ``PolicyManager.evaluate``.

        Args:
            serving: the set that the document was made for; None: the set in service.
            whole: makes the document with all parts that any policy reads, to try other sets on it
                later; None: this document is whole.
        """
        began = perf_counter()
        loaded: Loaded | None = None
        version: str | None = None
        cached: bool | None = None
        verdict: Verdict | None = None
        why = POLICY_UNAVAILABLE
        try:
            serving = self._serving() if serving is None else serving
            loaded = serving.loaded
            answering = serving.answering
            version = answering.version if answering is not None else None
            if loaded is not None:
                verdict, cached = self._verdict(loaded, document, valid_for)
            elif answering is not None:
                why = POLICY_TOO_SLOW
        except DeadlineExceeded:
            raise  # it says nothing about engine or policies
        except PolicyUnavailable as error:
            self._say("no engine for policies, which denies", error)
            self._metrics.failed(unavailable=True)
        except Exception as error:
            self._say("policies gave no verdict, which denies", error)
            self._metrics.failed(unavailable=False)
            why = POLICY_ERROR
        duration_us = (perf_counter() - began) * MICROSECONDS
        allow, reasons = (False, (why,)) if verdict is None else (verdict.allow, verdict.deny)
        decision = PolicyDecision(
            allow, reasons, version, self._engine, duration_us, failed=verdict is None
        )
        self._note(loaded, document, decision, cached, whole)
        return decision

    def try_out(self, loaded: Loaded, document: Mapping[str, Any]) -> PolicyDecision:
        """Decide by the engine alone; nothing is counted or kept.

        Raises:
            PolicyError: there is no verdict, which denies where it counts.
            PolicyUnavailable: the engine did not answer.
        """
        began = perf_counter()
        try:
            text = _as_json(document)
        except (TypeError, ValueError) as error:
            raise PolicyError("input", f"is no JSON data: {error}") from None
        verdict = loaded.compiled.evaluate(text)
        duration_us = (perf_counter() - began) * MICROSECONDS
        return PolicyDecision(
            verdict.allow, verdict.deny, loaded.version, self._engine, duration_us
        )

    def _verdict(
        self, loaded: Loaded, document: Mapping[str, Any], valid_for: Validity | None
    ) -> tuple[Verdict, bool | None]:
        """The verdict, and whether it came from the cache; None if it may not."""
        slot = None
        decider = loaded.compiled.about(Topic.of(document))
        if valid_for is not None and self._cache.seconds > 0:
            plan = loaded.plan_of(decider)
            slot = None if plan is None else plan.key(document, valid_for)
        if slot is not None:
            known = self._cache.get(loaded.version, slot[0])
            if known is not None:
                return known, True
        verdict = self._evaluated(loaded, decider, document)
        if slot is None:
            return verdict, None
        self._cache.put(loaded.version, slot[0], verdict, slot[1])
        return verdict, False

    def _evaluated(self, loaded: Loaded, decider: Decider, document: Mapping[str, Any]) -> Verdict:
        text = _as_json(document)
        began = perf_counter()
        with tracing.span(
            SPAN, {"yoto.engine": self._engine, "yoto.version": loaded.version}
        ) as span:
            verdict = decider.evaluate(text)
            span.set({"yoto.allowed": verdict.allow})
        latency_us = (perf_counter() - began) * MICROSECONDS
        self._metrics.evaluated(latency_us)
        self._on_evaluated(loaded, latency_us)
        if loaded.shadow is not None:
            loaded.shadow.see(text, verdict)
        return verdict

    def _say(self, what: str, error: Exception) -> None:
        """Log a failure, unless it is the one that was logged last: each request may have it."""
        message = f"{what}: {error}"
        if message != self._last_error:
            self._last_error = message
            log.warning(message, exc_info=not isinstance(error, PlatformError))

    def _note(
        self,
        loaded: Loaded | None,
        document: Mapping[str, Any],
        decision: PolicyDecision,
        cached: bool | None,
        whole: MakeInput | None,
    ) -> None:
        """Count a decision; an error here never changes the decision."""
        try:
            self._metrics.decided(decision.allow, decision.reasons, cached)
            if loaded is None:
                return
            if not decision.allow:
                self._ledger.denied(decision.reasons)
            loaded.tally.add(decision.allow)
            if loaded.rollback_watch is not None:
                loaded.rollback_watch.after.add(decision.allow)
            if not cached:
                self._recent.offer(whole or (lambda: document))
        except Exception:
            self.uncounted += 1
            log.exception("a decision by policies was not counted")


# Python writes NaN, which is no JSON and could become null on the way.
_as_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
