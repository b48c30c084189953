"""The sets in service, as values that are swapped whole."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic
from typing import Any

from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.decision_cache import CachePlan, plan_for
from yoto.rooms.policies.engine.protocol import CompiledPolicies, Decider
from yoto.rooms.policies.metrics.per_policy import Complexity, complexity_of
from yoto.rooms.policies.partial import TOPIC_PATHS, Topic
from yoto.rooms.policies.rego.heads import EVERYTHING, reads_of
from yoto.rooms.policies.rego.tokens import tokenize
from yoto.rooms.policies.service.naming import named_in_source, names_of
from yoto.rooms.policies.shadow import Shadow
from yoto.rooms.policies.store.entry import StoredSet
from yoto.rooms.policies.tables import PolicyKind

# Decisions on each side without which nothing is concluded.
MINIMUM = 50


@dataclass(frozen=True, slots=True)
class DenyRate:
    """Denials among decisions."""

    decisions: int
    denials: int

    @property
    def share(self) -> float | None:
        """0 to 1; None without decisions."""
        return self.denials / self.decisions if self.decisions else None


class Tally:
    """Counts decisions of one set in one process. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decisions = self._denials = 0

    def add(self, allow: bool) -> None:
        """Count one."""
        with self._lock:
            self._decisions += 1
            self._denials += not allow

    def read(self) -> DenyRate:
        """The counts now."""
        with self._lock:
            return DenyRate(self._decisions, self._denials)


def jumped(before: DenyRate, after: DenyRate, bound: float) -> bool:
    """Whether the share of denials rose by more than ``bound`` (0 to 1).

    With fewer than ``MINIMUM`` decisions on either side this is unknown, so the result is False.
    """
    if min(before.decisions, after.decisions) < MINIMUM:
        return False
    return after.denials / after.decisions - before.denials / before.decisions > bound


# s that a promotion is watched.
ROLLBACK_WATCH_SECONDS = 900.0


@dataclass(frozen=True, eq=False)
class RollbackWatch:
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
    until: float = field(default_factory=lambda: monotonic() + ROLLBACK_WATCH_SECONDS)


@dataclass(frozen=True, eq=False)
class Loaded:
    """One revision, ready to decide. Nothing in it is ever replaced.

    Attributes:
        tally: its decisions in this process.
        shadow: the candidate beside it.
        shadow_error: why an existing candidate cannot run beside it.
        probation: a promotion that is watched.
    """

    stored: StoredSet
    bundle: Bundle
    compiled: CompiledPolicies
    tally: Tally = field(default_factory=Tally)
    shadow: Shadow | None = None
    shadow_error: str | None = None
    rollback_watch: RollbackWatch | None = None

    @property
    def version(self) -> str:
        """The version of the set, as decisions name it."""
        return self.compiled.version

    def plan_of(self, decider: Decider) -> CachePlan | None:
        """The cache plan for decisions by the set, or by its part for a topic; None: no caching."""
        plans, reads = self._plans, decider.reads
        if reads not in plans:
            # The rest of a set differs by topic, even where it does not read the topic.
            topic = () if decider is self.compiled else map(".".join, TOPIC_PATHS)
            plans[reads] = plan_for((*reads, *topic), self.bundle.modules.values())
        return plans[reads]

    def given_read(self, permission: str) -> frozenset[str]:
        """Paths below ``context.given`` that policies may read for a permission.

        A policy that names permissions, and not this one, does not count. ``""`` is the
        whole.
        """
        if permission not in self._given:
            names, group = names_of(permission), permission.partition(".")[0]
            found: set[str] = set()
            for source in self.bundle.modules.values():
                paths = self._given_by[source]
                if paths:
                    named = set(named_in_source(source, {group}))
                    found |= paths if not named or named & names else set()
            self._given[permission] = frozenset(found)
        return self._given[permission]

    @cached_property
    def _given_by(self) -> Mapping[str, frozenset[str]]:
        """Such paths that each source reads."""
        return {
            source: frozenset(_below_given(reads_of([tokenize(source)])))
            for source in self.bundle.modules.values()
        }

    @cached_property
    def _given(self) -> dict[str, frozenset[str]]:
        return {}

    @cached_property
    def _plans(self) -> dict[frozenset[str], CachePlan | None]:
        return {}

    @cached_property
    def complexity(self) -> Mapping[str, Complexity]:
        """The size of each policy."""
        return {name: complexity_of(name, text) for name, text in self.bundle.modules.items()}


@dataclass(frozen=True)
class Serving:
    """The sets in service.

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
    def shadow(self) -> Shadow | None:
        """The candidate beside the newest set."""
        return None if self.newest is None else self.newest.shadow

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
        """Input paths at or below which policies read, candidate included.

        ``"*"`` when that is unknown, or when nothing is loaded.
        """
        read = [compiled.reads for compiled in self._looking()]
        return frozenset().union(*read) if read else frozenset({EVERYTHING})

    def reads_about(self, topic: Topic | None) -> frozenset[str]:
        """``reads``, as far as decisions about a topic need them.

        A set's paths for a topic never change: an input built from these reads may be evaluated by
        ``about(topic)`` of the same set at any later time.
        """
        if self.loaded is None or topic is None:
            return self.reads
        read = self.loaded.compiled.about(topic).reads
        if self._beside:
            known = self._read_with
            if read not in known:
                known[read] = read.union(*(one.reads for one in self._beside))
            return known[read]
        return read

    @cached_property
    def _beside(self) -> tuple[CompiledPolicies, ...]:
        """Sets that see the inputs of decisions, but do not decide."""
        return tuple(self._looking())[1:]

    @cached_property
    def _read_with(self) -> dict[frozenset[str], frozenset[str]]:
        return {}

    def _looking(self) -> Iterator[CompiledPolicies]:
        for one in (self.loaded, self.taken_out):
            if one is not None:
                yield one.compiled
                if one.shadow is not None:
                    yield one.shadow.compiled


GIVEN = "context.given"


def _below_given(reads: Iterable[str]) -> Iterator[str]:
    """The paths among ``reads`` below the caller's context; ``""``: all of it."""
    for path in reads:
        if path in (EVERYTHING, "context", GIVEN):
            yield ""
        elif path.startswith(f"{GIVEN}."):
            yield path.removeprefix(f"{GIVEN}.")
