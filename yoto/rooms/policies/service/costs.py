"""The cost of each policy of a set: the set is measured with it and without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.protocol import CompiledPolicies
from yoto.rooms.policies.metrics.counts import LatencyHistogram
from yoto.rooms.policies.partial import Topic

MICROSECONDS = 1e6


@dataclass(frozen=True, slots=True)
class PolicyCosts:
    """The time that policies add to an evaluation of their set, in us.

    Attributes:
        bundle: the set.
        inputs: the number of inputs in the measurement.
        latency: a histogram a policy. A policy that others need cannot be left out, and is missing.
    """

    bundle: str
    inputs: int
    latency: Mapping[str, LatencyHistogram]


def measure_costs(bundle: Bundle, inputs: Sequence[str], seconds: float) -> PolicyCosts:
    """Measure each policy of ``bundle`` by the engine in this process.

    This engine measures the policies of a server, too: a slow server is not to be sent a set for
    each policy, and the time of the way to it is no policy's cost.

    Args:
        inputs: JSON texts.
        seconds: after so long no further policy is measured.

    Raises:
        PolicyError: the set does not compile.
        ConfigurationError: there is no engine for this process.
    """
    engine = EmbeddedEngine()
    try:
        return _measured(engine, bundle, inputs, perf_counter() + seconds)
    finally:
        engine.close()


def _measured(
    engine: EmbeddedEngine, bundle: Bundle, inputs: Sequence[str], deadline: float
) -> PolicyCosts:
    compiled = engine.compile(bundle)
    whole = [_cost(compiled, text) for text in inputs]
    latency: dict[str, LatencyHistogram] = {}
    for name in bundle.modules:
        if perf_counter() >= deadline:
            break
        rest = {other: source for other, source in bundle.modules.items() if other != name}
        try:
            without = engine.compile(Bundle(modules=rest, tests={}, data=bundle.data))
        except PolicyError:
            continue  # it cannot be left out
        try:
            histogram = LatencyHistogram()
            for text, cost in zip(inputs, whole, strict=True):
                other = _cost(without, text)
                if cost is not None and other is not None:
                    histogram.add(max(0.0, cost - other))
            latency[name] = histogram
        finally:
            without.close()
    return PolicyCosts(compiled.version, len(inputs), latency)


def costliest(costs: PolicyCosts, limit: int = 3) -> dict[str, float]:
    """The dearest policies, with the mean ms that each adds."""
    means = {
        name: one.sum_us / one.total / 1000 for name, one in costs.latency.items() if one.total
    }
    dearest = sorted(means, key=lambda name: means[name], reverse=True)[:limit]
    return {name: round(means[name], 3) for name in dearest}


def latency_us(compiled: CompiledPolicies, text: str) -> float:
    """The time of one evaluation, made as decisions are; raises as ``Decider.evaluate``."""
    decider = compiled.about(Topic.of_text(text))
    began = perf_counter()
    decider.evaluate(text)
    return (perf_counter() - began) * MICROSECONDS


def _cost(compiled: CompiledPolicies, text: str) -> float | None:
    """The time of one evaluation; None if it gives no verdict."""
    try:
        return latency_us(compiled, text)
    except PolicyError:
        return None
