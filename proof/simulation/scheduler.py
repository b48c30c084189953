"""Runs the threads of simulated workers as greenlets, one at a time, in virtual time.

A run is decided by its case: *operations* and *incidents*, each at a moment, and *perturbations*,
each at a point of a thread. Points are what a thread does that others can see: a call to a store, a
statement, taking a lock. Where nothing is said, all takes its usual time, and what is due first
comes first. A search draws perturbations from a seed and notes them; a replay reads them. So a run
is a function of its case, and any part of a case can be left out.
"""

from __future__ import annotations

import hashlib
import heapq
import random
import threading
import traceback
from collections.abc import Callable
from typing import Any, TypeAlias

from greenlet import GreenletExit, getcurrent, greenlet

Item: TypeAlias = dict[str, Any]

# s of a call to a store, each way.
LATENCY = 0.0002
# s that any wait lasts at least: sums of floats must not let time stand still.
TICK = 1e-6
# s until a call that gets no answer is given up.
PATIENCE = 0.5
# s from the death of a worker to the start of its successor.
REBIRTH = 1.0
# Points a run; more is a loop without an end.
MOST_POINTS = 2_000_000

# Perturbations at a point, with a weight; ``lock`` is a point at which a thread is overtaken.
CALLS = {
    "slow": 30,  # before it arrives
    "late": 30,  # after its effect
    "lost": 8,  # it never arrives, and the connection breaks
    "unheard": 8,  # it has its effect, and the connection breaks
    "unanswered": 4,  # it has its effect, and its caller waits in vain
    "paused": 6,  # the whole worker stands still before the call
    "held": 6,  # the whole worker stands still after its effect
    "dies": 4,  # the worker is killed before the call
    "ends": 4,  # the worker is killed after its effect
}
LOCKS = {"overtaken": 1}
# s.
SHORT, LONG = (0.001, 0.05), (0.05, 6.0)


