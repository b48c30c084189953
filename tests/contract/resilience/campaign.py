"""Leased guards in processes that are killed and paused at any moment, and what they let in.

A process of the nursery forks the workers, so that one that was killed is replaced at no cost. Each
writes down when it was let in, with the clock that the server on this machine has too.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import struct
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

from tests.contract.resilience.crew import PATIENCE, settings_from
from tests.contract.resilience.platform import Platform
from tests.support.nursery import Nursery
from tests.support.over_admission import Stay, Use
from tests.support.workers import Workers
from yoto.errors import BulkheadFull
from yoto.redis import RedisSettings
from yoto.resilience.bulkhead import spares

WORKERS = 3
# Processes of one campaign, those that replace killed ones included.
MOST_FORKS = 1_000
# s between two blows, and how long a pause lasts: less and more than a lease.
BLOWS = (0.02, 0.15)
PAUSES = (0.005, 0.03, 0.06, 0.06, 0.1, 0.1, 0.8)
KILLED_OF = 3  # blows, of which one kills
# s for which a refusal ends the keeping of slots. It is for fairness alone, and in a crowd that
# never ends no slot would be kept else.
CROWDED_FOR = 0.005
# See ``Tally``.
COUNTER = struct.Struct("<QQQ")


class Report(NamedTuple):
    """The outcome of a campaign.

    Attributes:
        calls: attempts of all workers.
        leased: units that all workers leased, or slots that they kept.
        wasted: of them, those that ran out unused, and those that killed workers had in hand.
        kills, pauses: blows.
        starts: where Redis let windows begin, s since 1970; only for a limit with windows.
        killed: pid and moment of each kill, s of the monotonic clock.
    """

    calls: int
    leased: int
    wasted: int
    kills: int
    pauses: int
    starts: list[float]
    killed: dict[int, float]


class Tally:
    """The counts of one worker, kept where they outlive its being killed. Safe for threads."""

    def __init__(self, memory: mmap.mmap, place: int, ends: mmap.mmap) -> None:
        """``ends`` says whether the campaign is over."""
        self._memory = memory
        self._place = COUNTER.size * place
        self._ends = ends
        self._lock = threading.Lock()
        self._calls = 0

    def count(self, leased: int, unused: int) -> bool:
        """Count a call, and the units leased and unused by now; whether to go on."""
        with self._lock:
            self._calls += 1
            self._write(leased, unused)
        return not self._ends[0]

    def end(self, leased: int, wasted: int) -> None:
        """Write down the final counts, at an orderly end."""
        with self._lock:
            self._write(leased, wasted)

    def _write(self, leased: int, unused: int) -> None:
        COUNTER.pack_into(self._memory, self._place, self._calls, leased, unused)


def run_campaign(
    nursery: Nursery,
    settings: RedisSettings,
    task: str,
    logs: Path,
    calls: int,
    seconds: float,
    **arguments: Any,
) -> Report:
    """Until so many calls were made, and at least for so long."""
    settings = replace(settings, socket_timeout=PATIENCE, connect_timeout=PATIENCE)
    with Workers(nursery, __name__) as workers:
        leader = workers.begin({**asdict(settings), "embedded_dir": None})
        found = leader.do("lead", task, str(logs), calls, seconds, arguments)
    found["killed"] = {int(pid): at for pid, at in found["killed"].items()}
    return Report(**found)


def hit(platform: Platform, log: int, tally: Tally, **limit: Any) -> None:
    """Hit one key of a limit, in bursts; writes down between which moments it was let in."""
    limiter = platform.limiter(limit.pop("name"), mode="leased", **limit)
    leases, dice = limiter.leases, random.Random(os.getpid())
    going = True
    while going:
        for _ in range(dice.choice((1, 20, 200))):
            before = time.time()
            if limiter.hit("k").allowed:
                os.write(log, f"{before:.6f} {time.time():.6f}\n".encode())
            in_hand = sum(lease.left for lease in leases._leases.values())
            going = tally.count(leases.leased, leases.wasted + in_hand)
        time.sleep(dice.choice((0.0, 0.001, 0.02)))
    leases.clear()
    tally.end(leases.leased, leases.wasted)


def occupy(platform: Platform, log: int, tally: Tally, threads: int, **bulkhead: Any) -> None:
    """Go in and out of a bulkhead, from several threads; writes down when, and until when the slot
    was this worker's for certain."""
    spares.CROWDED_FOR = CROWDED_FOR
    place = platform.bulkhead(bulkhead.pop("name"), mode="leased", **bulkhead)
    kept = place.spares

    def come_and_go() -> None:
        dice = random.Random()
        going = True
        while going:
            going = tally.count(kept.kept, kept.wasted + len(kept))
            try:
                slot = place.acquire(dice.choice((0, 0, 0.05)))
            except BulkheadFull:
                time.sleep(0.002)
                continue
            came = time.monotonic()
            if not slot.lost:
                stay = f"{came:.6f}-{slot.id}"
                sure = slot.renewed_at + slot.lease
                os.write(log, f"in {stay} {came:.6f} {sure:.6f} {os.getpid()}\n".encode())
                time.sleep(dice.choice((0.0, 0.001, 0.01)))
                left = min(time.monotonic(), slot.renewed_at + slot.lease)
                os.write(log, f"out {stay} {left:.6f}\n".encode())
            slot.release()

    crowd = [threading.Thread(target=come_and_go) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    kept.clear()
    platform.runtime.exits.flush()
    tally.end(kept.kept, kept.wasted)


TASKS: dict[str, Callable[..., None]] = {"hit": hit, "occupy": occupy}


def uses_in(logs: Path) -> list[Use]:
    """The uses that ``hit`` wrote down; a last line that a kill cut off is none."""
    lines = [line.split() for line in _lines(logs)]
    return [Use(float(line[0]), float(line[1])) for line in lines if len(line) == 2]


def stays_in(logs: Path, killed: dict[int, float]) -> list[Stay]:
    """The stays that ``occupy`` wrote down. Nobody knows whether the lease of a caller killed
    inside was renewed: only its end at the moment of entry is certain."""
    began: dict[str, Stay] = {}
    stays: list[Stay] = []
    for line in _lines(logs):
        what, stay, moment, *more = line.split()
        if what == "in":
            sure, pid = float(more[0]), int(more[1])
            began[stay] = Stay(float(moment), min(sure, killed.get(pid, sure)))
        else:
            stays.append(began.pop(stay)._replace(ended=float(moment)))
    return [*stays, *began.values()]


def _lines(logs: Path) -> list[str]:
    texts = [log.read_text() for log in sorted(logs.glob("*.log"))]
    return [line for text in texts for line in text.split("\n")[:-1]]


class Worker:
    """Forks the workers of a campaign, in a process of its own, and strikes them."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._settings = settings_from(given)
        self._counters = mmap.mmap(-1, COUNTER.size * MOST_FORKS)
        self._ends = mmap.mmap(-1, 1)
        self._forks = 0
        self._task = ""
        self._logs = Path()
        self._arguments: dict[str, Any] = {}

    def lead(
        self, task: str, logs: str, calls: int, seconds: float, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        """See ``run_campaign``."""
        self._task, self._logs, self._arguments = task, Path(logs), arguments
        dice, kills, pauses = random.Random(1), 0, 0
        killed: dict[int, float] = {}
        crew = [self._fork() for _ in range(WORKERS)]
        watch = WindowWatch(Platform(self._settings, "leader"), task, arguments)
        until = time.monotonic() + seconds
        while time.monotonic() < until or self._made()[0] < calls:
            watch.look_for(dice.uniform(*BLOWS))
            place = dice.randrange(WORKERS)
            if (kills + pauses) % KILLED_OF == 0 and self._forks < MOST_FORKS:
                os.kill(crew[place], signal.SIGKILL)
                os.waitpid(crew[place], 0)
                killed[crew[place]] = time.monotonic()
                crew[place] = self._fork()
                kills += 1
            else:
                os.kill(crew[place], signal.SIGSTOP)
                watch.look_for(dice.choice(PAUSES))
                os.kill(crew[place], signal.SIGCONT)
                pauses += 1
        self._ends[0] = 1
        ends = [os.waitpid(pid, 0)[1] for pid in crew]
        assert not any(ends), f"workers ended with {ends}"
        made, leased, wasted = self._made()
        return {
            "calls": made,
            "leased": leased,
            "wasted": wasted,
            "kills": kills,
            "pauses": pauses,
            "starts": watch.starts,
            "killed": killed,
        }

    def _made(self) -> tuple[int, ...]:
        """The sums of the counts of all workers."""
        used = self._counters[: COUNTER.size * self._forks]
        return tuple(map(sum, zip(*COUNTER.iter_unpack(used), strict=True)))

    def _fork(self) -> int:
        number = self._forks
        self._forks += 1
        pid = os.fork()
        if pid:
            return pid
        try:
            self._work(number)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    def _work(self, number: int) -> None:
        platform = Platform(self._settings, f"worker-{number}", instances=lambda: WORKERS)
        log = os.open(self._logs / f"{number}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        tally = Tally(self._counters, number, self._ends)
        TASKS[self._task](platform, log, tally, **self._arguments)
        platform.runtime.deferred.close()


class WindowWatch:
    """Sees when Redis lets windows begin, for limits that have some."""

    def __init__(self, platform: Platform, task: str, arguments: dict[str, Any]) -> None:
        self.starts: list[float] = []
        self._platform = platform
        self._key: str | None = None
        if task == "hit" and arguments["algorithm"] in ("fixed_window", "sliding_window"):
            limiter = platform.limiter(mode="leased", **arguments)
            self._key = limiter.plan.target("k").keys[0]

    def look_for(self, seconds: float) -> None:
        """Look often, for so long."""
        until = time.monotonic() + seconds
        while True:
            if self._key is not None:
                self._look(self._key)
            left = until - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, 0.02))

    def _look(self, key: str) -> None:
        state = self._platform.redis.client.get(key)
        if state:
            start = struct.unpack_from("<d", state)[0] / 1_000_000
            if not self.starts or self.starts[-1] != start:
                self.starts.append(start)
