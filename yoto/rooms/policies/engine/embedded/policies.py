"""A compiled bundle in this process: whole, and reduced to the rules for a topic."""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.admission import rego_tests, run_rego_tests
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline
from yoto.rooms.policies.engine.embedded.library import UNDEFINED_TEXT, Library, Program
from yoto.rooms.policies.engine.embedded.owner import Kept, Owner
from yoto.rooms.policies.engine.protocol import Decider, TestReport
from yoto.rooms.policies.partial import Divided, NotDivisible, Residual, Topic
from yoto.rooms.policies.rego.heads import reads_of
from yoto.rooms.policies.rego.parser import syntax_of
from yoto.rooms.policies.rego.tokens import Kind, tokenize
from yoto.rooms.policies.result import ENTRY_POINT, UNDEFINED, Verdict, read_verdict

R = TypeVar("R")

log = logging.getLogger(__name__)

# Topics that are remembered; an application has some dozens of permissions, in three scopes.
MOST_TOPICS = 512


class EmbeddedPolicies:
    """A compiled bundle."""

    def __init__(
        self,
        library: Library,
        owner: Owner,
        key: str,
        bundle: Bundle,
        deadline: EvaluationDeadline | None = None,
    ) -> None:
        """``key`` is unique among the owner's."""
        self._library = library
        self._deadline = deadline
        self._owner = owner
        self._key = key
        self._bundle = bundle
        self.version = bundle.version
        self.reads = reads_of(tokenize(source) for source in bundle.modules.values())
        self._divided: Divided | None = None
        self._is_divisible = True
        self._topics: dict[Topic, Decider] = {}
        self._residuals: dict[tuple[str, ...], Decider] = {}
        self._reducing = threading.Lock()

    def prepare(self) -> None:
        """Parse and analyse.

        Raises:
            PolicyError: the bundle is refused.
        """
        self._compile(self._program)

    def evaluate(self, input_json: str) -> Verdict:
        """See ``CompiledPolicies``."""
        return self._decide(self._program, input_json)

    def about(self, topic: Topic | None) -> Decider:
        """See ``CompiledPolicies``. The first time for a topic takes some milliseconds."""
        if topic is None:
            return self
        known = self._topics.get(topic)
        if known is not None:
            return known
        return self._reduced(topic) if self._is_divisible else self

    def run_tests(self) -> TestReport:
        """See ``CompiledPolicies``."""

        def run(kept: Kept) -> TestReport:
            bundle = self._bundle
            runnable = bundle.tests if self._library.replaces else _without_with(bundle.tests)
            named = {f"{name} (test)": source for name, source in runnable.items()}
            modules, tests = {**bundle.modules, **named}, rego_tests(runnable)
            documents, rules = self._documents(kept), [rule for _, rule in tests]
            program = self._library.program(documents, modules, rules, tests=True)
            report = run_rego_tests(tests, lambda rule: _value(program(None)(rule)))
            skipped = [one for one in rego_tests(bundle.tests) if one not in tests]
            return replace(report, skipped=tuple(name for name, _ in skipped))

        return self._owner.run(run)

    def close(self) -> None:
        """See ``CompiledPolicies``."""

        def drop(kept: Kept) -> None:
            for key in [key for key in kept if key.partition("/")[0] == self._key]:
                del kept[key]

        self._owner.run(drop)

    def _decide(self, program_of: Callable[[Kept], Program], input_json: str) -> Verdict:
        def decide(kept: Kept) -> str:
            text_of = program_of(kept)(input_json)
            return self._kept_short(lambda: text_of(ENTRY_POINT))

        return _verdict_of(self._owner.run(decide))

    def _kept_short(self, evaluate: Callable[[], R]) -> R:
        return evaluate() if self._deadline is None else self._deadline.keep(self.version, evaluate)

    def _compile(self, program_of: Callable[[Kept], Program]) -> None:
        """Have the owner compile and keep it. No job returns a program: the caller could be the
        last to drop it, in another thread than its own.
        """

        def compile(kept: Kept) -> None:
            program_of(kept)

        self._owner.run(compile)

    def _program(self, kept: Kept) -> Program:
        return self._compiled(kept, self._key, self._bundle.modules, [ENTRY_POINT])

    def _compiled(
        self, kept: Kept, key: str, modules: Mapping[str, str], rules: Sequence[str]
    ) -> Program:
        program: Program | None = kept.get(key)
        if program is None:
            program = self._library.program(self._documents(kept), modules, rules)
            kept[key] = program
        return program

    def _documents(self, kept: Kept) -> Any:
        key = f"{self._key}/documents"
        if key not in kept:
            kept[key] = self._library.documents(self._bundle.data_json)
        return kept[key]

    def _reduced(self, topic: Topic) -> Decider:
        with self._reducing:
            known = self._topics.get(topic)
            if known is not None:
                return known
            if not self._is_divisible or len(self._topics) >= MOST_TOPICS:
                return self
            try:
                decider = self._decider(self._owner.run(lambda kept: self._reduce(kept, topic)))
            except NotDivisible as reason:
                log.info("policies %s are evaluated as a whole: %s", self.version, reason)
                self._is_divisible = False
                return self
            except Exception as error:
                # The whole set is always right. The error itself must not go into the log:
                # through its frames it would keep objects that regorus made here.
                text = "".join(traceback.format_exception(error))
                log.error("policies %s are evaluated as a whole: %s", self.version, text)
                self._is_divisible = False
                return self
            self._topics[topic] = decider
            return decider

    def _decider(self, residual: Residual) -> Decider:
        sources = tuple(residual.modules.values())
        found = self._residuals.get(sources)
        if found is None:
            if len(self._residuals) >= self._library.most_kept:
                return self
            found = _Reduced(self, f"{self._key}/{len(self._residuals)}", residual)
            # It is compiled now: a set that cannot be compiled must decide nothing.
            self._compile(found.program)
            self._residuals[sources] = found
        return found

    def _reduce(self, kept: Kept, topic: Topic) -> Residual:
        divided = self._divided
        if divided is None:
            sources = self._bundle.modules
            divided = self._divided = Divided(sources, syntax_of(sources))
        guards = {f"{name} (guards)": source for name, source in divided.guards.items()}
        modules = {**self._bundle.modules, **guards}
        rules = divided.guard_rules
        program = self._compiled(kept, f"{self._key}/guards", modules, rules)
        text_of = program(json.dumps(topic.document))

        def ask(rule: str) -> bool | None:
            try:
                return self._kept_short(lambda: text_of(rule)) != UNDEFINED_TEXT
            except PolicyError:
                return None

        return divided.reduce(ask)


class _Reduced:
    """The rest of a bundle for some topics."""

    def __init__(self, whole: EmbeddedPolicies, key: str, residual: Residual) -> None:
        self._whole = whole
        self._key = key
        self._residual = residual
        self.reads = residual.reads

    def program(self, kept: Kept) -> Program:
        """It, compiled."""
        return self._whole._compiled(kept, self._key, self._residual.modules, [ENTRY_POINT])

    def evaluate(self, input_json: str) -> Verdict:
        """See ``CompiledPolicies``."""
        return self._whole._decide(self.program, input_json)


@lru_cache(maxsize=512)
def _verdict_of(text: str) -> Verdict:
    # Most decisions are the same few ones.
    return read_verdict(_value(text))


def _without_with(tests: Mapping[str, str]) -> dict[str, str]:
    def replaces(source: str) -> bool:
        return any(one.value == "with" and one.kind is Kind.NAME for one in tokenize(source))

    return {name: source for name, source in tests.items() if not replaces(source)}


def _value(text: str) -> Any:
    return UNDEFINED if text == UNDEFINED_TEXT else json.loads(text)
