"""Many who write at once on SQLite, where one of them holds the lock while it talks to Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.people import call, settle
from tests.support.process import RunningYoto
from tests.support.require import LONG
from tests.support.together import together
from yoto.store.sqlite import BUSY_SECONDS

PEOPLE = 8
MESSAGES = 6


@pytest.fixture(
    params=["eventlet", *(pytest.param(one, marks=LONG) for one in ("gevent", "threading"))]
)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningYoto]:
    running = RunningYoto(tmp_path, YOTO_SEED_DEMO="0", YOTO_ASYNC_MODE=request.param)
    yield running
    running.stop()


def test_nobody_waits_for_a_lock_whose_holder_cannot_run(server: RunningYoto) -> None:
    place = settle(server, PEOPLE)

    longest = [0.0]

    def say(token: str, number: int) -> int:
        began = time.monotonic()
        path = f"channels/{place.channel_id}/messages"
        status, _ = call(server, "POST", path, {"content": f"{number}"}, token)
        longest.append(time.monotonic() - began)
        return status

    def talk(token: str) -> list[int]:
        return [say(token, number) for number in range(MESSAGES)]

    said = together([lambda token=token: talk(token) for token in place.tokens.values()])
    assert said == [[201] * MESSAGES] * PEOPLE
    # The time of each call, not of all together: on a busy machine they add up.
    assert max(longest) < BUSY_SECONDS
