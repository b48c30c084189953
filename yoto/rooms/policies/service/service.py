"""The policies of one application in one process: all parts, wired together."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import Flask

from yoto.cache import TieredCache
from yoto.events import EventState
from yoto.redis import RedisConnection
from yoto.rooms.policies.adaptive import AdaptivePart
from yoto.rooms.policies.decision_cache import DecisionCache, Validity
from yoto.rooms.policies.engine import PolicyEngine
from yoto.rooms.policies.facts import PolicyLoadFailed
from yoto.rooms.policies.folder import DEFAULT_AUTHOR, FolderWatch
from yoto.rooms.policies.metrics import EngineMetrics, PolicyLedger
from yoto.rooms.policies.overrun import Overruns, overrun_folder
from yoto.rooms.policies.recent import Mask, RecentInputs, SharedInputs
from yoto.rooms.policies.result import PolicyDecision
from yoto.rooms.policies.service.background import (
    AdaptTask,
    Background,
    InputTask,
    LoadTask,
    OverrunCollector,
    ShadowTask,
    SweepTask,
)
from yoto.rooms.policies.service.evaluator import Evaluator, MakeInput
from yoto.rooms.policies.service.examining import Examiner
from yoto.rooms.policies.service.loader import PolicyLoader
from yoto.rooms.policies.service.naming import KnowPermissions
from yoto.rooms.policies.service.publishing import Publisher
from yoto.rooms.policies.service.rollback import RollbackWatcher
from yoto.rooms.policies.service.serving import Loaded, Serving
from yoto.rooms.policies.service.slow_guard import SlowGuard
from yoto.rooms.policies.service.subject_ids import KnowKinds, reads_subject_id
from yoto.rooms.policies.settings import PolicySettings
from yoto.rooms.policies.slow import SlowWatch
from yoto.rooms.policies.store import (
    Entry,
    PolicyReader,
    PolicyWriter,
    ShadowCountStore,
    StoredVersion,
)
from yoto.rooms.policies.tables import PolicyKind

log = logging.getLogger(__name__)

FOLDER_AUTHOR = "folder"


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
        self.background = Background(cache)
        light, heavy = self.background.light, self.background.heavy

        self.metrics, self.ledger = EngineMetrics(), PolicyLedger()
        self.decisions = DecisionCache(settings.cache_size, settings.cache_seconds)
        self.recent = RecentInputs(mask)
        self.slow = SlowWatch(settings.slow_alert_ms, settings.slow_limit_ms)
        self.adaptive = AdaptivePart(settings.cache_seconds, settings.cache_seconds_max)
        self.reader, self.writer = PolicyReader(app), PolicyWriter(app)
        overruns = Overruns(overrun_folder(app.instance_path))
        self.loader = PolicyLoader(
            self.reader,
            engine,
            self._on_loaded,
            self._on_load_failure,
            self._wake_shadow,
            OverrunCollector(overruns, self.writer, events.instance_id).collect,
        )
        shared = SharedInputs(redis)
        self.examiner = Examiner(engine, lambda: self.loader.serving, self.recent, shared)
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
            self.slow,
            self.recent.latest,
            self._publish,
            self._wake_slow,
            settings,
        )
        self.shadow_task = ShadowTask(self.loader, ShadowCountStore(app, events.instance_id))
        self.evaluator = Evaluator(
            engine.name,
            self.loader.ready,
            self.decisions,
            self.metrics,
            self.ledger,
            self.slow,
            self.recent,
            self.slow_guard.hear,
        )
        rollback_watch = RollbackWatcher(
            self.loader, self.publisher, self._publish, settings.deny_jump
        )
        load = LoadTask(
            self.loader, self.slow_guard.end_overruns, settings.poll_seconds, self.background.hears
        )
        self._wake_load_now = light.add("load", load.work)
        light.add("inputs", InputTask(self.recent, shared).work)
        adapt = AdaptTask(self.adaptive, self.metrics, self.decisions, self.recent)
        light.add("adaptation", adapt.work)
        self._wake_shadow_now = heavy.add("shadow", self.shadow_task.work)
        self._wake_slow_now = heavy.add("slow policies", self.slow_guard.work)
        heavy.add("probation", rollback_watch.work)
        heavy.add("unused policies", SweepTask(engine).work)
        # Additions of the application's code to the default bundle, by author.
        self.bundles: dict[str, Sequence[Entry]] = {}
        self.folder: FolderWatch | None = None
        if settings.directory is not None:
            self.folder = FolderWatch(settings.directory, self.reader.read, self._put_folder)
            heavy.add("folder", self.folder.work)

    def evaluate(
        self,
        document: Mapping[str, Any],
        valid_for: Validity | None,
        serving: Serving | None = None,
        whole: MakeInput | None = None,
    ) -> PolicyDecision:
        """See ``PolicyManager.evaluate`` and ``Evaluator.evaluate``."""
        self.background.start(self._wake_load_now)
        return self.evaluator.evaluate(document, valid_for, serving, whole)

    def start(self) -> None:
        """Load, and follow changes from now on."""
        self.background.start(self._wake_load_now)
        self.loader.ready()

    def close(self) -> None:
        """End the threads and release the engine; a later use begins anew."""
        self.background.stop()
        try:
            self.shadow_task.flush()
        finally:
            self.loader.close()
            self.decisions.clear()
            self.engine.close()

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
            self.slow.forget()

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
