"""Exchanges with a silent server under a caller's deadline."""

from __future__ import annotations

import time

import pytest

from tests.contract.redis.scripts import EMPTY
from tests.support.redis_servers import start_valkey
from yoto import DeadlineExceeded, deadline
from yoto.redis import RedisConnection, RedisSettings

TIMEOUT = 20.0  # s


def test_a_deadline_ends_the_wait_and_says_nothing_about_the_server() -> None:
    with start_valkey() as server:
        redis = RedisConnection(RedisSettings(url=server.url, socket_timeout=TIMEOUT))
        try:
            assert redis.scripts.run(EMPTY, []) == 1
            server.pause()
            began = time.monotonic()
            for _ in range(5):
                with deadline(0.1), pytest.raises(DeadlineExceeded):
                    redis.scripts.run(EMPTY, [])
            assert time.monotonic() - began < TIMEOUT
            server.resume()
            # No circuit tripped, and a caller with time is answered.
            assert redis.scripts.run(EMPTY, []) == 1
        finally:
            redis.close()
