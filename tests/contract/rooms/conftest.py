"""Rooms are tested on the same servers as what they are made from."""

from tests.contract.optimization.conftest import locks, make_locks, others, own_server, reach, redis

__all__ = ["locks", "make_locks", "others", "own_server", "reach", "redis"]
