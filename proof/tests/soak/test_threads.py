"""The soak starts, and fails where a thread ended before its time or goes on after it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from proof.campaign.clients.base import Watched
from proof.soak import samples
from proof.soak.__main__ import main
from proof.soak.traffic import Replacement, broken


def fails(*_: object) -> Any:
    raise OSError("away")


def test_a_replacement_that_died_is_told() -> None:
    cluster: Any = SimpleNamespace(nodes=[SimpleNamespace(pids=fails)])
    replacement = Replacement(cluster, every=0.0)
    replacement.start()
    replacement.join(10)
    assert broken([replacement]) == ["replacement ended: OSError('away')"]


def test_a_sampler_that_died_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "execute", lambda *_: [])
    cluster: Any = SimpleNamespace(redis=SimpleNamespace(servers=[]), metrics_token="a token")
    readers: Any = SimpleNamespace(took=fails)
    sampler = samples.Sampler(cluster, readers, interval=0.0)
    sampler.start()
    sampler.join(10)
    assert broken([sampler]) == ["sampler ended: OSError('away')"]


class Waits(Watched):
    def __init__(self) -> None:
        super().__init__("waiter")
        self.over = threading.Event()

    def work(self) -> None:
        self.over.wait()


def test_who_goes_on_is_told_and_who_ended_in_time_is_not() -> None:
    waiter = Waits()
    waiter.start()
    assert broken([waiter]) == ["waiter did not end"]
    waiter.over.set()
    waiter.join(10)
    assert broken([waiter]) == []


def test_its_command_starts(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0 and "--seconds" in capsys.readouterr().out
