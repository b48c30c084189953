"""A fault that did not begin is noted, and the campaign goes on."""

from __future__ import annotations

import random
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from proof.campaign.faults import FAULTS
from proof.campaign.faults.base import Fault
from proof.campaign.faults.redis_processes import FailoverWithOlderData, OrderedFailover
from proof.campaign.promises import alerts
from proof.campaign.runner import Campaign, Occurrence
from proof.campaign.schedule import Planned


class NoReplica:
    """A Redis of which no server is anybody's replica."""

    def primaries(self) -> list[Any]:
        return [SimpleNamespace(name="redis1")]

    def replica_of(self, primary: Any) -> Any:
        raise LookupError("no replica")


def step(folder: Path, fault: Fault) -> Occurrence:
    campaign = Campaign(folder, 1, [fault.name])
    campaign._cluster = SimpleNamespace(redis=NoReplica())  # type: ignore[assignment]
    one = Occurrence(Planned(fault.name, 0.0, 1.0, 1), fault)
    campaign._step(one, 0.0)
    assert campaign.result.broken == []
    return one


def test_what_did_not_begin_is_not_looked_at(tmp_path: Path) -> None:
    one = step(tmp_path, OrderedFailover())
    assert one.error == "LookupError: no replica" and one.ended is not None


class Paused:
    """A server that stands still or not, and whose clients find nothing."""

    name = "redis4"
    stands_still = False

    def pause(self) -> None:
        self.stands_still = True

    def resume(self) -> None:
        self.stands_still = False


def test_a_replica_that_was_paused_goes_on_where_its_primary_cannot_be_asked(
    monkeypatch: Any,
) -> None:
    def client() -> Any:
        raise ConnectionError("it is away")

    replica = Paused()
    primary = SimpleNamespace(name="redis1", client=client, alive=True)
    knowing = SimpleNamespace(execute_command=lambda *_: 1)
    slots = SimpleNamespace(client=lambda: nullcontext(knowing))
    module = "proof.campaign.faults.redis_processes"
    monkeypatch.setattr(f"{module}.any_primary", lambda *_: slots)
    redis = SimpleNamespace(replica_of=lambda _: replica, owner_of=lambda _: primary)
    cluster = SimpleNamespace(redis=redis)
    fault = FailoverWithOlderData()
    with pytest.raises(ConnectionError):
        fault.begin(cluster, random.Random(1))  # type: ignore[arg-type]
    assert replica.stands_still
    fault.end()
    assert not replica.stands_still


def occurrence(name: str, began: float, error: str = "") -> Occurrence:
    return Occurrence(Planned(name, 0.0, 1.0, 1), FAULTS[name](), began, began + 1.0, error=error)


@pytest.mark.parametrize("name", ["redis-flushall", "redis-evicting", "redis-restarted-empty"])
def test_a_silent_worker_is_told_unless_redis_forgets_it(name: str) -> None:
    killed = occurrence("worker-killed", 100.0)
    for other, told in ((90.0, True), (101.0, False), (219.0, False), (221.0, True)):
        assert bool(alerts.expected([killed, occurrence(name, other)])) is told
    # Another one that nothing hides, or an eraser that did not come.
    later = occurrence("node-killed", 400.0)
    assert alerts.expected([killed, occurrence(name, 110.0), later]) == {"YotoWorkerSilent"}
    assert alerts.expected([killed, occurrence(name, 110.0, "it is away")])
    assert alerts.expected([occurrence("database-killed", 100.0), occurrence(name, 110.0)])
