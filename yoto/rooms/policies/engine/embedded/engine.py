"""Rego in this process, by the library that is installed."""

from __future__ import annotations

from itertools import count
from time import perf_counter

from yoto.errors import PlatformError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.admission import admit
from yoto.rooms.policies.engine.embedded.deadline import EvaluationDeadline
from yoto.rooms.policies.engine.embedded.library import Library, installed
from yoto.rooms.policies.engine.embedded.owner import Kept, Owner
from yoto.rooms.policies.engine.embedded.policies import EmbeddedPolicies
from yoto.rooms.policies.engine.protocol import EngineHealth, EngineName, LibraryName, record_of

_PROBE = {"probe": "package yoto.probe\n\nanswer := input.value"}
_PROBED = "data.yoto.probe.answer"


class EmbeddedEngine:
    """Compiles and evaluates in this process; an error inside a builtin is an error.

    An evaluation cannot be stopped: try a bundle in a child process first
    (``yoto.rooms.policies.sandbox``). With a deadline, one that takes longer ends this process.
    """

    name: EngineName = "embedded"

    def __init__(
        self,
        deadline: EvaluationDeadline | None = None,
        library: Library | None = None,
        portable: bool = False,
    ) -> None:
        """Nothing is compiled, and nothing written.

        Args:
            deadline: of each evaluation; None: there is none.
            library: the library to use; None: the installed one.
            portable: whether policies have to mean the same on every engine.

        Raises:
            ConfigurationError: no library is installed.
        """
        self.library = library or installed()
        self.owner = Owner()
        self._portable = portable
        self._exact = frozenset[str]() if portable else self.library.exact
        self._deadline = deadline
        self._keys = count()

    @property
    def runs_on(self) -> str:
        """See ``PolicyEngine``."""
        return f"{self.library.name} {self.library.version}"

    @property
    def record(self) -> str | None:
        """See ``PolicyEngine``."""
        return record_of(self.library.name, self._portable)

    @property
    def tried_by(self) -> LibraryName:
        """See ``PolicyEngine``."""
        return self.library.name

    def compile(self, bundle: Bundle) -> EmbeddedPolicies:
        """See ``PolicyEngine``. Every rule is evaluated once, with an empty input."""
        admit(bundle, self._exact)
        self.library.admit(bundle)
        policies = EmbeddedPolicies(
            self.library, self.owner, f"bundle-{next(self._keys)}", bundle, self._deadline
        )
        policies.prepare()
        return policies

    def health(self) -> EngineHealth:
        """Evaluates a rule."""
        began = perf_counter()
        try:
            answer = self.owner.run(self._probe)
        except PlatformError as error:
            return EngineHealth("unavailable", str(error))
        latency_ms = (perf_counter() - began) * 1e3
        if answer != "false":
            return EngineHealth("unavailable", f"a rule gave {answer} instead of false")
        return EngineHealth("ok", f"{self.runs_on} in this process", latency_ms)

    def sweep(self) -> None:
        """See ``PolicyEngine``: nothing outlives its set here."""

    def close(self) -> None:
        """End the thread that owns the compiled sets."""
        self.owner.close()
        if self._deadline is not None:
            self._deadline.close()

    def _probe(self, _: Kept) -> str:
        program = self.library.program(self.library.documents("{}"), _PROBE, [_PROBED])
        return program('{"value": false}')(_PROBED)
