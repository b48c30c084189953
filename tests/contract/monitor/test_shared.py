"""Many workers and one Redis: sums, lost answers, outages, and what a killed worker leaves."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.contract.monitor.conftest import MakeBackend
from tests.support.links import link_to
from tests.support.redis_servers import Server
from tests.support.round_trips import count_client_round_trips
from tests.support.waiting import wait_until
from yoto.errors import StoreUnavailable
from yoto.events import new_instance_id
from yoto.monitor import Distribution, RedisBackend, Series, names
from yoto.monitor.backends import WorkerState, delivery
from yoto.monitor.backends.delivery import Backlog
from yoto.monitor.history import COARSE, FINE, MIDDLE, Batch
from yoto.monitor.monitoring import Monitoring
from yoto.redis import RedisConnection, RedisSettings, ServerClock
from yoto.rooms.forecast.forecasting import learning_from

HITS = Series("hits_total")
TIME = Series("call_seconds")


def counted(backend: RedisBackend, *, complete: bool = True) -> float:
    reading = backend.read(COARSE, backend.now() - 300)
    assert reading.complete is complete
    return sum(point.counted("hits_total") for point in reading.points)


def test_workers_add_up(make_backend: MakeBackend, reach: RedisSettings) -> None:
    backends = [make_backend(reach) for _ in range(3)]
    for turn in range(4):
        for backend in backends:
            backend.record(Batch({HITS: turn}, {}, {TIME: Distribution.of([0.001 * (turn + 1)])}))
    assert counted(backends[0]) == 18
    assert backends[0].totals().point.counted("hits_total") == 18
    assert len(backends[0].workers()) == 3


def test_every_key_has_an_end_and_they_share_a_slot(
    make_backend: MakeBackend, reach: RedisSettings
) -> None:
    backend = make_backend(reach)
    backend.record(Batch({HITS: 1}, {Series("size"): 1.0}))
    connection = RedisConnection(reach)
    client = connection.client
    keys = list(client.scan_iter(match=f"{reach.key_prefix}*", count=10_000))
    assert len(keys) == 7
    assert all(b"{mon}" in key for key in keys)
    longest = delivery.KEEP_NUMBERS * 1000
    assert all(0 < client.pttl(key) <= longest for key in keys)
    connection.close()


def test_an_answer_that_was_lost_counts_its_batch_once(
    make_backend: MakeBackend, own_server: Server
) -> None:
    with link_to(own_server.port) as link:
        settings = RedisSettings(
            url=f"redis://{link.address}", socket_timeout=2.0, connect_timeout=2.0
        )
        backend = make_backend(settings)
        backend.record(Batch({HITS: 1}))
        for _ in range(5):
            link.lose_reply()
            backend.record(Batch({HITS: 10}))
            assert link.fault is None
        backend.record(Batch())
        assert counted(backend) == 51
        assert backend.totals().point.counted("hits_total") == 51
        backend.close()


def test_a_pause_of_the_server_loses_and_doubles_nothing(
    make_backend: MakeBackend, impatient: RedisSettings, own_server: Server
) -> None:
    backend = make_backend(impatient)
    backend.record(Batch({HITS: 1}))
    own_server.pause()
    try:
        for _ in range(4):
            backend.record(Batch({HITS: 10}))
        assert backend.health().failures["timeout"] >= 1
    finally:
        own_server.resume()

    def delivered() -> bool:
        backend.record(Batch({HITS: 1}))
        return backend.health().waiting == 0 and backend.health().available is True

    rounds = 0
    while not delivered():
        rounds += 1
        time.sleep(0.05)
        assert rounds < 200
    assert counted(backend) == 41 + rounds + 1


def test_what_waited_goes_to_the_time_when_it_was_recorded(
    make_backend: MakeBackend, impatient: RedisSettings, own_server: Server
) -> None:
    backend = make_backend(impatient)
    backend.record(Batch())
    own_server.kill()
    backend.record(Batch({HITS: 5}))
    recorded = backend.now()
    own_server.restart()
    wait_until(lambda: backend.now() > recorded + 1.5)

    def delivered() -> bool:
        backend.record(Batch())
        return backend.health().waiting == 0

    wait_until(delivered)
    points = backend.read(FINE, recorded - 2, recorded + 0.5).points
    assert sum(point.counted("hits_total") for point in points) == 5


def test_scripts_may_be_flushed(make_backend: MakeBackend, own_server: Server) -> None:
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    backend.record(Batch({HITS: 1}))
    with own_server.client() as client:
        client.script_flush()
    backend.record(Batch({HITS: 1}))
    assert counted(backend) == 2


def test_numbers_that_were_lost_make_no_series_of_another(
    make_backend: MakeBackend, own_server: Server
) -> None:
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    backend.record(Batch({HITS: 7}))
    assert counted(backend) == 7
    with own_server.client() as client:
        assert client.delete("yoto:{mon}:numbers") == 1
    time.sleep(0.002)  # the generation is the server's ms
    backend.record(Batch({Series("others_total"): 3}))
    assert counted(backend) == 0
    point = backend.totals().point
    assert {about.name for about in point.counters} == {names.SERIES_REFUSED, "others_total"}
    assert point.counted("others_total") == 3


def test_numbers_that_are_known_are_not_read_again(
    make_backend: MakeBackend, own_server: Server
) -> None:
    one, other = [
        make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0)) for _ in range(2)
    ]
    one.record(Batch({HITS: 1}))
    assert counted(other) == 1
    with count_client_round_trips() as trips:
        assert counted(other) == 1
    assert ["MGET" in trip for trip in trips] == [True]
    one.record(Batch({HITS: 1, Series("news_total"): 1}))
    with count_client_round_trips() as trips:
        assert counted(other) == 2
        assert other.totals().point.counted("news_total") == 1
    assert sum("yoto:{mon}:numbers" in trip for trip in trips) == 1


def test_series_beyond_what_the_store_holds_are_refused_and_told(
    make_backend: MakeBackend, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_CELLS", 4)
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    backend.record(Batch({Series(f"n{number}_total"): 1 for number in range(5)}))
    assert len(backend.totals().point.counters) == 4
    assert "no room for 2 series" in backend.health().detail
    backend.record(Batch())
    assert backend.totals().point.counted(names.SERIES_REFUSED, by="store") == 2


def test_a_series_is_kept_with_all_its_cells_or_not_at_all(
    make_backend: MakeBackend, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "MOST_CELLS", 8)
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    size = Series("size")
    backend.record(Batch({}, {size: 2.0}, {TIME: Distribution.of([0.001, 0.1])}))
    # There is room for nothing new, and the histogram has other buckets now.
    other = Series("other_seconds")
    late = Distribution.of([0.01, 1.0, 2.0])
    backend.record(Batch({HITS: 1}, {Series("late"): 1.0}, {other: late}))
    backend.record(Batch({}, {size: 1.0}, {TIME: late, other: late}))
    point = backend.totals().point
    assert point.distribution("call_seconds") == Distribution.of([0.001, 0.1, 0.01, 1.0, 2.0])
    assert other not in point.histograms and HITS not in point.counters
    (minute,) = backend.read(COARSE, backend.now() - 60).points
    level = minute.level("size")
    assert level is not None and (level.lowest, level.highest, level.mean) == (1.0, 2.0, 1.5)
    assert minute.level("late") is None
    assert "no room for" in backend.health().detail


def test_a_worker_that_ends_says_so_and_one_that_was_killed_is_silent(
    make_backend: MakeBackend, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yoto.monitor.backends.archive.SILENT_AFTER", 0.05)
    settings = RedisSettings(url=own_server.url, socket_timeout=2.0)
    ended, killed = make_backend(settings), make_backend(settings)
    connection = RedisConnection(settings)
    watcher = RedisBackend(connection, new_instance_id(), interval=0.01)
    for backend in (ended, killed):
        backend.record(Batch({HITS: 1}))
    ended.close()

    def states() -> dict[str, tuple[str, float]]:
        watcher.record(Batch())
        return {one.id: (one.state.value, one.unreported) for one in watcher.workers()}

    wait_until(lambda: states()[killed.worker_id][0] == WorkerState.SILENT)
    assert states()[ended.worker_id] == (WorkerState.ENDED, 0.0)
    assert states()[killed.worker_id] == (WorkerState.SILENT, 0.01)
    # It has just delivered, unless the machine stood still between that and the look.
    wait_until(lambda: states()[watcher.worker_id][0] == WorkerState.ALIVE)
    assert counted(watcher) == 2
    connection.close()


def test_what_went_wrong_is_counted_by_kind_with_the_time_it_took(
    make_backend: MakeBackend, impatient: RedisSettings, own_server: Server
) -> None:
    backend = make_backend(impatient)
    backend.record(Batch({HITS: 1}))
    own_server.pause()
    try:
        backend.record(Batch())
    finally:
        own_server.resume()

    def delivered() -> bool:
        backend.record(Batch())
        return backend.health().waiting == 0

    wait_until(delivered)
    backend.record(Batch())
    point = backend.totals().point
    told = point.counted(names.BACKEND_FAILURES, backend="redis", kind="timeout")
    assert told == backend.health().failures["timeout"] >= 1
    slowest = point.distribution(names.REDIS_TIME).quantile(1.0)
    assert slowest is not None and slowest >= 0.2


def test_a_wrong_password_is_told_as_such(make_backend: MakeBackend, own_server: Server) -> None:
    with own_server.client() as client:
        client.config_set("requirepass", "secret")
    backend = make_backend(RedisSettings(url=f"redis://:wrong@127.0.0.1:{own_server.port}/0"))
    backend.record(Batch({HITS: 1}))
    assert backend.health().failures["authentication"] >= 1
    assert backend.health().detail.startswith("authentication: ")


def test_a_server_that_refuses_writes_is_told_as_such(
    make_backend: MakeBackend, own_server: Server
) -> None:
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    with own_server.client() as client:
        client.set("yoto:{mon}:numbers", "no hash")
        backend.record(Batch({HITS: 1}))
        assert backend.health().failures["operation"] == 1
        assert counted(backend, complete=False) == 1
        client.delete("yoto:{mon}:numbers")
    backend.record(Batch({HITS: 1}))
    assert counted(backend) == 2


def test_a_clock_of_this_host_that_is_wrong_changes_nothing(
    make_backend: MakeBackend, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = time.time() - 86_400
    clock = partial(ServerClock, wall=lambda: wrong)
    monkeypatch.setattr("yoto.monitor.backends.shared.ServerClock", clock)
    backend = make_backend(RedisSettings(url=own_server.url, socket_timeout=2.0))
    backend.record(Batch({HITS: 1}))
    assert counted(backend) == 1
    assert backend.now() > wrong + 86_000
    for resolution in (FINE, MIDDLE):
        assert len(backend.read(resolution, backend.now() - 60).points) == 1


def test_what_was_given_up_is_counted(
    make_backend: MakeBackend,
    impatient: RedisSettings,
    own_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "yoto.monitor.backends.shared.Backlog", lambda longest: Backlog(0.0, most=2)
    )
    backend = make_backend(impatient)
    backend.record(Batch())
    own_server.kill()
    for _ in range(5):
        backend.record(Batch({HITS: 1}))
    lost = backend.health().lost_seconds
    assert lost > 0
    own_server.restart()

    def delivered() -> bool:
        backend.record(Batch())
        return backend.health().waiting == 0

    wait_until(delivered)
    point = backend.totals().point
    assert point.counted(names.LOST_SECONDS) == pytest.approx(backend.health().lost_seconds)
    assert point.counted("hits_total") < 5


def test_history_is_learned_from_what_all_workers_recorded_or_not_at_all(
    make_backend: MakeBackend, impatient: RedisSettings, own_server: Server
) -> None:
    monitoring = Monitoring(make_backend(impatient))
    monitoring.flush()
    forecasting = learning_from(monitoring)
    report = forecasting.learn_history(hours=24)
    assert report.summaries == report.new == len(monitoring.summaries(24))
    own_server.kill()
    with pytest.raises(StoreUnavailable):
        forecasting.learn_history(hours=24)
    forecasting.close()
    monitoring.close()
