"""A cache that is a dict, and everything about it that a prefetcher could meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from yoto.cache import Entry, Loaded, PlaceKey, Position, Slot, place_key
from yoto.permission import Place
from yoto.rooms.prefetch.analyzer import Prediction
from yoto.rooms.prefetch.fetching import SmartPrefetcher
from yoto.rooms.prefetch.settings import PrefetchSettings
from yoto.rooms.prefetch.steps import Step


class FakeCache:
    """A cache, as a prefetcher sees it.

    Attributes:
        entries: what memory has.
        fetched: places that were loaded, with the users each time.
        error: raised by a load.
        before: called in a load, before it ends.
    """

    capacity = 1_000

    def __init__(self) -> None:
        self.entries: dict[tuple[int, PlaceKey], Entry] = {}
        self.fetched: list[tuple[Place, tuple[int, ...]]] = []
        self.misses = 0
        self.error: Exception | None = None
        self.before: Callable[[], object] = lambda: None
        self.is_fresh = True

    def fresh(self) -> bool:
        return self.is_fresh

    def peek(self, user_id: int, place: PlaceKey) -> Slot | None:
        entry = self.entries.get((user_id, place))
        return None if entry is None else Slot(entry.mask, 0.0, 0.0, entry)

    def fetch(self, user_ids: Sequence[int], place: Place) -> Mapping[int, Entry | Loaded]:
        self.fetched.append((place, tuple(user_ids)))
        self.misses += len(user_ids)
        self.before()
        if self.error is not None:
            raise self.error
        return {user_id: self.put(user_id, place) for user_id in user_ids}

    def put(self, user_id: int, place: Place) -> Entry:
        """Somebody loaded it."""
        key = place_key(place.kind, place.id)
        entry = Entry.of(user_id, key, Position.of(1, 0), 0.0, Loaded(1))
        self.entries[user_id, key] = entry
        return entry

    def drop(self, user_id: int, place: Place) -> None:
        """It had to go."""
        del self.entries[user_id, place_key(place.kind, place.id)]


class Stage:
    """A prefetcher, its cache, its time, and what it believes to come next."""

    def __init__(self, settings: PrefetchSettings | None = None) -> None:
        self.cache = FakeCache()
        self.now = 1_000.0
        self.next: dict[int, list[tuple[Place, float]]] = {}
        self.jobs: list[Callable[[], None]] = []
        self.free = True
        self.at_once = True
        self.allowed = True
        self.turned: list[bool] = []
        self.prefetcher = SmartPrefetcher(
            settings or PrefetchSettings(rate=1_000.0, confidence=0.1),
            self._predict,
            self.cache,
            self._submit,
            clock=lambda: self.now,
            allowed=lambda: self.allowed,
            on_turned=lambda down, precision: self.turned.append(down),
        )

    def _predict(self, user_id: int) -> list[Prediction]:
        return [
            Prediction(Step("channel.read", place.kind, place.id), chance)
            for place, chance in self.next.get(user_id, ())
        ]

    def _submit(self, job: Callable[[], None]) -> bool:
        if not self.free:
            return False
        if self.at_once:
            job()
        else:
            self.jobs.append(job)
        return True

    def run_jobs(self) -> None:
        """Let the loads that hang come to their end."""
        jobs, self.jobs = self.jobs, []
        for job in jobs:
            job()

    def visit(self, user_id: int, place: Place, seconds: float = 1.0) -> int:
        """The user goes somewhere; memory has it afterwards, as after any check."""
        self.now += seconds
        if self.cache.peek(user_id, place_key(place.kind, place.id)) is None:
            self.cache.misses += 1
            self.cache.put(user_id, place)
        return self.prefetcher.turn([(user_id, place)])

    def counts(self) -> dict[str, int]:
        """Prefetches by what became of them."""
        return self.prefetcher.stats().counts

    def states(self) -> list[str]:
        """States of the prefetches that are not over, and of those that ended last."""
        return [task["state"] for task in self.prefetcher.tasks()]


def channel(number: int) -> Place:
    """A channel."""
    return Place("channel", number)
