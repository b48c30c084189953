"""The policies of one application in one process: all parts, wired together."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Sequence

from flask import Flask

from yoto import cache as cache_layer
from yoto.cache import Position, TieredCache
from yoto.errors import PlatformError
from yoto.events import EventState
from yoto.housekeeping import Housekeeper
from yoto.redis import RedisConnection
from yoto.rooms.policies.decision_cache import DecisionCache
from yoto.rooms.policies.engine.embedded.deadline import overrun_folder
from yoto.rooms.policies.engine.protocol import PolicyEngine
from yoto.rooms.policies.facts import PolicyLoadFailed
from yoto.rooms.policies.folder import DEFAULT_AUTHOR, FolderWatch
from yoto.rooms.policies.metrics.counts import EngineMetrics
from yoto.rooms.policies.metrics.per_policy import PolicyLedger
from yoto.rooms.policies.recent import Mask, RecentInputs, SharedInputs
from yoto.rooms.policies.service.adapting import AdaptivePart
from yoto.rooms.policies.service.evaluator import Evaluator
from yoto.rooms.policies.service.examining import Examiner
from yoto.rooms.policies.service.loader import PolicyLoader
from yoto.rooms.policies.service.naming import KnowPermissions
from yoto.rooms.policies.service.publishing import Publisher
from yoto.rooms.policies.service.rollback import RollbackWatcher
from yoto.rooms.policies.service.serving import Loaded, Serving
from yoto.rooms.policies.service.slow import SlowGuard, record_overruns
from yoto.rooms.policies.service.subject_ids import KnowKinds, reads_subject_id
from yoto.rooms.policies.settings import PolicySettings
from yoto.rooms.policies.shadow import ShadowTask
from yoto.rooms.policies.store.entry import Entry, StoredVersion
from yoto.rooms.policies.store.reading import PolicyReader
from yoto.rooms.policies.store.shadow_counts import ShadowCountStore
from yoto.rooms.policies.store.writing import PolicyWriter
from yoto.rooms.policies.tables import PolicyKind

log = logging.getLogger(__name__)

FOLDER_AUTHOR = "folder"
SHARE_SECONDS = 1.0
SWEEP_SECONDS = 30.0
# Factor of the time between two looks at the record while the log is heard.
HEARD_POLL_FACTOR = 5


class PolicyService:
    """All parts behind ``PolicyManager``.

    Attributes:
        reader: reads the record.
        publisher: changes it.
        loader: the sets in service here.
        shadow_task: each process's counts of a candidate.
    """

    def __init__(
        self,
        app: Flask,
        settings: PolicySettings,
        engine: PolicyEngine,
        redis: RedisConnection,
        cache: TieredCache | None,
        events: EventState,
        mask: Mask,
    ) -> None:
        """Nothing connects and no thread starts before the first use.

        Args:
            cache: its log publishes changes; without it they are found by polling.
            mask: removes data from an input that must not be kept.
        """
        self.settings = settings
        self.engine = engine
        self._publish = events.stream.publish
        self._cache = cache
        # Light work must not wait long, such as loading; heavy work may take seconds.
        light, heavy = Housekeeper("yoto-policy"), Housekeeper("yoto-policy-heavy")
        self._housekeepers = light, heavy
        self._starting = threading.Lock()
        self._pid: int | None = None
        self._end_listening: Callable[[], None] | None = None

        self.metrics, self.ledger = EngineMetrics(), PolicyLedger()
        self.decisions = DecisionCache(settings.cache_size, settings.cache_seconds)
        self.recent = RecentInputs(mask)
        self.adaptive = AdaptivePart(settings.cache_seconds, settings.cache_seconds_max)
        self.reader, self.writer = PolicyReader(app), PolicyWriter(app)
        overruns = overrun_folder(app.instance_path)
        self.loader = PolicyLoader(
            self.reader,
            engine,
            self._on_loaded,
            self._on_load_failure,
            self._wake_shadow,
            lambda: record_overruns(overruns, self.writer, events.instance_id),
        )
        self._shared = SharedInputs(redis)
        self.examiner = Examiner(engine, lambda: self.loader.serving, self.recent, self._shared)
        # Set by the code that knows the permissions.
        self.permissions: KnowPermissions = lambda: None
        self.kinds: KnowKinds = lambda: None
        self.publisher = Publisher(
            self.reader,
            self.writer,
            self.examiner,
            self.loader,
            self._publish,
            lambda: self.permissions(),
            lambda: self.kinds(),
            engine,
        )
        self._listed: set[tuple[str, int]] = set()
        self.slow_guard = SlowGuard(
            self.loader,
            self.recent.latest,
            self._publish,
            self._wake_slow,
            settings,
        )
        self.shadow_task = ShadowTask(
            lambda: self.loader.serving.shadow, ShadowCountStore(app, events.instance_id)
        )
        self.evaluator = Evaluator(
            engine.name,
            self.ready,
            self.decisions,
            self.metrics,
            self.ledger,
            self.recent,
            self.slow_guard.note,
        )
        rollback_watch = RollbackWatcher(
            self.loader, self.publisher, self._publish, settings.deny_jump
        )
        self._wake_load = light.add("load", self._look)
        light.add("inputs", self._share_inputs)
        light.add(
            "adaptation",
            lambda: self.adaptive.work(self.metrics, self.decisions, self.recent),
        )
        self._wake_shadow_now = heavy.add("shadow", self.shadow_task.work)
        self._wake_slow_now = heavy.add("slow policies", self.slow_guard.work)
        heavy.add("probation", rollback_watch.work)
        heavy.add("unused policies", self._sweep)
        # Additions of the application's code to the default bundle, by author.
        self.bundles: dict[str, Sequence[Entry]] = {}
        self.folder: FolderWatch | None = None
        if settings.directory is not None:
            self.folder = FolderWatch(settings.directory, self.reader.read, self._put_folder)
            heavy.add("folder", self.folder.work)

    def ready(self) -> Serving:
        """The sets in service, whose changes are followed from now on."""
        if self._pid != os.getpid():
            self._start_threads()
        return self.loader.ready()

    def close(self) -> None:
        """End the threads and release the engine; a later use begins anew."""
        with self._starting:
            end, self._end_listening = self._end_listening, None
            self._pid = None
        if end is not None:
            end()
        for one in self._housekeepers:
            one.stop()
        try:
            self.shadow_task.flush()
        finally:
            self.loader.close()
            self.decisions.clear()
            self.engine.close()

    def _start_threads(self) -> None:
        """Start what does not run in this process, also after a fork."""
        with self._starting:
            if self._pid == os.getpid():
                return
            if self._cache is not None:
                if self._end_listening is None:
                    self._end_listening = self._cache.tailer.subscribe(self._heard)
                self._cache.start(0)
            for one in self._housekeepers:
                one.start()
            self._pid = os.getpid()

    def _heard(self, dirty: Sequence[str], position: Position) -> None:
        if cache_layer.tags.POLICY in dirty or cache_layer.tags.GLOBAL in dirty:
            self._wake_load()

    def _look(self) -> float:
        """Follow the record: on notification, and at intervals in any case."""
        self.loader.refresh()
        self.slow_guard.end_overruns()
        listens, cache = self._end_listening is not None, self._cache
        heard = listens and cache is not None and cache.tailer.fresh
        return self.settings.poll_seconds * (HEARD_POLL_FACTOR if heard else 1)

    def _share_inputs(self) -> float:
        try:
            self._shared.share(self.recent)
        except PlatformError as error:
            log.debug("recent inputs were not shared: %s", error)
        return SHARE_SECONDS

    def _sweep(self) -> float:
        self.engine.sweep()
        return SWEEP_SECONDS

    def _put_folder(self, entries: Sequence[Entry]) -> None:
        where = f"from {self.settings.directory}"
        self.publisher.put(entries, FOLDER_AUTHOR, where[:500])

    def _on_loaded(self, loaded: Loaded) -> None:
        versions = {
            one.name: one.version for one in loaded.stored.live if one.kind is PolicyKind.REGO
        }
        self.ledger.loaded(versions, loaded.bundle.modules)
        newest = self.loader.serving.newest
        if newest is None or newest.version != loaded.version:
            self.slow_guard.forget()

        for one in self.unacknowledged(loaded.stored.live):
            # Once in each process, from its start.
            if (one.name, one.version) not in self._listed:
                self._listed.add((one.name, one.version))
                log.warning(
                    "policy %s (version %d) reads input.subject.id, which was a number of the "
                    "platform and is the application's own id now: look at it, then run "
                    "'flask yoto policy acknowledge %s'",
                    one.name,
                    one.version,
                    one.name,
                )

    def unacknowledged(self, versions: Iterable[StoredVersion]) -> list[StoredVersion]:
        """Versions whose meaning may have changed with that of ``input.subject.id``, and that have
        not been acknowledged; none where the id is the same as before.
        """
        kinds = self.kinds()
        if kinds is None or kinds.subject == "integer":
            return []
        return [
            one
            for one in versions
            if not one.acknowledged
            and one.kind is PolicyKind.REGO
            and one.author != DEFAULT_AUTHOR
            and reads_subject_id(one.source)
        ]

    def _on_load_failure(self, revision: int, reason: str) -> None:
        self._publish(PolicyLoadFailed(revision=revision, reason=reason))

    def _wake_shadow(self) -> None:
        self._wake_shadow_now()

    def _wake_slow(self) -> None:
        self._wake_slow_now()
