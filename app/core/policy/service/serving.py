"""What is in service, as values that are swapped whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Any

from app.core.policy.bundle import Bundle
from app.core.policy.decision_cache import CachePlan, plan_for
from app.core.policy.engine import CompiledPolicies
from app.core.policy.metrics import Complexity, complexity_of
from app.core.policy.rego import EVERYTHING
from app.core.policy.shadow import DenyRate, Shadow, Tally
from app.core.policy.store import StoredSet
from app.models import PolicyKind

# s that a promotion is watched.
PROBATION_SECONDS = 900.0


@dataclass(frozen=True, eq=False)
class Probation:
    """A promotion whose denials are watched.

    Attributes:
        version, fallback: the version promoted, and the one before; None: there was none.
        before: denials in this process until then; ``after`` counts them since.
    """

    kind: PolicyKind
    name: str
    version: int
    fallback: int | None
    before: DenyRate
    after: Tally = field(default_factory=Tally)
    until: float = field(default_factory=lambda: monotonic() + PROBATION_SECONDS)


@dataclass(frozen=True, eq=False)
class Loaded:
    """One revision, ready to decide. Nothing in it is ever replaced.

    Attributes:
        plan: how its decisions are cached; None: they are not.
        tally: its decisions in this process.
        shadow: the candidate beside it.
        shadow_error: why a candidate that there is cannot run beside it.
        probation: a promotion that is watched.
    """

    stored: StoredSet
    bundle: Bundle
    compiled: CompiledPolicies
    plan: CachePlan | None
    tally: Tally = field(default_factory=Tally)
    shadow: Shadow | None = None
    shadow_error: str | None = None
    probation: Probation | None = None

    @property
    def version(self) -> str:
        """The version of the set, as decisions name it."""
        return self.compiled.version

    @cached_property
    def complexity(self) -> Mapping[str, Complexity]:
        """The size of each policy."""
        return {name: complexity_of(name, text) for name, text in self.bundle.modules.items()}


@dataclass(frozen=True)
class Serving:
    """What answers now.

    Attributes:
        loaded: the set that decides; None: every decision is a denial.
        taken_out: a set that should decide and is too slow to.
        previous: the set that decided before the newest one was loaded, while it is kept.
    """

    loaded: Loaded | None = None
    taken_out: Loaded | None = None
    previous: Loaded | None = None

    @property
    def newest(self) -> Loaded | None:
        """The newest set that could be loaded, in service or taken out."""
        return self.taken_out or self.loaded

    @property
    def answering(self) -> Loaded | None:
        """The set that decisions name: the one that decides, else the one that should."""
        return self.loaded or self.taken_out

    @property
    def documents(self) -> Mapping[str, Any]:
        """The data documents that decisions are made with, by name."""
        answering = self.answering
        return {} if answering is None else answering.bundle.data

    @cached_property
    def reads(self) -> frozenset[str]:
        """Input paths below which policies look, candidate included.

        ``"*"`` when that cannot be told, or when nothing is loaded.
        """
        read = [compiled.reads for compiled in self._looking()]
        return frozenset().union(*read) if read else frozenset({EVERYTHING})

    def _looking(self) -> Iterator[CompiledPolicies]:
        for one in (self.loaded, self.taken_out):
            if one is not None:
                yield one.compiled
                if one.shadow is not None:
                    yield one.shadow.compiled


def plan_of(bundle: Bundle, compiled: CompiledPolicies) -> CachePlan | None:
    """How decisions of a compiled bundle are cached."""
    return plan_for(compiled.reads, bundle.modules.values())
