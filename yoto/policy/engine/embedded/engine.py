"""Rego in this process, by regorus."""

from __future__ import annotations

from itertools import count
from time import perf_counter
from typing import Any

from yoto.errors import PlatformError
from yoto.policy.bundle import Bundle
from yoto.policy.engine.admission import admit
from yoto.policy.engine.embedded import module
from yoto.policy.engine.embedded.owner import Kept, Owner
from yoto.policy.engine.embedded.policies import EmbeddedPolicies
from yoto.policy.engine.protocol import EngineHealth, EngineName
from yoto.policy.overrun import EvaluationDeadline

_NOTHING = "{}"
_PROBE = {"probe": "package probe\n\nanswer := input.value"}


class EmbeddedEngine:
    """Compiles and evaluates in this process; an error inside a builtin is an error.

    Input goes in as JSON text alone: the binding's conversion of Python objects makes 0 of False.
    An evaluation holds Python's lock and cannot be stopped: try a bundle in a child process first
    (``yoto.policy.trial``). With a deadline, one that takes longer ends this process.
    """

    name: EngineName = "embedded"

    def __init__(self, deadline: EvaluationDeadline | None = None) -> None:
        """Nothing is compiled, and nothing written.

        Args:
            deadline: of each evaluation; None: there is none.
        """
        self.owner = Owner()
        self._deadline = deadline
        self._keys = count()

    def compile(self, bundle: Bundle) -> EmbeddedPolicies:
        """See ``PolicyEngine``. Every rule is evaluated once, with an empty input."""
        admit(bundle)
        policies = EmbeddedPolicies(
            self.owner, f"bundle-{next(self._keys)}", bundle, self._deadline
        )
        policies.prepare()
        return policies

    def health(self) -> EngineHealth:
        """Evaluates a rule."""
        began = perf_counter()
        try:
            answer = self.owner.run(_probe)
        except PlatformError as error:
            return EngineHealth("unavailable", str(error))
        latency_ms = (perf_counter() - began) * 1e3
        if answer is not False:
            return EngineHealth("unavailable", f"a rule gave {answer!r} instead of false")
        return EngineHealth("ok", "evaluates in this process", latency_ms)

    def sweep(self) -> None:
        """See ``PolicyEngine``: nothing outlives its set here."""

    def close(self) -> None:
        """End the thread that owns what is compiled."""
        self.owner.close()
        if self._deadline is not None:
            self._deadline.close()


def _probe(_: Kept) -> Any:
    engine = module.load(_PROBE, _NOTHING)
    module.set_input(engine, '{"value": false}')
    return module.value_of(engine, "data.probe.answer")
