"""A process's report about its policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yoto.rooms.policies.metrics.counts import EngineCounts
from yoto.rooms.policies.metrics.per_policy import PolicyMetrics
from yoto.rooms.policies.service.adapting import Adaptation
from yoto.rooms.policies.service.loader import LoadState

if TYPE_CHECKING:
    from yoto.rooms.policies.service.process import PolicyService


@dataclass(frozen=True, slots=True)
class PolicyStatus:
    """The state of the policies in one process.

    Attributes:
        engine, runs_on: its name, and the evaluator: a library with its version, or a server.
        version: the set that decides; None: every decision is a denial.
        taken_out: the set that should decide and is too slow to.
        loading: the loading state of the process.
        candidate: version of the set with the candidate; None without one.
        folder_error: why the contents of ``POLICY_DIR`` are not in force.
    """

    engine: str
    runs_on: str
    version: str | None
    taken_out: str | None
    loading: LoadState
    candidate: str | None
    folder_error: str | None


@dataclass(frozen=True, slots=True)
class ManagerMetrics:
    """The metrics of evaluations in this process since it started.

    Attributes:
        engine: its name.
        counts: decisions, evaluations, denials, cache.
        latency: latency of evaluations, see ``LatencyHistogram.to_plain``.
        policies: metrics of each policy, by name.
        data_bytes: size of the data documents as JSON.
        cached, cache_seconds: verdicts kept, and the longest that one is given again.
        explanation_share: the share of decisions that may be recorded with input and reasons.
        uncounted: decisions that could not be counted.
        shadow_missed: evaluations that the candidate was too slow for.
        adaptations: the actions of the adaptive part, oldest first.
    """

    engine: str
    counts: EngineCounts
    latency: Mapping[str, Any]
    policies: Mapping[str, PolicyMetrics]
    data_bytes: int
    cached: int
    cache_seconds: float
    explanation_share: float
    uncounted: int
    shadow_missed: int
    adaptations: Sequence[Adaptation]


def status_of(service: PolicyService) -> PolicyStatus:
    """Read the status."""
    serving = service.loader.serving
    shadow = serving.shadow
    return PolicyStatus(
        engine=service.engine.name,
        runs_on=service.engine.runs_on,
        version=serving.loaded.version if serving.loaded is not None else None,
        taken_out=serving.taken_out.version if serving.taken_out is not None else None,
        loading=service.loader.state,
        candidate=shadow.compiled.version if shadow is not None else None,
        folder_error=service.folder.error if service.folder is not None else None,
    )


def metrics_of(service: PolicyService) -> ManagerMetrics:
    """Read the metrics."""
    serving = service.loader.serving
    newest, shadow = serving.newest, serving.shadow
    counts = service.metrics.read()
    costs = service.slow_guard.costs
    return ManagerMetrics(
        engine=service.engine.name,
        counts=counts,
        latency=service.metrics.latency.to_plain(),
        policies=service.ledger.read(
            newest.complexity if newest is not None else {},
            costs.latency if costs is not None else {},
        ),
        data_bytes=len(newest.bundle.data_json) if newest is not None else 0,
        cached=len(service.decisions),
        cache_seconds=service.decisions.seconds,
        explanation_share=service.recent.share,
        uncounted=service.evaluator.uncounted,
        shadow_missed=shadow.missed if shadow is not None else 0,
        adaptations=service.adaptive.actions(),
    )
