"""Rego in this process, by regorus."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from time import perf_counter
from typing import Any

import regorus

from app.core.errors import PlatformError
from app.core.policy.bundle import Bundle
from app.core.policy.engine.embedded import module
from app.core.policy.engine.embedded.admission import admit
from app.core.policy.engine.embedded.owner import Kept, Owner
from app.core.policy.engine.protocol import EngineHealth, EngineName, TestReport
from app.core.policy.engine.rego_tests import run_rego_tests
from app.core.policy.overrun import EvaluationDeadline
from app.core.policy.rego import reads_of, tokenize
from app.core.policy.result import ENTRY_POINT, Verdict, read_verdict

_NOTHING = "{}"
_PROBE = {"probe": "package probe\n\nanswer := input.value"}


class EmbeddedEngine:
    """Compiles and evaluates in this process; an error inside a builtin is an error.

    Input goes in as JSON text alone: the binding's conversion of Python objects makes 0 of False.
    An evaluation holds Python's lock and cannot be stopped: try a bundle in a child process first
    (``app.core.policy.trial``). With a deadline, one that takes longer ends this process.
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


class EmbeddedPolicies:
    """A compiled bundle."""

    def __init__(
        self, owner: Owner, key: str, bundle: Bundle, deadline: EvaluationDeadline | None = None
    ) -> None:
        """``key`` is unique among the owner's."""
        self._deadline = deadline
        self._owner = owner
        self._key = key
        self._bundle = bundle
        self.version = bundle.version
        self.reads = reads_of(tokenize(source) for source in bundle.modules.values())

    def prepare(self) -> None:
        """Parse and analyse.

        Raises:
            PolicyError: the bundle is refused.
        """
        self._owner.run(self._engine)

    def evaluate(self, input_json: str) -> Verdict:
        """See ``CompiledPolicies``."""

        def decide(kept: Kept) -> Any:
            # What is compiled never sees a real input.
            engine = module.copy_of(self._engine(kept))
            module.set_input(engine, input_json)
            if self._deadline is None:
                return module.value_of(engine, ENTRY_POINT)
            return self._deadline.keep(self.version, lambda: module.value_of(engine, ENTRY_POINT))

        return read_verdict(self._owner.run(decide))

    def run_tests(self) -> TestReport:
        """See ``CompiledPolicies``."""

        def run(_: Kept) -> TestReport:
            bundle = self._bundle
            named = {f"{name} (test)": source for name, source in bundle.tests.items()}
            engine = module.load({**bundle.modules, **named}, bundle.data_json)
            return run_rego_tests(
                bundle, lambda rule: module.value_of(module.copy_of(engine), rule)
            )

        return self._owner.run(run)

    def close(self) -> None:
        """See ``CompiledPolicies``."""
        self._owner.run(lambda kept: kept.pop(self._key, None) and None)

    def _engine(self, kept: Kept) -> regorus.Engine:
        engine = kept.get(self._key)
        if engine is None:
            engine = _prepared(self._bundle.modules, self._bundle.data_json)
            kept[self._key] = engine
        return engine


def _prepared(modules: Mapping[str, str], data_json: str) -> regorus.Engine:
    engine = module.load(modules, data_json)
    # Some of what regorus finds wrong, it finds only when a rule is evaluated. And copies are to be
    # analysed already, which takes longer than most evaluations.
    module.set_input(engine, _NOTHING)
    module.evaluate_all(engine, "data.yoto")
    return engine


def _probe(_: Kept) -> Any:
    engine = module.load(_PROBE, _NOTHING)
    module.set_input(engine, '{"value": false}')
    return module.value_of(engine, "data.probe.answer")