class World:
    """One run.

    Attributes:
        now: virtual seconds since its beginning.
        current: the thread that runs.
        perturbations: those that were met, in order.
        violation: the broken promise that was found, or None.
        finished: the last promise was checked.
        thread: the system's number of the thread whose greenlets they are.
        dead: workers that were killed, and whose threads are not ended yet.
        on_death: called after a worker was killed.
    """

    def __init__(
        self,
        seed: int | None,
        perturbations: list[Item],
        rate: float = 0.0,
        until: float = float("inf"),
    ) -> None:
        """Perturbations are drawn from ``seed``, ``rate`` a point, until the moment ``until``; or
        they are those given, when that is None."""
        self.now = 0.0
        self.thread = threading.get_ident()
        self.current: Task | None = None
        self.perturbations: list[Item] = []
        self.violation: str | None = None
        self.finished = False
        self.points = 0
        self.workers: list[Worker] = []
        self.dead: list[Worker] = []
        self.on_death: Callable[[Worker], None] = lambda worker: None
        self._seed, self._rate, self._until = seed, rate, until
        self._given = {(one["task"], one["point"]): one for one in perturbations}
        self._heap: list[tuple[float, int, Task, int, bool]] = []
        self._number = 0
        self._trace = hashlib.sha256()
        self._hub = getcurrent()

    # For threads.

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long."""
        self.wait(seconds)

    def wait(self, timeout: float | None) -> bool:
        """Stand still until ``wake`` (True), or until the time is over (False)."""
        task = self.current
        assert task is not None, "only threads of workers can wait"
        task.check()
        task.turn += 1
        if timeout is not None:
            self._push(self.now + (max(TICK, timeout) if timeout > 0 else 0.0), task, False)
        woken: bool = self._hub.switch()
        task.check()
        return woken

    def wake(self, task: Task) -> None:
        """Let a thread that stands still go on."""
        self._push(self.now, task, True)

    def point(self, choices: dict[str, int]) -> tuple[str, float]:
        """The perturbation at this point, and for how many seconds."""
        task = self.current
        assert task is not None, "only threads of workers have points"
        task.check()
        task.points += 1
        self.points += 1
        if self.points > MOST_POINTS:
            raise self.violate("the run does not end")
        if self._seed is None:
            met = self._given.get((task.name, task.points))
        else:
            met = self._draw(task, choices)
        if met is None:
            return "", 0.0
        self.perturbations.append(met)
        self.note(met["do"])
        return met["do"], met["for"]

    def call(self, effect: Callable[[], Any]) -> Any:
        """One exchange with a store: what ``effect`` returns.

        Raises:
            ConnectionResetError, TimeoutError: there was no answer.
        """
        what, seconds = self.point(CALLS)
        task = self.current
        assert task is not None
        if what == "dies":
            task.worker.kill()
        if what == "paused":
            task.worker.pause(seconds)
        self.sleep(LATENCY + (seconds if what == "slow" else 0.0))
        if what == "lost":
            raise ConnectionResetError("the connection broke")
        reply = effect()
        if what == "ends":
            task.worker.kill()
        if what == "held":
            task.worker.pause(seconds)
        if what == "unanswered":
            self.sleep(PATIENCE)
            raise TimeoutError("timed out")
        self.sleep(LATENCY + (seconds if what == "late" else 0.0))
        if what == "unheard":
            raise ConnectionResetError("the connection broke")
        return reply

    def overtake(self) -> None:
        """Others may go on before this thread takes a lock."""
        what, seconds = self.point(LOCKS)
        if what:
            self.sleep(seconds)

    def violate(self, text: str) -> GreenletExit:
        """A promise is broken, and the run ends; the exception ends the thread that found it."""
        self.violation = self.violation or f"{text} (at {self.now:.3f} s)"
        self.note(text)
        return GreenletExit()

    def note(self, what: object) -> None:
        """Something that two runs of one case must have in common."""
        name = self.current.name if self.current else ""
        self._trace.update(f"{self.now:.6f} {name} {what!r}\n".encode())

    @property
    def trace(self) -> str:
        """A hash of everything that was noted, in order."""
        return self._trace.hexdigest()

    # For the runner.

    def run(self, until: float) -> None:
        """Let virtual time pass until then, or until there is nothing more to find."""
        while self._heap and self.violation is None and not self.finished:
            at, _, task, turn, woken = self._heap[0]
            if at > until:
                break
            heapq.heappop(self._heap)
            if task.turn != turn or task.worker.dead:
                continue
            if at < task.worker.frozen_until:
                self._number += 1
                again = (task.worker.frozen_until, self._number, task, turn, woken)
                heapq.heappush(self._heap, again)
                continue
            self.now = max(self.now, at)
            task.turn += 1
            self.switch(task, woken)
            while self.dead:
                worker = self.dead.pop()
                worker.bury()
                self.on_death(worker)

    def close(self) -> None:
        """End all threads."""
        for worker in self.workers:
            worker.dead = True
            worker.bury()

    def switch(self, task: Task, value: bool = False, throw: bool = False) -> None:
        """Let a thread run until it waits, or ends because its worker was killed."""
        self.current = task
        try:
            if throw:
                task.greenlet.throw(GreenletExit)
            else:
                task.greenlet.switch(value)
        finally:
            self.current = None

    def _push(self, at: float, task: Task, woken: bool) -> None:
        self._number += 1
        heapq.heappush(self._heap, (at, self._number, task, task.turn, woken))

    def _draw(self, task: Task, choices: dict[str, int]) -> Item | None:
        dice = task.dice
        if dice.random() >= self._rate or self.now >= self._until:
            return None
        what = dice.choices(list(choices), list(choices.values()))[0]
        low, high = LONG if what in ("paused", "held") or dice.random() < 0.25 else SHORT
        seconds = round(low * (high / low) ** dice.random(), 4)
        return {"task": task.name, "point": task.points, "do": what, "for": seconds}


class Task:
    """A thread of a worker.

    Attributes:
        name: unique, and the same whatever other threads do.
        thread: what the code under test knows it by.
    """

    def __init__(self, world: World, worker: Worker, name: str, run: Callable[[], object]) -> None:
        self.world = world
        self.worker = worker
        self.name = name
        self.turn = 0
        self.points = 0
        self.dice = random.Random(f"{world._seed} {name}")
        self.thread: Any = None
        self.done = False
        self._function = run
        self.greenlet = greenlet(self._run, world._hub)
        worker.tasks.append(self)
        world._push(world.now, self, False)

    def check(self) -> None:
        """Raises when the worker was killed: nothing has any effect then."""
        if self.worker.dead:
            raise GreenletExit

    def _run(self, _: bool) -> None:
        try:
            self._function()
        except GreenletExit:
            pass
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            what = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
            self.world.violate(f"{self.name} raised {what}")
        finally:
            self.done = True
            if self in self.worker.tasks:
                self.worker.tasks.remove(self)


class Worker:
    """A process, from its start to its death.

    Attributes:
        name: its number and, from its second life on, which life it is.
        state: an object that the protocol keeps of it.
        clock: the housekeeping clock of the process, made when it is first asked for.
    """

    def __init__(self, world: World, number: int, life: int = 1) -> None:
        self.world = world
        self.number = number
        self.life = life
        self.name = f"w{number}" if life == 1 else f"w{number}.{life}"
        self.pid = 1000 * (number + 1) + life
        self.began = world.now
        self.ended: float | None = None
        self.dead = False
        self.frozen_until = 0.0
        self.tasks: list[Task] = []
        self.state: Any = None
        self.clock: Any = None
        self._threads = 0
        self._secrets = 0
        world.workers.append(self)

    def spawn(self, name: str, run: Callable[[], object]) -> Task:
        """A thread that begins at once."""
        self._threads += 1
        return Task(self.world, self, f"{self.name}/{name}", run)

    def thread_name(self, name: str) -> str:
        """A name that no other thread of this worker has."""
        return f"{name}#{self._threads}"

    def secret(self, length: int) -> str:
        """So many hexadecimal digits that nobody else has."""
        self._secrets += 1
        text = f"{self.name} {self._secrets}".encode()
        return hashlib.sha256(text).hexdigest()[:length]

    def pause(self, seconds: float) -> None:
        """Let no thread of it run for so long."""
        self.frozen_until = max(self.frozen_until, self.world.now + seconds)

    def kill(self) -> None:
        """It runs no further; does not return when it is called by a thread of this worker."""
        if not self.dead:
            self.dead, self.ended = True, self.world.now
            self.world.dead.append(self)
        current = self.world.current
        if current is not None and current.worker is self:
            raise GreenletExit

    def bury(self) -> None:
        """End its threads where they stand. Their ``finally`` blocks reach nothing outside."""
        for task in list(self.tasks):
            if task.greenlet:
                self.world.switch(task, throw=True)
        self.tasks.clear()
