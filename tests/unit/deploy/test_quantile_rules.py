"""Rules on quantiles: Prometheus reads them from few buckets, and sees no more than there is."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.prometheus_files import rules
from yoto.monitor import Distribution, MemoryBackend, Series
from yoto.monitor.backends import PrometheusBackend
from yoto.monitor.history import Batch

RULE = re.compile(
    r"histogram_quantile\(([\d.]+), sum by \(le\)\s*\(rate\((\w+)_bucket\[\w+\]\)\)\) > ([\d.]+)"
)
CALLS = 1000


class QuantileRule(NamedTuple):
    """Fires above ``limit`` seconds."""

    share: float
    metric: str
    limit: float


def quantile_rules() -> dict[str, QuantileRule]:
    found = {}
    for rule in rules():
        if "histogram_quantile" in rule["expr"]:
            match = RULE.fullmatch(rule["expr"].strip())
            assert match is not None, rule["expr"]
            found[rule["alert"]] = QuantileRule(float(match[1]), match[2], float(match[3]))
    return found


def seen(rule: QuantileRule, seconds: float) -> float:
    """The quantile that Prometheus reads (promql's ``histogram_quantile``) if every call took
    ``seconds``."""
    backend = MemoryBackend()
    backend.record(Batch({}, {}, {Series(rule.metric): Distribution.of([seconds] * CALLS)}))
    (family,) = [
        one
        for one in text_string_to_metric_families(PrometheusBackend(backend).render().decode())
        if one.name == rule.metric
    ]
    buckets = sorted(
        (float(sample.labels["le"]), sample.value)
        for sample in family.samples
        if sample.name.endswith("_bucket")
    )
    rank = rule.share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            assert math.isfinite(bound)
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    raise AssertionError("no bucket holds all")


def test_every_rule_on_a_quantile_is_looked_at() -> None:
    assert len(quantile_rules()) >= 4


@pytest.mark.parametrize(("name", "rule"), quantile_rules().items())
def test_just_below_its_threshold_no_rule_fires_and_well_above_it_does(
    name: str, rule: QuantileRule
) -> None:
    for seconds in (rule.limit * 0.999, rule.limit * 0.7, rule.limit * 0.3):
        assert seen(rule, seconds) <= rule.limit, (name, seconds)
    assert seen(rule, rule.limit * 1.2) > rule.limit, name


@pytest.mark.parametrize("seconds", [0.0012, 0.005, 0.03, 0.3, 0.7, 1.1, 3.0, 5.0])
def test_a_quantile_between_a_millisecond_and_five_seconds_is_off_by_less_than_two(
    seconds: float,
) -> None:
    found = seen(QuantileRule(0.95, "call_seconds", 1.0), seconds)
    assert seconds / 2 < found < seconds * 2
