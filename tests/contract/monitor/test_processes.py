"""Four worker processes: their sums are exactly what was sent, also when one is killed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator

import pytest

from tests.contract.monitor.conftest import MakeBackend
from tests.contract.monitor.workers import THREADS, RecordingWorkers
from tests.support.nursery import Nursery
from tests.support.redis_fixtures import SERVERS, settings_of
from tests.support.waiting import wait_until
from yoto.monitor import RedisBackend
from yoto.monitor.backends import WorkerState
from yoto.monitor.history import COARSE, FINE, Batch
from yoto.redis import RedisSettings

EACH = 5_000  # more than may wait in a counter


@pytest.fixture(params=SERVERS)
def reach(request: pytest.FixtureRequest) -> RedisSettings:
    """A server and a cluster; processes take too long to start for every kind of server."""
    server = request.getfixturevalue(request.param)
    return settings_of(server, key_prefix=f"test-{secrets.token_hex(6)}:")


@pytest.fixture
def workers(nursery: Nursery) -> Iterator[RecordingWorkers]:
    with RecordingWorkers(nursery) as started:
        yield started


def sent(backend: RedisBackend) -> tuple[float, int]:
    points = backend.read(COARSE, backend.now() - 600).points
    counted = sum(point.counted("sent_total") for point in points)
    return counted, sum(point.distribution("sent_seconds").count for point in points)


def test_sums_over_workers_equal_what_was_sent(
    workers: RecordingWorkers,
    reach: RedisSettings,
    make_backend: MakeBackend,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoto.monitor.backends.archive.SILENT_AFTER", 0.5)
    four = workers.start_at(reach, 4)
    for worker in four:
        assert worker.do("start")
    for worker in four:
        worker.ask("send", EACH)
    expected = sum(worker.answer() for worker in four)
    signs: dict[str, Callable[[], float]] = {}
    watcher = make_backend(
        reach, 0.1, signs=lambda: {name: since() for name, since in signs.items()}
    )
    wait_until(lambda: sent(watcher) == (expected, expected))

    # Only counts that a killed worker had not delivered are lost, and it is listed as silent.
    victim, *others = four
    for worker in others:
        worker.ask("send", EACH)
    expected += sum(worker.answer() for worker in others)
    victim_id = victim.do("stop")
    asked = watcher.now()
    silent_for = {one.id: one.silent_for for one in watcher.workers()}[victim_id]
    # Between these two moments it was heard for the last time.
    heard = asked - silent_for, watcher.now() - silent_for
    assert victim.do("send", EACH) == EACH * THREADS
    lived = watcher.now()
    signs[victim_id] = lambda: watcher.now() - lived
    victim.kill()
    for worker in others:
        assert worker.do("close")
    assert sent(watcher) == (expected, expected)
    assert watcher.totals().point.counted("sent_total") == expected
    fine = watcher.read(FINE, watcher.now() - 600).points
    assert sum(point.counted("sent_total") for point in fine) == expected

    def states() -> list[str]:
        watcher.record(Batch())
        return sorted(one.state.value for one in watcher.workers())

    wait_until(lambda: states() == ["alive", "ended", "ended", "ended", "silent"])

    def as_long_as_it_lived() -> bool:
        """Unless the machine stood still between two looks at the clock."""
        [victim] = [one for one in watcher.workers() if one.id == victim_id]
        assert victim.state is WorkerState.SILENT and victim.silent_for > 0.5
        first, last = (max(0.1, lived - moment) for moment in heard)
        return last - 0.05 <= victim.unreported <= first + 0.05

    wait_until(as_long_as_it_lived)
