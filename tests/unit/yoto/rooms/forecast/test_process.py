"""The forecaster in a process of its own says what one in this process would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.require import LONG
from tests.support.waiting import wait_until
from tests.unit.yoto.rooms.forecast.test_forecast import minute, noise
from yoto.errors import StoreUnavailable
from yoto.monitor.summary import Summary, summarise
from yoto.rooms.forecast import process
from yoto.rooms.forecast.forecaster import Forecaster
from yoto.rooms.forecast.metric import NoForecast
from yoto.rooms.forecast.process import ForecasterProcess


@pytest.fixture
def remote() -> Iterator[ForecasterProcess]:
    made = ForecasterProcess()
    yield made
    made.close()


@pytest.fixture(scope="module")
def minutes() -> list[Summary]:
    chance = noise(5)
    return [summarise(minute(n, 6000 + int(60 * chance(n)))) for n in range(120)]


def pid_of(remote: ForecasterProcess) -> int:
    assert remote._child is not None
    return remote._child.pid


def test_it_says_the_same_and_ends_with_the_worker(
    remote: ForecasterProcess, minutes: list[Summary]
) -> None:
    here = Forecaster()
    assert remote.forecasts() == here.forecasts()
    assert remote.learn([]).new == 0 and remote._child is None
    for some in (minutes[:100], minutes[90:]):
        report, expected = remote.learn(some), here.learn(some)
        assert (report.new, report.values) == (expected.new, expected.values)
        assert (set(report.offered), report.silent) == (set(expected.offered), expected.silent)
    assert remote.learned_to == here.learned_to
    assert remote.scores() == here.scores()
    assert remote.anomalies() == here.anomalies() and remote.drifts() == here.drifts()
    assert {name: type(one) for name, one in remote.forecasts().items()} == {
        name: type(one) for name, one in here.forecasts().items()
    }
    assert remote.learn(minutes).new == 0
    pid = pid_of(remote)
    remote.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    # The process elected instead may think otherwise by now.
    assert {type(one) for one in remote.forecasts().values()} == {NoForecast}
    assert (remote.scores(), remote.anomalies(), remote.learned_to) == ({}, [], None)
    with pytest.raises(StoreUnavailable, match="forecaster"):
        remote.learn(minutes)
    assert remote._child is None


@LONG
def test_a_burst_of_what_was_quiet_is_said_and_learning_goes_on(remote: ForecasterProcess) -> None:
    quiet = [summarise(minute(n, 600 if n == 40 else 0)) for n in range(45)]
    remote.learn(quiet[:44])
    pid = pid_of(remote)
    assert {one.metric for one in remote.anomalies()} == {"request_rate"}
    assert remote.learn(quiet).new == 1
    assert pid_of(remote) == pid and remote.learned_to == quiet[-1].at


@LONG
def test_closing_does_not_wait_for_one_that_learns_on(
    remote: ForecasterProcess, minutes: list[Summary], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "END_LIMIT", 0.05)
    remote.learn(minutes[:1])
    os.kill(pid_of(remote), signal.SIGSTOP)
    with ThreadPoolExecutor(1) as threads:
        learning = threads.submit(remote.learn, minutes)
        wait_until(remote._mutex.locked)
        remote.close()
        with pytest.raises(StoreUnavailable):
            learning.result(10)
    assert remote._child is None


@LONG
def test_one_that_was_killed_has_forgotten_everything_and_learns_anew(
    remote: ForecasterProcess, minutes: list[Summary]
) -> None:
    remote.learn(minutes[:10])
    os.kill(pid_of(remote), signal.SIGKILL)
    wait_until(lambda: remote._child is not None and remote._child.poll() is not None)
    with pytest.raises(StoreUnavailable, match="forecaster"):
        remote.learn([minutes[10]])
    assert remote.learned_to is None
    assert remote.learn(minutes[:11]).new == 11


def test_a_worker_never_loads_what_learns() -> None:
    code = "import sys, app, yoto.monitor; sys.exit('river' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code]).returncode == 0
