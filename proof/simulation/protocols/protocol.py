"""The common base of all protocols: workers that are born again, a server, and its incidents."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import Any, ClassVar

from proof.simulation.redis_model.link import connection_to
from proof.simulation.redis_model.server import Server
from proof.simulation.scheduler import REBIRTH, Item, Worker, World
from proof.simulation.virtual import EPOCH
from yoto.redis import RedisConnection

# s between operations that meet.
TOGETHER = 0.02
# Incidents a minute.
INCIDENTS = 6.0
# Incidents of a server and its workers, with a weight.
USUAL = {
    "kill": 4,
    "pause": 4,
    "failover": 2,
    "lagging": 1,
    "restart": 1,
    "flush": 1,
    "forget": 1,
    "away": 2,
    "full": 1,
}
# s between looks whether all is well again.
SETTLING = 1.0
# s for which a server is away, or full.
AWAY = (0.05, 8.0)


class Protocol(ABC):
    """One mechanism at work, and what it promises.

    Subclasses check promises as they go, and call ``world.violate`` when one is broken.

    Attributes:
        name: in cases.
        workers: processes.
        calm: virtual s without incidents within which all must be well again.
        operations: a second.
        incidents: what may befall the server, with a weight.
    """

    name: ClassVar[str]
    workers: ClassVar[int] = 3
    calm: ClassVar[float] = 10.0
    operations: ClassVar[float] = 3.0
    incidents: ClassVar[dict[str, int]] = USUAL

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = Server(lambda: round((EPOCH + world.now) * 1_000_000))
        self.living: dict[int, Worker] = {}
        self._director = Worker(world, -1)
        world.on_death = self._bear_again

    @abstractmethod
    def boot(self, redis: RedisConnection, worker: Worker) -> Any:
        """The state of a worker that starts; called in a thread of it."""

    @classmethod
    @abstractmethod
    def draw(cls, dice: random.Random) -> Item:
        """An operation, without its moment, its worker and its number."""

    @abstractmethod
    def do(self, worker: Worker, item: Item) -> None:
        """An operation, in a thread of a worker."""

    def settled(self) -> bool:
        """Whether all is well again, so that there is nothing more to wait for."""
        return not self.server.down and not self.server.full

    def finish(self, worker: Worker) -> None:
        """Check what must be true in the end, in a thread of a worker that has just started."""

    # For the runner.

    @classmethod
    def plan(cls, dice: random.Random, seconds: float, pace: float = 1.0) -> list[Item]:
        """Operations and incidents for so long; ``pace``: how many times as far apart as usual."""
        items = []
        operations = cls.operations / pace
        at = dice.expovariate(operations)
        while at < seconds:
            item = cls.draw(dice)
            whose = {"worker": dice.randrange(cls.workers), "number": len(items)}
            items.append({"at": round(at, 4), **whose, **item})
            # Half of them come close together, where they meet one another.
            close = dice.random() < 0.5
            at += dice.uniform(0, TOGETHER) if close else dice.expovariate(operations / 2)
        kinds, weights = list(cls.incidents), list(cls.incidents.values())
        # Some runs are quiet: they show faults that others hide.
        often = INCIDENTS * dice.choice((0.0, 0.5, 1.0, 2.0)) / 60 / pace
        at = dice.expovariate(often) if often else seconds
        while at < seconds:
            low, high = AWAY
            what = dice.choices(kinds, weights)[0]
            lasting = round(low * (high / low) ** dice.random(), 3)
            target = {"worker": dice.randrange(cls.workers)}
            items.append({"at": round(at, 4), "incident": what, "for": lasting, **target})
            at += dice.expovariate(often)
        return items

    def begin(self, events: list[Item], seconds: float) -> None:
        """Start all workers, and everything that is planned."""
        for number in range(self.workers):
            self._start(number)
        self._director.spawn("director", lambda: self._direct(events, seconds))

    def _start(self, number: int, life: int = 1) -> None:
        worker = self.living[number] = Worker(self.world, number, life)
        worker.spawn("boot", lambda: self._boot(worker))

    def _boot(self, worker: Worker) -> None:
        worker.state = self.boot(connection_to(self.server), worker)

    def _bear_again(self, worker: Worker) -> None:
        def later() -> None:
            self.world.sleep(REBIRTH)
            self._start(worker.number, worker.life + 1)

        self._director.spawn(f"midwife of {worker.name}", later)

    def _direct(self, events: list[Item], seconds: float) -> None:
        for item in events:
            self.world.sleep(item["at"] - self.world.now)
            if "incident" in item:
                self._befall(item)
            else:
                self._operate(item)
        self.world.sleep(seconds + SETTLING - self.world.now)
        while self.world.now < seconds + self.calm and not self.settled():
            self.world.sleep(SETTLING)
        last = Worker(self.world, self.workers)
        last.spawn("finish", lambda: self._finish(last))

    def _finish(self, worker: Worker) -> None:
        self._boot(worker)
        self.finish(worker)
        self.world.finished = True

    def _operate(self, item: Item) -> None:
        worker = self.living[item["worker"]]
        if worker.state is not None and not worker.dead:
            worker.spawn(f"{item['do']} {item['number']}", lambda: self.do(worker, item))

    def _befall(self, item: Item) -> None:
        self.world.note(item)
        what, seconds = item["incident"], item["for"]
        server = self.server
        if what == "kill":
            self.living[item["worker"]].kill()
        elif what == "pause":
            self.living[item["worker"]].pause(seconds)
        elif what == "failover":
            server.fail_over()
        elif what == "restart":
            server.restart()
        elif what == "flush":
            server.flush()
        elif what == "forget":
            server.forget_scripts()
        else:
            self._director.spawn(f"{what}@{item['at']}", lambda: self._lasting(what, seconds))

    def _lasting(self, what: str, seconds: float) -> None:
        server = self.server
        if what == "away":
            server.down = True
            server.epoch += 1
        elif what == "full":
            server.full = True
        elif what in ("lagging", "behind"):
            server.lag += round(seconds * 1_000_000)
        elif what == "clock":
            server.skew -= round(seconds * 1_000_000)
        self.world.sleep(seconds)
        if what == "away":
            server.down = False
        elif what == "full":
            server.full = False
        elif what in ("lagging", "behind"):
            if what == "behind":  # what was written since is lost
                server.fail_over()
            server.lag -= round(seconds * 1_000_000)
