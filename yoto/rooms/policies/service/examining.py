"""The checks before a change is stored."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yoto.errors import PlatformError, PolicyError, ValidationFailed
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.protocol import (
    CompiledPolicies,
    LibraryName,
    PolicyEngine,
    TestReport,
)
from yoto.rooms.policies.recent import RecentInputs, SharedInputs
from yoto.rooms.policies.result import Verdict
from yoto.rooms.policies.sandbox.running import OverLimit, refuse_failures, run_in_sandbox
from yoto.rooms.policies.service.results import (
    Answer,
    BeforeAndAfter,
    Comparison,
    Differing,
    PolicyDryRun,
)
from yoto.rooms.policies.service.serving import Serving
from yoto.rooms.policies.shadow import FlipCounts

log = logging.getLogger(__name__)

# Recorded inputs that a change is tried on.
SAMPLE = 100

_NO_VERDICT = Verdict(allow=False, deny=())


@dataclass(frozen=True, slots=True)
class Examined:
    """A set of policies that has passed; empty where nothing had to be examined."""

    compiled: CompiledPolicies | None = None
    tests_passed: int = 0
    comparison: Comparison | None = None

    def close(self) -> None:
        """Release compiled sets that are not going to be used."""
        if self.compiled is not None:
            self.compiled.close()


class Examiner:
    """Tries sets of policies in a child process, on the engine, and on recent inputs."""

    def __init__(
        self,
        engine: PolicyEngine,
        serving: Callable[[], Serving],
        recent: RecentInputs,
        shared: SharedInputs,
    ) -> None:
        """Nothing is asked or compiled yet."""
        self._engine = engine
        self._serving = serving
        self._recent = recent
        self._shared = shared

    def examine(self, name: str, bundle: Bundle) -> Examined:
        """Check that ``bundle`` may be stored; ``name`` is the changed entry.

        Raises:
            PolicyError: a source is refused, a test fails, or an evaluation takes too much.
            PolicyUnavailable: the engine is not there, or did not answer each comparison: a failed
                comparison says nothing about the policies.
        """
        sample = self.sample()
        # The child has limits: excessive work fails there, and not here afterwards.
        report = self._tried(name, bundle, sample)
        compiled = self._engine.compile(bundle)
        try:
            comparison = self._compare(compiled, sample)
        except BaseException:
            compiled.close()
            raise
        return Examined(compiled, len(report.passed), comparison)

    def dry_run(
        self, name: str, bundle: Bundle, given: Mapping[str, Any] | None = None
    ) -> PolicyDryRun:
        """The verdicts that would change with ``bundle``, on recent inputs and on a given one.

        Raises: as ``examine``; ``ValidationFailed`` where ``given`` is no JSON data.
        """
        sample, asked = self.sample(), _input_text(given)
        report = self._tried(name, bundle, [*sample, *asked])
        compiled = self._engine.compile(bundle)
        try:
            before = self._serving().newest
            old = None if before is None else before.compiled
            recorded = [
                BeforeAndAfter(_answer(old, text), _answer(compiled, text)) for text in sample
            ]
            given_verdicts = [
                BeforeAndAfter(_answer(old, text), _answer(compiled, text)) for text in asked
            ]
        finally:
            compiled.close()
        return _dry_run_report(report.passed, sample, recorded, given_verdicts)

    def _tried(self, name: str, bundle: Bundle, inputs: Sequence[str]) -> TestReport:
        library = self._engine.tried_by
        if library is not None and self._engine.name == "embedded":
            report = run_in_sandbox(name, bundle, inputs, library=library)
            if report.skipped:
                log.warning("%s cannot run %d tests of policies", library, len(report.skipped))
            return report
        if library is not None:
            _refuse_what_takes_too_much(name, bundle, inputs, library)
        compiled = self._engine.compile(bundle)
        try:
            report = compiled.run_tests()
        finally:
            compiled.close()
        refuse_failures(name, report)
        return report

    def sample(self) -> Sequence[str]:
        """Recent inputs of all processes or, without Redis, of this one, newest first."""
        own = list(self._recent.latest())[: -SAMPLE - 1 : -1]
        try:
            self._shared.share(self._recent)
            return self._shared.latest(SAMPLE) or own
        except PlatformError as error:
            log.warning("only this process's inputs are tried: %s", error)
            return own

    def _compare(self, compiled: CompiledPolicies, sample: Sequence[str]) -> Comparison:
        before = self._serving().newest
        if before is None:
            return Comparison()
        flips = FlipCounts()
        for text in sample:
            old, new = _verdict(before.compiled, text), _verdict(compiled, text)
            flips.add(json.loads(text), old, new)
        return Comparison(
            inputs=len(sample),
            allow_to_deny=flips.directions["allow_to_deny"],
            deny_to_allow=flips.directions["deny_to_allow"],
            subjects=dict(flips.subjects),
            places=dict(flips.places),
            codes=dict(flips.codes),
        )


def _refuse_what_takes_too_much(
    name: str, bundle: Bundle, inputs: Sequence[str], library: LibraryName
) -> None:
    """Try a set by another library than the one that decides: only its limits count."""
    try:
        run_in_sandbox(name, bundle, inputs, library=library)
    except OverLimit:
        raise
    except PolicyError as error:
        log.info("%s reads %s in another way than the server, or not: %s", library, name, error)


def _verdict(compiled: CompiledPolicies, text: str) -> Verdict:
    try:
        return compiled.evaluate(text)
    except PolicyError:
        return _NO_VERDICT


def _answer(compiled: CompiledPolicies | None, text: str) -> Answer:
    if compiled is None:
        return Answer(False, error="no policies are in service")
    try:
        verdict = compiled.evaluate(text)
    except PolicyError as error:
        return Answer(False, error=str(error))
    return Answer(verdict.allow, verdict.deny)


def _input_text(given: Mapping[str, Any] | None) -> Sequence[str]:
    if given is None:
        return []
    try:
        return [json.dumps(given, allow_nan=False)]
    except (TypeError, ValueError, RecursionError) as error:
        raise ValidationFailed({"input": f"is no JSON data: {error}"}) from None


def _dry_run_report(
    tests: Sequence[str],
    sample: Sequence[str],
    recorded: Sequence[BeforeAndAfter],
    given_verdicts: Sequence[BeforeAndAfter],
) -> PolicyDryRun:
    differing = tuple(
        Differing(one.before, one.after, number, json.loads(text))
        for number, (text, one) in enumerate(zip(sample, recorded, strict=True), 1)
        if one.before != one.after
    )
    denied = sum(one.before.allow and not one.after.allow for one in differing)
    allowed = sum(one.after.allow and not one.before.allow for one in differing)
    return PolicyDryRun(
        tests_passed=tuple(tests),
        inputs=len(sample),
        changed=len(differing),
        allow_to_deny=denied,
        deny_to_allow=allowed,
        other_codes=len(differing) - denied - allowed,
        differing=differing,
        given=next(iter(given_verdicts), None),
    )
