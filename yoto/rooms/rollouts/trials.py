"""New values of a guard, tried by one worker first.

The worker that tries them judges by its own counts, so nothing must be collected from others: it
gives the values to all when their time is over, or takes them back as soon as too many of its calls
were rejected or failed. If it dies, the trial ends with the entry's own expiry, and no other worker
ever had the values.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from yoto.errors import PlatformError, ValidationFailed, VersionConflict
from yoto.resilience import (
    BreakerHooks,
    Change,
    ConfigStore,
    Kind,
    Origin,
    RateLimitConfig,
    Receipt,
    ResilienceController,
    Settings,
)
from yoto.resilience.breaker_hooks import HookList
from yoto.resilience.guards import GuardCounts
from yoto.resilience.settings.tuning import RolloutConfig

log = logging.getLogger(__name__)

AUTHOR = "rollout"
LOOK = 1.0  # s between looks of a worker at its trials
# s after its time in which a worker must have decided; else it is dead, and the entry ends.
GRACE = 60.0
# All workers share the state of a breaker: one that opened by tried values would open for all.
TRIED = (Kind.RATE_LIMIT, Kind.BULKHEAD)


class RolloutStep(StrEnum):
    """The next step for values on trial."""

    WAIT = "wait"
    PROMOTE = "promote"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, slots=True)
class Observed:
    """Calls of one guard in one worker since its trial began.

    Attributes:
        passed, rejected: calls that the guard admitted, and that it rejected.
        failed: admitted calls whose breaker counted a failure.
    """

    passed: int
    rejected: int
    failed: int

    @property
    def calls(self) -> int:
        return self.passed + self.rejected


def next_step(config: RolloutConfig, seconds: float, seen: Observed) -> tuple[RolloutStep, str]:
    """The next step after so many seconds, and its reason.

    A share is judged as soon as it has enough calls, and bad values are taken back at once.
    """
    for what, n, of, most in (
        ("rejected", seen.rejected, seen.calls, config.max_rejected),
        ("failed", seen.failed, seen.passed, config.max_failed),
    ):
        # At the end of its time a share is judged even with few calls: else it never would be.
        enough = of >= config.minimum_calls or seconds >= config.seconds
        if enough and n > most * of:
            return RolloutStep.TAKE_BACK, f"{n} of {of} calls {what}, more than {most:.1%}"
    if seconds < config.seconds:
        return RolloutStep.WAIT, ""
    if seen.calls < config.minimum_calls:
        few = f"{seen.calls} of {config.minimum_calls} calls in {config.seconds:g} s"
        return RolloutStep.TAKE_BACK, f"only {few}: too few to judge"
    return (
        RolloutStep.PROMOTE,
        f"{seen.calls} calls, {seen.rejected} rejected, {seen.failed} failed",
    )


@dataclass(slots=True)
class _Trial(BreakerHooks):
    """A trial of this worker: its start, and the counts by then."""

    change: Change
    since: float
    passed: int
    rejected: int
    failed: int = 0

    def failure(self, name: str, seconds: float, error: BaseException | None) -> None:
        if name == target_of(self.change.name)[1]:
            self.failed += 1

    def seen(self, counts: GuardCounts | None) -> Observed:
        if counts is None:
            return Observed(0, 0, 0)
        passed, rejected = counts.passed - self.passed, counts.rejected - self.rejected
        # Calls that were admitted before may fail meanwhile.
        return Observed(passed, rejected, min(self.failed, passed))


class Rollouts:
    """The trials of workers. Safe for threads, one of which takes turns."""

    def __init__(
        self,
        store: ConfigStore,
        counts: Callable[[], Iterable[GuardCounts]],
        hooks: HookList,
        worker: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``counts``: the counts of this process's guards; ``worker``: its id."""
        self.worker = worker
        self._store = store
        self._counts = counts
        self._hooks = hooks
        self._clock = clock
        self._trials: dict[str, _Trial] = {}

    def live(self) -> list[Change]:
        """The present trials of all workers, by name."""
        entries = self._store.list(Kind.ROLLOUT)
        return [one for entry in entries for one in entry.layers if one.origin is Origin.OPERATOR]

    def begin(
        self,
        kind: Kind,
        name: str,
        values: Mapping[str, Any],
        *,
        author: str,
        reason: str,
        version: int | None = None,
        **how: Any,
    ) -> Receipt:
        """Let one worker have these values in place of the operators' values of the entry.

        Args:
            version: the entry's version, as the operator saw it.
            how: fields of ``RolloutConfig``: ``worker``, ``seconds`` and the bounds.

        Raises:
            ValidationFailed: a value is refused, or a trial is going on already.
            VersionConflict: the entry was changed meanwhile.
            StoreUnavailable: it cannot be recorded.
        """
        if kind not in TRIED:
            raise ValidationFailed({"kind": f"{kind.value} cannot be tried by one worker"})
        tried = self._store.candidate(kind, name, values)
        entry = self._store.get(kind, name)
        if isinstance(tried, RateLimitConfig):
            _refuse_windows(tried, entry.config)
        if version is not None and version != entry.version:
            raise VersionConflict(entry.version, entry.config.to_mapping())
        name = f"{kind.value}:{name}"
        trial = self._store.get(Kind.ROLLOUT, name)
        if trial.layers:
            raise ValidationFailed({"name": f"{name} is being tried; one at a time"})
        given = {one: value for one, value in how.items() if value is not None}
        fields = {"worker": self.worker, **given, "values": values, "version": entry.version}
        return self._store.set(
            Kind.ROLLOUT,
            name,
            fields,
            author=author,
            reason=reason,
            version=trial.version,
            expires_in=RolloutConfig.from_mapping(fields).seconds + GRACE,
            merge=False,
        )

    def promote(self, name: str, *, author: str, reason: str) -> Receipt:
        """Give every worker the values on trial under this name, now.

        Raises:
            ValidationFailed: there is no trial.
            VersionConflict: the entry was changed since; nothing changed.
        """
        config = config_of_rollout(self._live(name))
        target = target_of(name)
        who: dict[str, Any] = {"author": author, "reason": reason, "version": config.version}
        if config.values:
            receipt = self._store.set(*target, config.values, merge=False, **who)
        else:
            receipt = self._store.delete(*target, **who)
        self._store.delete(Kind.ROLLOUT, name, author=author, reason=reason)
        return receipt

    def take_back(self, name: str, *, author: str, reason: str) -> Receipt:
        """End the trial under this name; raises ``ValidationFailed`` where there is none."""
        self._live(name)
        return self._store.delete(Kind.ROLLOUT, name, author=author, reason=reason)

    def turn(self) -> float:
        """Look at the trials of this worker, and decide; seconds until the next look."""
        mine = {
            one.name: one for one in self.live() if config_of_rollout(one).worker == self.worker
        }
        for name, trial in list(self._trials.items()):
            if name not in mine or mine[name].version != trial.change.version:
                self._forget(name)
        if not mine:
            return LOOK
        counts = {f"{one.kind}:{one.name}": one for one in self._counts()}
        for name, change in mine.items():
            found = counts.get(name)
            if name not in self._trials:
                self._watch(change, found)
            self._decide(self._trials[name], found)
        return LOOK

    def _decide(self, trial: _Trial, counts: GuardCounts | None) -> None:
        change = trial.change
        config = config_of_rollout(change)
        step, why = next_step(config, self._clock() - trial.since, trial.seen(counts))
        if step is RolloutStep.WAIT:
            return
        try:
            if step is RolloutStep.PROMOTE:
                self.promote(change.name, author=change.author, reason=change.reason)
            else:
                self.take_back(change.name, author=AUTHOR, reason=f"taken back: {why}")
        except VersionConflict:
            if not self._end(change, config):
                return
        except ValidationFailed:
            return  # somebody ended it in this moment
        except PlatformError as error:
            log.warning("%s cannot be decided yet: %s", change.name, error)
            return
        log.warning("what %s tried of %s: %s, %s", self.worker, change.name, step, why)
        self._forget(change.name)

    def _end(self, change: Change, config: RolloutConfig) -> bool:
        """End a trial that cannot be given to all, since the entry has changed: by somebody else,
        or by giving it to all. Whether it is ended."""
        layers = self._store.get(*target_of(change.name)).layers
        set_now = next((one.values for one in layers if one.origin is Origin.OPERATOR), None)
        given = (set_now or {}) == dict(config.values)
        reason = "all workers have the values" if given else "taken back: changed meanwhile"
        try:
            self.take_back(change.name, author=AUTHOR, reason=reason)
        except PlatformError as error:
            log.warning("%s is not ended yet: %s", change.name, error)
            return False
        return True

    def _watch(self, change: Change, counts: GuardCounts | None) -> None:
        passed, rejected = (0, 0) if counts is None else (counts.passed, counts.rejected)
        trial = self._trials[change.name] = _Trial(change, self._clock(), passed, rejected)
        self._hooks.add(trial)

    def _forget(self, name: str) -> None:
        trial = self._trials.pop(name, None)
        if trial is not None:
            self._hooks.remove(trial)

    def _live(self, name: str) -> Change:
        found = next((one for one in self.live() if one.name == name), None)
        if found is None:
            raise ValidationFailed({"name": f"nothing is tried of {name}"})
        return found


