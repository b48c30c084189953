"""Runs a schedule against the topology under load, and finds out what came of it."""

from __future__ import annotations

import math
import os
import random
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias
from unittest.mock import patch

import redis
import urllib3

from proof.campaign import clients, schedule
from proof.campaign.evidence import Evidence, Mark, Observer, services
from proof.campaign.faults import FAULTS
from proof.campaign.faults import write_steps_hook as hook
from proof.campaign.faults.base import Fault
from proof.campaign.faults.clocks import ClockBack, ClockForward
from proof.campaign.faults.disk import on_small_disk
from proof.campaign.history import Fault as Noted
from proof.campaign.history import note_fault, read_faults, read_operations
from proof.campaign.judge import Judgement, judge
from proof.campaign.models import once
from proof.campaign.probes import Probes, Recovery
from proof.campaign.promises import alerts, logs
from proof.campaign.schedule import Planned, Round
from proof.campaign.stalls import StallWatcher
from proof.cluster import MARIADB, Cluster
from proof.planted import switch
from yoto.monitor.metric_names import LEASED_UNITS

WARM_UP = 5.0  # s of load before the first fault
LOOK_EVERY = 0.3  # s
# s, and as much again where the machine stood still: a node that was killed imports for seconds of
# processor time.
RECOVERS_WITHIN = 90.0
RECOVERS_A_LITTLE = 10.0  # s, where a broken promise is all that is looked for
SETTLE = 1.5  # s that counts and lines take to be delivered after a recovery
ALERTS_WITHIN = 240.0  # s: rules look back over minutes
# Guards whose units or slots workers lease. Without units of the first its model says nothing of
# leases; how many spare slots are kept depends on how many guests come at once.
LEASED = ("campaign.leased", "campaign.spares")
AGAIN = 5  # times that a fault comes again, alone, for a branch that was not seen
# The judgement of some models, by their names.
Judged: TypeAlias = Callable[[Collection[str]], Judgement]
EXTENSIONS = f"{clients.EXTENSION},{hook.__name__}:register"
SCHEDULE, LOGS = "schedule.json", "logs"


@dataclass
class Occurrence:
    """One fault that was: from when until when, at what, and how long its recovery took."""

    planned: Planned
    fault: Fault
    began: float = 0.0
    ended: float | None = None
    target: str = ""
    recovery: Recovery = field(default_factory=Recovery)
    error: str = ""
    notes: dict[str, str] = field(default_factory=dict)


