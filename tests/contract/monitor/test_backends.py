"""The promises of both backends, also while Redis is killed and comes back."""

from __future__ import annotations

import pytest

from tests.contract.monitor.conftest import MakeBackend
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto.monitor import Distribution, Series, series
from yoto.monitor.backends import Backend, PrometheusBackend, WorkerState
from yoto.monitor.history import COARSE, FINE, MIDDLE, Batch, Point, Resolution
from yoto.redis import RedisSettings

HITS = series("hits_total", {"tier": "l1"})
SIZE = Series("size")
TIME = Series("call_seconds")


def everything(backend: Backend, resolution: Resolution = COARSE) -> float:
    reading = backend.read(resolution, backend.now() - 300)
    return sum(point.counted("hits_total") for point in reading.points)


@pytest.mark.parametrize("resolution", [FINE, MIDDLE, COARSE])
def test_what_was_recorded_adds_up_in_every_resolution(
    backend: Backend, resolution: Resolution
) -> None:
    for _ in range(3):
        backend.record(Batch({HITS: 2}, {SIZE: 5.0}, {TIME: Distribution.of([0.001, 0.004])}))
    backend.record(Batch({HITS: 1}, {SIZE: 9.0}))
    reading = backend.read(resolution, backend.now() - 120)
    assert reading.complete
    assert sum(point.counted("hits_total", tier="l1") for point in reading.points) == 7
    levels = [level for point in reading.points if (level := point.level("size"))]
    assert sum(level.readings for level in levels) == 4
    assert sum(level.total for level in levels) == 24.0
    assert max(level.highest for level in levels) == 9.0
    assert min(level.lowest for level in levels) == 5.0
    times = Distribution()
    for point in reading.points:
        times.merge(point.distribution("call_seconds"))
    assert times == Distribution({**Distribution.of([0.001, 0.004] * 3).counts}, times.total)
    assert times.total == pytest.approx(0.015)


def test_sums_are_what_the_points_add_up_to(backend: Backend) -> None:
    first = backend.now()
    backend.record(Batch({HITS: 2}, {SIZE: 5.0}, {TIME: Distribution.of([0.001])}))
    # A second later, so that there are two points.
    wait_until(lambda: backend.now() >= int(first) + 1)
    backend.record(Batch({HITS: 3}, {SIZE: 2.0}, {TIME: Distribution.of([0.004])}))
    for since in (first - 60, first + 60):
        whole = Point(0, 0)
        for point in backend.read(FINE, since).points:
            whole.merge(point)
        reading = backend.sums(FINE, [since])
        assert reading.complete
        (found,) = reading.points
        assert (found.counters, found.gauges) == (whole.counters, whole.gauges)
        assert found.distribution("call_seconds") == whole.distribution("call_seconds")
    all_of_it, nothing = backend.sums(FINE, [first - 60, first + 60]).points
    assert (all_of_it.counted("hits_total"), nothing.counted("hits_total")) == (5, 0)


def test_nothing_is_read_from_another_time(backend: Backend) -> None:
    backend.record(Batch({HITS: 1}))
    now = backend.now()
    assert backend.read(FINE, now + 60).points == []
    assert backend.read(FINE, now - 300, now - 60).points == []


def test_what_is_asked_for_by_name_is_as_complete_as_all(backend: Backend) -> None:
    backend.record(Batch({HITS: 3}, {SIZE: 5.0}, {TIME: Distribution.of([0.001])}))
    whole = backend.read(FINE, backend.now() - 60).points
    some = backend.read(FINE, backend.now() - 60, None, {"hits_total", "call_seconds"}).points
    assert [point.at for point in some] == [point.at for point in whole]
    assert sum(point.counted("hits_total") for point in some) == 3
    assert sum(point.distribution("call_seconds").count for point in some) == 1


def test_totals_only_grow(backend: Backend) -> None:
    seen = []
    for _ in range(3):
        backend.record(Batch({HITS: 4}, {SIZE: 1.0}, {TIME: Distribution.of([0.002])}))
        totals = backend.totals()
        assert totals.complete
        seen.append(
            (totals.point.counted("hits_total"), totals.point.distribution("call_seconds").count)
        )
    assert seen == [(4, 1), (8, 2), (12, 3)]


def test_a_worker_is_known_with_what_its_gauges_said(backend: Backend) -> None:
    backend.record(Batch({}, {SIZE: 3.0}))
    (worker,) = backend.workers()
    assert worker.state is WorkerState.ALIVE and worker.silent_for < 5
    assert worker.gauges == {SIZE: 3.0}


def test_redis_is_killed_and_comes_back_and_everything_since_counts_once(
    backend: Backend, own_server: Server
) -> None:
    backend.record(Batch({HITS: 1}))
    own_server.kill()
    for _ in range(5):
        backend.record(Batch({HITS: 10}, {SIZE: 2.0}, {TIME: Distribution.of([0.003])}))
    # Memory has taken over.
    assert everything(backend) == 51
    uses_redis = backend.name != "memory"
    assert backend.health().available is not uses_redis
    own_server.restart()

    def returned() -> bool:
        backend.record(Batch())
        return backend.health().available is True

    wait_until(returned)
    # Hits delivered before went with the server.
    assert everything(backend) == (50 if uses_redis else 51)
    backend.record(Batch({HITS: 100}))
    assert everything(backend) == (150 if uses_redis else 151)
    assert backend.read(COARSE, backend.now() - 300).complete


def test_health_says_what_is_wrong(backend: Backend, own_server: Server) -> None:
    backend.record(Batch({HITS: 1}))
    assert backend.health().available
    if backend.name == "memory":
        return
    own_server.kill()
    backend.record(Batch({HITS: 1}))
    health = backend.health()
    assert health.available is False and health.waiting == 1
    assert health.detail.startswith("connection: ")
    assert health.failures["connection"] >= 1


def test_prometheus_shows_no_sums_while_they_are_not_known(
    make_backend: MakeBackend, impatient: RedisSettings, own_server: Server
) -> None:
    backend = make_backend(impatient)
    prometheus = PrometheusBackend(backend)
    backend.record(Batch({HITS: 2}, {SIZE: 7.0}, {TIME: Distribution.of([0.003])}))
    text = prometheus.render().decode()
    assert 'hits_total{tier="l1"} 2.0' in text and "yoto_monitor_complete 1.0" in text
    assert "call_seconds_count 1.0" in text
    own_server.kill()
    backend.record(Batch({HITS: 2}, {SIZE: 8.0}))
    text = prometheus.render().decode()
    assert "hits_total" not in text and "yoto_monitor_complete 0.0" in text
    assert "size{worker=" in text and " 8.0" in text