def trials_of(controller: ResilienceController) -> Rollouts:
    """Have this worker try values in the background work of ``controller``."""
    background = controller.background
    found = Rollouts(
        background.config,
        controller.guards.counts,
        controller.runtime.hooks,
        controller.instances.own_id,
    )
    # It waits for the record, since it decides there.
    background.record_tasks.add("rollouts", found.turn)
    return found


def _refuse_windows(tried: RateLimitConfig, entry: Settings) -> None:
    """Workers count in the same windows: a shorter one in one worker would empty those of all."""
    if not isinstance(entry, RateLimitConfig):
        return
    windows = {one.name: one.window or entry.window for one in entry.dimensions}
    shorter = tried.window < entry.window or any(
        (one.window or tried.window) < windows.get(one.name, 0) for one in tried.dimensions
    )
    if shorter or tried.algorithm != entry.algorithm:
        says = "one worker cannot try a shorter window, or another algorithm: all share the counts"
        raise ValidationFailed({"values": says})


def config_of_rollout(change: Change) -> RolloutConfig:
    """The configuration in a change of an entry ``rollout``."""
    return RolloutConfig.from_mapping(change.values or {})


def target_of(name: str) -> tuple[Kind, str]:
    """The entry that a rollout of this name tries values for."""
    kind, _, guard = name.partition(":")
    return Kind(kind), guard
