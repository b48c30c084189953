"""Routes of ``/control/api/status`` and ``/control/api/stats``."""

from __future__ import annotations

from typing import Any

from yoto.control_plane.live.pictures import pictures
from yoto.control_plane.live.schemas import (
    CacheStatsSchema,
    DetailedStatusSchema,
    MonitorStatsSchema,
    PerformanceSchema,
    RangeQuery,
    ResilienceStatsSchema,
    StatusSchema,
)
from yoto.http.control_api import VIEW, ControlBlueprint, right
from yoto.operate.insight import has_insight

status_control = ControlBlueprint("status_control", __name__, "/status", "How everything is")
stats_control = ControlBlueprint("stats_control", __name__, "/stats", "How everything did")


@status_control.get("")
@right(VIEW)
@status_control.response(200, StatusSchema)
def read_status() -> dict[str, Any]:
    """How everything is now"""
    return pictures().status(networks=has_insight())


@status_control.get("/detailed")
@right(VIEW)
@status_control.response(200, DetailedStatusSchema)
def read_detailed_status() -> dict[str, Any]:
    """How everything is now, with every server of Redis, every measure and every worker"""
    return pictures().detailed(networks=has_insight())


@stats_control.get("/performance")
@right(VIEW)
@stats_control.arguments(RangeQuery, location="query")
@stats_control.response(200, PerformanceSchema)
def read_performance(query: dict[str, Any]) -> dict[str, Any]:
    """Decisions, requests, times, hit rates and rejections over time, of all workers"""
    return pictures().performance(query["range"])


@stats_control.get("/cache")
@right(VIEW)
@stats_control.response(200, CacheStatsSchema)
def read_cache_stats() -> dict[str, Any]:
    """The permission cache: of this worker, of all in the last minute, and the lag of each"""
    return pictures().cache()


@stats_control.get("/monitor")
@right(VIEW)
@stats_control.response(200, MonitorStatsSchema)
def read_monitor_stats() -> dict[str, Any]:
    """How measuring itself does"""
    return pictures().monitor()


@stats_control.get("/resilience")
@right(VIEW)
@stats_control.response(200, ResilienceStatsSchema)
def read_resilience_stats() -> dict[str, Any]:
    """The guards that this worker uses, and how it fares with Redis"""
    return pictures().resilience()
