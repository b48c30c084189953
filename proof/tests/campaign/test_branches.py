"""A fault by itself shows nothing: each branch needs something that the product did."""

from __future__ import annotations

import random
import socket
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from proof.campaign.evidence import Evidence
from proof.campaign.faults import FAULTS
from proof.campaign.faults.connections import OpensConnections, SlowAtNginx
from proof.campaign.faults.redis_processes import ReplicaStopped
from proof.campaign.faults.redis_state import Evicting


class Everything(dict[str, str]):
    """All notes that a fault could make."""

    def get(self, *_: Any) -> Any:
        return "so many"


MET = {
    (one, other): 9 for one in ("nginx", "app1") for other in ("app1", "redis1", "database", "opa")
}


@pytest.mark.parametrize("name", FAULTS)
def test_its_own_notes_and_bytes_are_not_enough(name: str) -> None:
    found = Evidence(touched=MET, notes=Everything())
    assert not any(branch.seen(found) for branch in FAULTS[name].branches)


@pytest.mark.parametrize("pair", ["nginx-app", "app-redis", "app-database", "app-opa"])
def test_a_slow_link_needs_an_answer_and_bytes(pair: str) -> None:
    asked = {"quota hit": 1, "row read": 1, "policies ask": 1}
    for way in ("delay", "slow"):
        (branch,) = FAULTS[f"link-{pair}-{way}"].branches
        assert branch.seen(Evidence(touched=MET, answered=asked))
        assert not branch.seen(Evidence(answered=asked))


def test_a_proxy_is_away_for_its_clients_only_if_they_are_not_answered() -> None:
    for name in ("nginx-killed", "nginx-stopped"):
        (branch,) = FAULTS[name].branches
        assert branch.seen(Evidence(notes=Everything(), unanswered={"row read": 3}))
        assert not branch.seen(Evidence(notes=Everything(), answered={"row read": 3}))


def replica(lag: int) -> dict[str, str]:
    fault = ReplicaStopped()
    fault._primary = server(connected_slaves=1, slave0={"lag": lag})
    return fault.look()


def test_a_replica_is_behind_only_by_more_than_it_reports_apart() -> None:
    assert replica(1) == {}
    assert replica(2)["behind"].endswith("2 s behind")


def test_keys_count_that_were_evicted_since_the_beginning() -> None:
    said = {"evicted_keys": 1000, "used_memory": 1}
    one = server(said)
    fault = Evicting()
    cluster: Any = SimpleNamespace(redis=SimpleNamespace(primaries=lambda: [one]))
    fault.begin(cluster, random.Random(1))
    assert fault.look() == {}
    said["evicted_keys"] = 1003
    assert fault.look() == {"evicted": "3 keys were evicted"}


def server(said: dict[str, Any] | None = None, **more: Any) -> Any:
    """A Redis server that says this of itself."""
    client = SimpleNamespace(
        info=lambda section: more if said is None else said,
        config_get=lambda key: {key: ""},
        config_set=lambda key, value: None,
    )
    return SimpleNamespace(name="redis1", client=lambda: nullcontext(client))


def test_connections_that_nobody_took_are_not_noted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        where = closed.getsockname()
    fault = OpensConnections()
    fault.number, fault.drips = 0, False  # type: ignore[misc]
    fault._where, fault._tls = where, False
    fault.work()
    assert fault.notes == {}


def test_dripping_clients_that_nobody_ended_are_not_noted() -> None:
    fault = SlowAtNginx()
    fault.number = 1  # type: ignore[misc]
    ticks = iter([False, False, True])
    with socket.create_server(("127.0.0.1", 0)) as patient:
        over: Any = SimpleNamespace(is_set=lambda: False, wait=lambda seconds: next(ticks))
        fault._over = over
        fault._where, fault._tls = patient.getsockname(), False
        fault.work()
        assert "dripped" not in fault.notes and fault.notes["open"] == "1 connections"
        for one in fault._open:
            one.close()
