"""Slots move from one primary to another while they are used."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import redis

from proof.campaign.faults.base import Branch, Noting
from proof.campaign.faults.processes import any_primary
from proof.campaign.faults.seen import both, either, noted, replied

if TYPE_CHECKING:
    from proof.cluster import Cluster

# Tags of keys that every load uses, whose slots are hot: the log, the events, the measurements.
TAGS = ("{inv}", "{mon}", "{events}")
BATCH = 20  # keys of one MIGRATE: few, so that a slot is half here and half there for a while
MIGRATE_WITHIN = 5000  # ms


class SlotsMoved(Noting):
    """Slots are ``MIGRATING`` while the fault lasts, their keys half here and half there."""

    name = "redis-slots-moved"
    effects = ("no-redis",)
    seconds = (3.0, 6.0)
    branches = (
        Branch("ASK: asked there once", either(replied("ASK"), replied("TRYAGAIN"))),
        Branch("MOVED: the slot map is corrected", both(noted("moved"), replied("MOVED"))),
    )

    def __init__(self) -> None:
        super().__init__()
        self._moves: list[tuple[int, Any, Any]] = []

    def begin(self, cluster: Cluster, rng: random.Random) -> str:
        self._cluster = cluster
        slots = set()
        with any_primary(cluster, rng).client() as client:
            for tag in TAGS:
                slots.add(int(client.execute_command("CLUSTER", "KEYSLOT", tag)))
        for server in cluster.redis.primaries():
            slots |= _busiest(server, rng)
        for slot in sorted(slots):
            source = cluster.redis.owner_of(slot)
            others = [one for one in cluster.redis.primaries() if one is not source]
            target = rng.choice(sorted(others, key=lambda one: str(one.name)))
            with source.client() as old, target.client() as new:
                new.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", _id(old))
                old.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", _id(new))
                self._moves.append((slot, source, target))
                _move_keys(old, target, slot, most=BATCH)
        return f"{len(self._moves)} slots"

    def end(self) -> None:
        done = 0
        while self._moves:
            slot, source, target = self._moves.pop()
            with source.client() as old, target.client() as new:
                while _move_keys(old, target, slot, most=1000):
                    pass
                new_id = _id(new)
                for server in (target, source, *self._cluster.redis.primaries()):
                    with server.client() as client:
                        client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", new_id)
            done += 1
        if done:
            self.notes["moved"] = f"{done} slots have another primary"


def _busiest(server: Any, rng: random.Random) -> set[int]:
    """A few slots of ``server`` that have keys."""
    with suppress(redis.RedisError, OSError), server.client() as client:
        keys = [client.randomkey() for _ in range(5)]
        return {
            int(client.execute_command("CLUSTER", "KEYSLOT", key))
            for key in keys
            if key is not None
        }
    return set()


def _move_keys(old: redis.Redis, target: Any, slot: int, most: int) -> int:
    keys = old.execute_command("CLUSTER", "GETKEYSINSLOT", slot, most)
    if keys:
        with suppress(redis.ResponseError):  # one that ended meanwhile
            old.execute_command(
                "MIGRATE", target.host, target.port, "", 0, MIGRATE_WITHIN, "REPLACE", "KEYS", *keys
            )
    return len(keys)


def _id(client: redis.Redis) -> str:
    return str(client.execute_command("CLUSTER", "MYID").decode())
