"""Brings the record's newest revision into service: compiled aside, swapped whole."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from time import monotonic

from yoto.errors import PlatformError, PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.deadline import EVALUATION_SECONDS
from yoto.rooms.policies.engine.protocol import CompiledPolicies, PolicyEngine, fault_of
from yoto.rooms.policies.service.serving import Loaded, RollbackWatch, Serving, Tally
from yoto.rooms.policies.shadow import Shadow
from yoto.rooms.policies.store.entry import StoredSet
from yoto.rooms.policies.store.reading import PolicyReader

log = logging.getLogger(__name__)

# s between two tries of decisions that find nothing in service.
FIRST_LOAD_PAUSE = 1.0
# s after which a swapped-out set is not evaluated any more; longer than any evaluation may take.
GRACE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class LoadState:
    """The loading state of a process, compared with the record.

    Attributes:
        revision: the loaded one; None: none.
        wanted: the newest revision that it knows of; None: it could never read the record.
        error: why the wanted one is not loaded; None: there is no error.
        loads, failures: since the process started.
    """

    revision: int | None = None
    wanted: int | None = None
    error: str | None = None
    loads: int = 0
    failures: int = 0


class PolicyLoader:
    """Loads in one process, one load at a time. Safe for threads.

    Attributes:
        serving: the sets in service; read it once a decision.
        state: the loading state.
        overruns: versions that must not be evaluated, by the record.
    """

    def __init__(
        self,
        reader: PolicyReader,
        engine: PolicyEngine,
        on_loaded: Callable[[Loaded], None],
        on_failure: Callable[[int, str], None],
        wake_shadow: Callable[[], None],
        collect: Callable[[], None],
    ) -> None:
        """Nothing is read yet.

        Args:
            collect: records versions that must not be evaluated any more.
            on_loaded: called with each set, before it decides.
            on_failure: called once for a revision that cannot be loaded, with the reason.
        """
        self._reader = reader
        self._engine = engine
        self._on_loaded = on_loaded
        self._on_failure = on_failure
        self._wake_shadow = wake_shadow
        self._collect = collect
        self._lock = threading.Lock()
        self._refused: int | None = None
        self._retired: deque[tuple[float, CompiledPolicies]] = deque()
        self._first_try_at = float("-inf")
        self.serving = Serving()
        self.state = LoadState()
        self.overruns: frozenset[str] = frozenset()

    def ready(self) -> Serving:
        """The sets in service.

        The first call loads, and while that fails one call a second tries.
        """
        serving = self.serving
        if serving.newest is None and monotonic() - self._first_try_at >= FIRST_LOAD_PAUSE:
            with self._lock:
                if self.serving.newest is None:
                    self._first_try_at = monotonic()
                    self._collect()
                    self._load(None, False)
            serving = self.serving
        return serving

    def refresh(self) -> None:
        """Load the newest revision unless it is loaded."""
        self._close_retired()
        self._collect()
        try:
            revision = self._reader.revision()
        except PlatformError as error:
            self._failed(None, str(error))
            return
        newest = self.serving.newest
        if newest is not None and newest.stored.revision == revision:
            self.state = replace(self.state, wanted=revision, error=None)
        elif revision != self._refused:
            self.load()

    def load(self, ready_made: CompiledPolicies | None = None, again: bool = False) -> None:
        """Load the newest revision; ``state`` has the result.

        Args:
            ready_made: a compiled set, used if it is the one in the record, else closed.
            again: also compile sets that are compiled already, for an engine that has lost them.
        """
        with self._lock:
            self._load(ready_made, again)
            used = {id(compiled) for compiled in _compiled_in(self.serving)}
        if ready_made is not None and id(ready_made) not in used:
            ready_made.close()

    def replace_serving(self, change: Callable[[Serving], Serving]) -> None:
        """Replace the sets in service by the result of ``change``."""
        with self._lock:
            self.serving = change(self.serving)

    def close(self) -> None:
        """Release everything compiled; a later decision loads anew."""
        with self._lock:
            serving, self.serving = self.serving, Serving()
            self._first_try_at = float("-inf")
            self.state = LoadState()
            for compiled in _compiled_in(serving):
                self._retire(compiled)
            retired = {id(compiled): compiled for _, compiled in self._retired}
            self._retired.clear()
        for compiled in retired.values():
            compiled.close()

    def _load(self, ready_made: CompiledPolicies | None, again: bool) -> None:
        revision: int | None = None
        try:
            stored = self._reader.read()
            revision, self.overruns = stored.revision, stored.overruns
            refuse_other_engine(stored, self._engine)
            loaded = self._compiled(stored, ready_made, again)
        except PolicyError as error:
            # The same revision gives the same error; the next one may be better.
            self._refused = revision
            self._failed(revision, str(error))
            return
        except PlatformError as error:
            self._failed(revision, str(error))
            return
        self._on_loaded(loaded)
        self._swap(loaded)
        self._refused = None
        self.state = replace(
            self.state,
            revision=revision,
            wanted=revision,
            error=loaded.shadow_error,
            loads=self.state.loads + 1,
        )
        log.info("policies %s (revision %d) are in service", loaded.version, stored.revision)

    def _compiled(
        self, stored: StoredSet, ready_made: CompiledPolicies | None, again: bool
    ) -> Loaded:
        bundle = stored.bundle()
        if not bundle.modules:
            raise PolicyError("policies", "none are stored: 'flask yoto setup' stores the default")
        refuse_overrun("policies", bundle, stored)
        newest = self.serving.newest
        if ready_made is not None and ready_made.version == bundle.version:
            compiled = ready_made
        elif newest is not None and newest.version == bundle.version and not again:
            compiled = newest.compiled
        else:
            compiled = self._engine.compile(bundle)
        same = newest is not None and newest.version == bundle.version
        shadow, shadow_error = self._shadow(stored, newest, ready_made, again)
        return Loaded(
            stored=stored,
            bundle=bundle,
            compiled=compiled,
            tally=newest.tally if newest is not None and same else Tally(),
            shadow=shadow,
            shadow_error=shadow_error,
            rollback_watch=_rollback_watch(stored, newest),
        )

    def _shadow(
        self,
        stored: StoredSet,
        newest: Loaded | None,
        ready_made: CompiledPolicies | None,
        again: bool,
    ) -> tuple[Shadow | None, str | None]:
        candidate, bundle = stored.candidate, stored.candidate_bundle()
        if candidate is None or bundle is None:
            return None, None
        try:
            refuse_overrun(candidate.name, bundle, stored)
        except PolicyError as error:
            return None, error.reason
        known = newest.shadow if newest is not None else None
        if known is not None and known.version_id == candidate.id and not again:
            if known.compiled.version == bundle.version:
                return known, None
        try:
            if ready_made is not None and ready_made.version == bundle.version:
                compiled = ready_made
            else:
                compiled = self._engine.compile(bundle)
        except PlatformError as error:
            return None, f"the candidate {candidate.name} cannot run: {error}"
        sample = 1.0 if candidate.sample is None else candidate.sample
        return Shadow(candidate.id, compiled, sample, self._wake_shadow), None

    def _swap(self, loaded: Loaded) -> None:
        before = self.serving
        old = before.loaded
        kept = before.previous
        if old is not None and old.version != loaded.version:
            kept = old
        out = before.taken_out
        if out is not None and out.version == loaded.version:
            # Only the candidate beside it has changed: the set is as slow as before.
            self.serving = Serving(loaded=old, taken_out=loaded, previous=before.previous)
        else:
            self.serving = Serving(loaded=loaded, previous=kept)
        still = {id(compiled) for compiled in _compiled_in(self.serving)}
        for compiled in _compiled_in(before):
            if id(compiled) not in still:
                self._retire(compiled)

    def _retire(self, compiled: CompiledPolicies) -> None:
        if all(compiled is not known for _, known in self._retired):
            self._retired.append((monotonic(), compiled))

    def _close_retired(self) -> None:
        due: list[CompiledPolicies] = []
        with self._lock:
            while self._retired and monotonic() - self._retired[0][0] >= GRACE_SECONDS:
                due.append(self._retired.popleft()[1])
        for compiled in due:
            compiled.close()

    def _failed(self, revision: int | None, reason: str) -> None:
        wanted = self.state.wanted if revision is None else revision
        reported = self.state.error == reason and self.state.wanted == wanted
        self.state = replace(
            self.state, wanted=wanted, error=reason, failures=self.state.failures + 1
        )
        if not reported:
            log.warning("policies are not loaded (revision %s): %s", wanted, reason)
            self._on_failure(0 if wanted is None else wanted, reason)


def _compiled_in(serving: Serving) -> Iterator[CompiledPolicies]:
    """Everything compiled that may still be evaluated."""
    for loaded in (serving.loaded, serving.taken_out, serving.previous):
        if loaded is not None:
            yield loaded.compiled
            if loaded.shadow is not None:
                yield loaded.shadow.compiled


def _rollback_watch(stored: StoredSet, newest: Loaded | None) -> RollbackWatch | None:
    """The promotion to watch from now on, or still."""
    if newest is None:
        return None
    promotion = stored.promotion
    if promotion is not None and promotion.revision > newest.stored.revision:
        _, kind, name, version = promotion
        live, before = stored.find(kind, name), newest.stored.find(kind, name)
        if live is not None and live.version == version:
            fallback = None if before is None else before.version
            return RollbackWatch(kind, name, live.version, fallback, newest.tally.read())
    running = newest.rollback_watch
    if running is None or monotonic() >= running.until:
        return None
    live = stored.find(running.kind, running.name)
    return running if live is not None and live.version == running.version else None


def refuse_other_engine(stored: StoredSet, engine: PolicyEngine) -> None:
    """Refuse policies that the engine of another worker admitted.

    Raises:
        PolicyError: this engine may read them in another way; the message gives the remedy.
    """
    fault = fault_of(stored.engine, engine.record)
    if fault:
        raise PolicyError("policies", fault)


def refuse_overrun(name: str, bundle: Bundle, stored: StoredSet) -> None:
    """Refuse a set with an evaluation that had to be ended; the error names ``name``.

    Raises:
        PolicyError: it has one.
    """
    if bundle.version in stored.overruns:
        raise PolicyError(
            name,
            f"the set {bundle.version} is out of service: an evaluation took more than "
            f"{EVALUATION_SECONDS:g} s of processor time and ended its worker; change or remove "
            "the policy that did",
        )
