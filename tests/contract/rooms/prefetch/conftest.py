"""Workers that record and learn, without their threads: tests say when each has its turn."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from yoto.cache import place_key
from yoto.permission import AccessGranted
from yoto.redis import RedisConnection, RedisSettings, ServerClock
from yoto.rooms.prefetch.analyzer import BehaviorAnalyzer
from yoto.rooms.prefetch.fleet import Reports
from yoto.rooms.prefetch.recording import BehaviourHistory, BehaviourLog, BehaviourRecorder, Flusher
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.work import Parts, PrefetchWork

SETTINGS = PrefetchSettings(history=20, buffer=200)


@dataclass
class Worker:
    """One process's parts.

    Attributes:
        monotonic: its clock, which only the test moves.
    """

    redis: RedisConnection
    monotonic: list[float] = field(default_factory=lambda: [1_000.0])

    def __post_init__(self) -> None:
        writer = secrets.token_hex(4)
        self.clock = ServerClock(lambda: self.monotonic[0])
        self.recorder = BehaviourRecorder(SETTINGS.buffer, 1.0)
        self.recorder.open = True
        self.log = BehaviourLog(self.redis, SETTINGS)
        self.history = BehaviourHistory(self.redis, SETTINGS)
        self.flusher = Flusher(writer, self.log, self.history, self.clock, SETTINGS.buffer)
        self.analyzer = BehaviorAnalyzer(SETTINGS, self.clock.now)
        self.reports = Reports(self.redis, f"worker-1-{writer}")
        parts = Parts(
            self.clock,
            self.recorder,
            self.log,
            self.history,
            self.flusher,
            self.analyzer,
            self.reports,
        )
        self.work = PrefetchWork(parts, lambda: None, lambda: True)
        self.work.running = True

    def see(self, user_id: int, *channels: int) -> None:
        """A user goes to some channels, five seconds between them."""
        for channel in channels:
            self.monotonic[0] += 5.0
            self.recorder.open = True
            key = place_key("channel", channel)
            event = AccessGranted(user_id, "channel.read", key, self.monotonic[0])
            self.recorder.granted(event)

    def turn(self) -> None:
        """Learn and store."""
        self.listen()
        self.work.flush()

    def listen(self) -> None:
        """Hear what others saw now, and learn."""
        self.work.learn()

    def activities(self, user_id: int) -> float:
        """How many deeds of a user are known here."""
        profile = self.analyzer.profile(user_id)
        return 0.0 if profile is None else round(profile.activities, 2)


MakeWorker = Callable[[RedisSettings], Worker]


@pytest.fixture(autouse=True)
def listens_whenever_it_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yoto.rooms.prefetch.work.LISTEN", 0.0)


@pytest.fixture
def make_worker() -> Iterator[MakeWorker]:
    """Makes workers; their connections are closed after the test."""
    made: list[Worker] = []

    def make(settings: RedisSettings) -> Worker:
        made.append(Worker(RedisConnection(settings)))
        return made[-1]

    yield make
    for worker in made:
        worker.redis.close()


@pytest.fixture
def worker(make_worker: MakeWorker, reach: RedisSettings) -> Worker:
    return make_worker(reach)


@pytest.fixture
def other(make_worker: MakeWorker, reach: RedisSettings) -> Worker:
    return make_worker(reach)
