"""The pool that counts who waited."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from yoto.store.pools import PoolUse, WatchedPool


def test_the_pool_counts_who_found_a_connection_and_who_did_not() -> None:
    engine = create_engine(
        "sqlite://", poolclass=WatchedPool, pool_size=1, max_overflow=1, pool_timeout=0.01
    )
    pool = engine.pool
    assert isinstance(pool, WatchedPool)
    with engine.connect(), engine.connect(), pytest.raises(PoolTimeout):
        engine.connect()
    assert pool.use() == PoolUse(2, at_once=2, waited=0, timed_out=1, busiest=2)
    assert pool.use().busiest == 0
    engine.dispose()
    assert isinstance(engine.pool, WatchedPool) and engine.pool.most == 2