@dataclass
class Result:
    """The result of a run.

    Attributes:
        reached: for each fault's branches how they were seen; empty: never.
        operations: their number during each fault, and that of those without a known outcome.
        left_out: faults that were wanted, and need a program that is not installed.
        broken: promises that are no histories, and faults that could not be injected.
        leased: units and slots that workers leased, by guard.
    """

    seed: int
    kinds: Sequence[str]
    occurrences: list[Occurrence] = field(default_factory=list)
    reached: dict[str, dict[str, str]] = field(default_factory=dict)
    operations: dict[str, tuple[int, int]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    judgement: Judgement | None = None
    seconds: float = 0.0
    stalls: float = 0.0
    steps: int = 0
    disk: str = ""
    left_out: Sequence[str] = ()
    leased: dict[str, float] = field(default_factory=dict)

    @property
    def never_reached(self) -> list[str]:
        """``fault: branch`` of those that nothing showed."""
        return [
            f"{fault}: {branch}"
            for fault, branches in self.reached.items()
            for branch, seen in branches.items()
            if not seen
        ]

    @property
    def failures(self) -> list[str]:
        """Why the campaign fails; empty: it does not."""
        assert self.judgement is not None
        return [
            *(f"violation: {one}" for one in self.judgement.violations),
            *(f"promise: {one}" for one in self.broken),
            *(f"never reached: {one}" for one in self.never_reached),
        ]


def topology(folder: Path, **more: Any) -> Cluster:
    """The topology that clients use; nothing is started yet. ``more``: see ``Cluster``."""
    settings = {**clients.SETTINGS, **switch.settings(EXTENSIONS)}
    return Cluster(folder, workers=clients.WORKERS, links=True, settings=settings, **more)


class Campaign:
    """One run, from the start of the topology to its table."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        kinds: Sequence[str],
        say: Callable[[str], None] = lambda line: None,
        database: str = MARIADB,
    ) -> None:
        """Nothing is started yet; ``say`` hears of each fault that is over."""
        self.folder, self._database = folder, database
        self._say = say
        self.result = Result(seed, list(kinds))
        self._cluster: Cluster
        self._load: clients.Load
        self._observer: Observer
        self._probes: Probes
        self._stalls = StallWatcher()
        self._enough: Callable[[], bool] = lambda: False
        self._looks, self._times_again, self._recovers_within = True, AGAIN, RECOVERS_WITHIN
        self.result.reached = {
            name: {branch.name: "" for branch in FAULTS[name].branches} for name in kinds
        }

    def run(
        self, rounds: Sequence[Round], prometheus: bool = True, seconds: float = math.inf
    ) -> Result:
        """Break things as ``rounds`` say, under load, and judge.

        Args:
            prometheus: whether there is one.
            seconds: after so many of faults only kinds come that have not come yet: recoveries of
                a slow machine take longer than a schedule can know.
        """
        began = time.monotonic()
        self.folder.mkdir(parents=True, exist_ok=True)
        schedule.save(rounds, self.folder / SCHEDULE)
        told = patch.dict(os.environ, {hook.FOLDER: str(self.folder)})
        with told, self._stalls, on_small_disk(self.folder / "cluster") as small:
            self.result.disk = "tmpfs" if small else "RLIMIT_FSIZE"
            cluster = topology(
                self.folder / "cluster",
                prometheus=prometheus,
                kind=self._database,
                # So that a full disk is the database's, too.
                database_below=self.folder / "cluster" if small else None,
            )
            with cluster:
                self._on(cluster, rounds, seconds)
        self.result.seconds = time.monotonic() - began
        self.result.stalls = self._stalls.worst
        self.result.steps = len(self._stalls.steps)
        self.result.judgement = judge(self.folder)
        self._count_operations()
        return self.result

    def try_on(
        self,
        cluster: Cluster,
        rounds: Sequence[Round],
        models: Collection[str],
        enough: Callable[[Judged], bool],
        looks: bool,
    ) -> Judgement:
        """Break a topology that runs, and judge by some models.

        Args:
            enough: whether what some models say after a round makes the next ones needless. The
                load goes on while they judge.
            looks: whether all is looked at that is there at the end.
        """
        self._enough = lambda: enough(self._so_far)
        self._looks = looks
        self._times_again, self._recovers_within = 0, RECOVERS_A_LITTLE
        with self._stalls:
            self._on(cluster, rounds, math.inf)
        return judge(self.folder, models)

    def _so_far(self, models: Collection[str]) -> Judgement:
        # Asked for before the file is read: an operation that ends meanwhile is there twice, as
        # unknown and as what it was, which explains more and never less.
        return judge(self.folder, models, going_on=self._load.world.history.going_on)

    def _on(self, cluster: Cluster, rounds: Sequence[Round], seconds: float) -> None:
        self._cluster = cluster
        load = self._load = clients.Load(cluster, self.folder, self.result.seed)
        self._probes = Probes(cluster, clients.WORKERS)
        with Observer(cluster) as self._observer:
            start = self._observer.mark()
            load.start()
            try:
                first = self._probes.recovery(time.monotonic(), RECOVERS_WITHIN)
                if first.seconds is None:
                    raise RuntimeError(f"not well before the first fault: {first.waits_for}")
                time.sleep(WARM_UP)
                over = time.monotonic() + seconds
                for one in rounds:
                    if time.monotonic() < over or self._brings_new(one):
                        self._round(one)
                    if self._enough():
                        break
                else:
                    self._again()
            finally:
                try:
                    load.stop(self._looks)
                except Exception as error:  # of a client: no fault should make it fail
                    self.result.broken.append(f"a client failed: {error!r}")
                self._note_steps()
                self._after(cluster, start)

    def _note_steps(self) -> None:
        """The machine's own clock was set: every Redis had the fault that ``clocks`` makes."""
        for began, ended, by in self._stalls.steps:
            kind = ClockForward if by > 0 else ClockBack
            target = f"the machine, by {by:+.1f} s"
            note_fault(
                self.folder,
                Noted(
                    kind=kind.name,
                    target=target,
                    began=began,
                    healed=ended + abs(by),
                    effects=kind.effects,
                    ended=ended,
                ),
            )

    def _brings_new(self, round_: Round) -> bool:
        came = {one.planned.fault for one in self.result.occurrences}
        return any(planned.fault not in came for planned in round_.faults)

    def _again(self) -> None:
        """Faults of which a branch was not seen come again, alone: overlaps prove nothing."""
        rng = random.Random(self.result.seed + 1)
        for _ in range(self._times_again):
            names = {one.partition(": ")[0] for one in self.result.never_reached}
            for one in schedule.one_of_each(rng.getrandbits(32), sorted(names)):
                self._round(one)

    def _round(self, round_: Round) -> None:
        time.sleep(round_.calm)
        if not round_.faults:
            return
        mark = self._observer.mark()
        occurrences = [Occurrence(planned, FAULTS[planned.fault]()) for planned in round_.faults]
        begin = time.monotonic()
        try:
            while any(one.ended is None for one in occurrences):
                for one in occurrences:
                    self._step(one, time.monotonic() - begin)
                time.sleep(LOOK_EVERY)
        finally:
            for one in occurrences:
                self._end(one)
        last = max(one.ended or 0.0 for one in occurrences)
        limit = self._recovers_within
        recovery = self._probes.recovery(last, limit)
        if recovery.seconds is None and self._stalls.during(last, time.monotonic()) > 1.0:
            recovery = self._probes.recovery(last, 2 * limit)
        time.sleep(SETTLE)
        self._conclude(occurrences, mark, recovery)

    def _step(self, one: Occurrence, now: float) -> None:
        """Begin, look at or end one fault, as its time has come."""
        if one.ended is not None or now < one.planned.after:
            return
        if not one.began:
            one.began = time.monotonic()
            try:
                rng = random.Random(one.planned.seed)
                one.target = one.fault.begin(self._cluster, rng)
            except Exception as error:  # another fault may have taken what this one needs
                one.error = f"{type(error).__name__}: {error}"
                self._end(one)
        elif now < one.planned.after + one.planned.seconds:
            with suppress(redis.RedisError, OSError, urllib3.exceptions.HTTPError):
                one.notes.update(one.fault.look())
        else:
            self._end(one)

    def _end(self, one: Occurrence) -> None:
        if one.ended is None:
            try:
                one.fault.end()
            except Exception as error:
                self.result.broken.append(f"the end of {one.planned.fault}: {error!r}")
            one.ended = time.monotonic()
            if one.error:  # it has not looked for what it would look at
                return
            with suppress(redis.RedisError, OSError, urllib3.exceptions.HTTPError):
                one.notes.update(one.fault.look())

    def _conclude(self, occurrences: list[Occurrence], mark: Mark, recovery: Recovery) -> None:
        evidence = self._observer.since(mark)
        healed = time.monotonic()
        for one in occurrences:
            one.recovery = recovery
            took = "none" if recovery.seconds is None else f"{recovery.seconds:.1f} s"
            self.result.occurrences.append(one)
            name = one.planned.fault
            note_fault(
                self.folder,
                Noted(
                    kind=name,
                    target=one.target,
                    began=one.began,
                    healed=healed,
                    effects=one.fault.effects,
                    ended=one.ended,
                ),
            )
            if one.error and len(occurrences) == 1:
                self.result.broken.append(f"{name} could not be injected: {one.error}")
            if recovery.seconds is None:
                self.result.broken.append(f"no recovery from {name}: {recovery.waits_for}")
            if len(occurrences) == 1:
                meanwhile = (one.began, one.ended or healed)
                history = self._load.world.history
                found = replace(
                    evidence,
                    notes=one.notes,
                    answered=dict(history.answered(*meanwhile)),
                    unanswered=dict(history.unanswered(*meanwhile)),
                )
                self._see(name, one.fault, found)
            unseen = [branch for branch, seen in self.result.reached[name].items() if not seen]
            self._say(
                f"{name} of {one.target or one.error}; recovery: {took}"
                + (f"; not seen yet: {', '.join(unseen)}" if unseen else "")
            )

    def _see(self, name: str, fault: Fault, evidence: Evidence) -> None:
        seen = self.result.reached.setdefault(name, {})
        for branch in fault.branches:
            seen[branch.name] = seen.get(branch.name) or branch.seen(evidence)

    def _after(self, cluster: Cluster, start: Mark) -> None:
        """Check promises of the whole run, and keep the logs for later readers."""
        for service in services(cluster):
            if not service.alive:
                self.result.broken.append(f"{service.name} ended by itself")
        taken = self._observer.since(start)
        for name in LEASED:
            units = self.result.leased[name] = taken.grew(LEASED_UNITS, name=name, fate="leased")
            if not units and name == LEASED[0]:
                self.result.broken.append(f"nothing of {name} was leased, so that nothing is shown")
        lines = self._observer.lines_since(start)
        self.result.broken += logs.violations(lines, self._kills(), self._database_windows())
        if cluster.prometheus is not None:
            missed = alerts.missing(
                cluster, alerts.expected(self.result.occurrences), ALERTS_WITHIN
            )
            self.result.broken += [f"{alert} did not fire" for alert in sorted(missed)]
        for service in services(cluster):
            kept = self.folder / LOGS
            kept.mkdir(exist_ok=True)
            with suppress(OSError):
                shutil.copy(service.folder / "server.log", kept / f"{service.name}.log")

    def _kills(self) -> int:
        """Workers that faults killed while their supervisor lived."""
        return sum(one.fault.killed_workers for one in self.result.occurrences)

    def _database_windows(self) -> list[tuple[float, float]]:
        """From when until when the database was broken, as logs have it: seconds since 1970."""
        since_1970 = self._stalls.since_1970
        return [
            (since_1970(fault.began), since_1970(fault.healed))
            for fault in read_faults(self.folder)
            if fault.kind.startswith(once.DATABASE)
        ]

    def _count_operations(self) -> None:
        operations = read_operations(self.folder)
        for one in self.result.occurrences:
            during = [
                operation
                for operation in operations
                if operation.invoked <= (one.ended or 0.0)
                and (operation.returned is None or operation.returned >= one.began)
            ]
            before = self.result.operations.get(one.planned.fault, (0, 0))
            unknown = sum(operation.outcome == "unknown" for operation in during)
            self.result.operations[one.planned.fault] = (
                before[0] + len(during),
                before[1] + unknown,
            )
