"""Redis is killed and started again, empty, while people use a started server."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.people import PASSWORD, call, settle
from tests.support.process import RunningYoto
from tests.support.redis_servers import Server, start_valkey
from tests.support.waiting import wait_until

PEOPLE = 4
PAUSE = 0.1  # s between the requests of one person
CALM, AWAY = 1.5, 2.0  # s


@pytest.fixture
def own_redis() -> Iterator[Server]:
    with start_valkey() as server:
        yield server


@pytest.fixture
def running(own_redis: Server, tmp_path: Path) -> Iterator[RunningYoto]:
    server = RunningYoto(
        tmp_path, "--workers", "2", YOTO_SEED_DEMO="0", YOTO_REDIS_URL=own_redis.url
    )
    yield server
    server.stop()


@dataclass
class Person:
    """Somebody who writes, reads, searches and signs in until told to stop."""

    server: RunningYoto
    name: str
    channel_id: int
    token: str
    statuses: list[tuple[str, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def live(self, stop: threading.Event) -> None:
        place = f"channels/{self.channel_id}/messages"
        credentials = {"username": self.name, "password": PASSWORD}
        acts = (
            ("send", "POST", place, {"content": "Ahoy"}),
            ("read", "GET", place, None),
            ("search", "GET", f"{place}/search?q=Ahoy", None),
            ("sign in", "POST", "auth/login", credentials),
        )
        turn = 0
        while not stop.wait(PAUSE):
            # Signing in so often would meet its limit, as it should.
            what, method, path, body = acts[turn % (4 if turn < 4 else 3)]
            turn += 1
            try:
                status, answer = call(self.server, method, path, body, self.token)
            except OSError as error:
                self.failures.append(f"{what}: {error}")
                continue
            self.statuses.append((what, status))
            if status >= 500:
                self.failures.append(f"{what}: {status} {answer}")


def test_nobody_sees_an_error_of_ours_while_redis_is_killed_and_comes_back_empty(
    running: RunningYoto, own_redis: Server
) -> None:
    place = settle(running, PEOPLE)
    people = [
        Person(running, name, place.channel_id, token) for name, token in place.tokens.items()
    ]
    stop = threading.Event()
    threads = [threading.Thread(target=person.live, args=(stop,)) for person in people]
    for thread in threads:
        thread.start()
    time.sleep(CALM)
    own_redis.kill()
    time.sleep(AWAY)
    own_redis.restart()
    time.sleep(CALM)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert [failure for person in people for failure in person.failures] == []
    statuses = Counter(one for person in people for one in person.statuses)
    assert set(statuses) <= {
        ("send", 201),
        ("send", 429),
        ("read", 200),
        ("search", 200),
        ("sign in", 200),
    }, statuses
    assert statuses["send", 201] >= PEOPLE * 3

    # Guards count in Redis again: their keys are there.
    def counted() -> bool:
        call(
            running,
            "POST",
            f"channels/{people[0].channel_id}/messages",
            {"content": "x"},
            people[0].token,
        )
        with own_redis.client() as redis:
            return any(b"message.send" in key for key in redis.scan_iter("*"))

    wait_until(counted)
