"""Alert rules and the dashboard name metrics that exist, in the form in which they are shown."""

from __future__ import annotations

import re

import yaml

from tests.support.prometheus_files import RULES, SCRAPES, dashboard_queries, panels, rules
from yoto.monitor import names
from yoto.parts.rooms import ALL, chosen
from yoto.rooms.prefetch.series import PRECISION
from yoto.rooms.queues.series import INVALIDATION_ITEMS

METRIC = re.compile(r"\byoto_[a-z0-9_]+")
KNOWN = {*names.HELP, *(name for room in chosen(ALL) for name in room.series())}
PARTS = re.compile(r"(_bucket|_sum|_count)$")
# For each fact that an operator must see, a series that some panel shows.
SHOWN = {
    "checks by result and tier": names.CHECKS,
    "time of checks": names.CHECK_TIME,
    "hit rates": names.LOOKUPS,
    "staleness": names.STALENESS,
    "breakers": names.BREAKER_STATE,
    "passes": names.PASSES,
    "rejections": names.REJECTIONS,
    "bulkheads": names.BULKHEAD_HELD,
    "queues": names.QUEUE_ITEMS,
    "invalidations": INVALIDATION_ITEMS,
    "prefetch precision": PRECISION,
    "memory": names.MEMORY,
    "processor": names.CPU,
}


def named(queries: list[str]) -> set[str]:
    return {name for query in queries for name in METRIC.findall(query)}


def unknown(queries: list[str]) -> set[str]:
    """Names that ``/metrics`` does not show: a histogram is shown in parts, and only that."""
    wrong = set()
    for name in named(queries):
        is_part = PARTS.search(name) is not None
        base = PARTS.sub("", name)
        if base not in KNOWN or is_part is not base.endswith("_seconds"):
            wrong.add(name)
    return wrong


def test_what_is_no_metric_is_noticed() -> None:
    assert unknown(["yoto_nothing", "yoto_redis_up_count", names.CHECK_TIME]) == {
        "yoto_nothing",
        "yoto_redis_up_count",
        names.CHECK_TIME,
    }
    assert unknown([f"rate({names.CHECK_TIME}_bucket[5m])", names.CHECKS, names.REDIS_UP]) == set()


def test_alert_rules_name_what_exists() -> None:
    found = rules()
    assert unknown([rule["expr"] for rule in found]) == set()
    assert len({rule["alert"] for rule in found}) == len(found)
    for rule in found:
        assert rule["labels"]["severity"] in ("warning", "critical"), rule["alert"]
        assert rule["annotations"]["summary"], rule["alert"]


def test_the_dashboard_names_what_exists_and_shows_what_matters() -> None:
    queries = dashboard_queries()
    assert unknown(queries) == set()
    shown = {PARTS.sub("", name) for name in named(queries)}
    assert {what: name for what, name in SHOWN.items() if name not in shown} == {}
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_scrape_finds_the_rules_and_the_path() -> None:
    found = yaml.safe_load(SCRAPES.read_text(encoding="utf-8"))
    assert found["rule_files"] == [RULES.name]
    (job,) = found["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("yoto", "/metrics")
    assert any('up{job="yoto"}' in rule["expr"] for rule in rules())
