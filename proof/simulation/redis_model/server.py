"""One Redis with one replica: runs commands and scripts, and fails when it is told to."""

from __future__ import annotations

import copy
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from proof.simulation.redis_model import sorted_sets, streams
from proof.simulation.redis_model.commands import COMMANDS, Command, unsupported
from proof.simulation.redis_model.keyspace import CommandError, Keyspace, Stream
from proof.simulation.redis_model.lua import Lua
from proof.simulation.scheduler import Task
from yoto.redis.keys import slot_of

assert sorted_sets and streams, "they bring their commands"

OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."
# One interpreter for all servers of a process: compiled scripts do not change.
_LUA = Lua()


class Subscriber(Protocol):
    """Takes what is published."""

    def hear(self, channel: bytes, message: bytes) -> None:
        """One message."""


class Write(NamedTuple):
    """A command that a replica repeats at the moment (us) at which it ran."""

    at: int
    run: Callable[[Keyspace, Sequence[bytes]], Any]
    args: Sequence[bytes]


class Server:
    """A primary with its replica, which has each script's writes a little later, all or none.

    Attributes:
        epoch: changes when connections break: after a restart or a failover.
        lag: us until the replica has a write.
        full: memory is at its limit.
        lost: how many times writes that were answered went.
        emptied: how many times everything went, with the replica's copy of it.
        readers: threads that wait for entries of streams.
    """

    def __init__(self, clock: Callable[[], int], replicated: bool = True) -> None:
        """``clock``: us since 1970; without a replica, a failover loses all."""
        self._clock = clock
        self._data, self._copy = Keyspace(), Keyspace()
        self._replicated = replicated
        self._behind: deque[list[Write]] = deque()
        self._scripts: set[bytes] = set()
        self._writes: list[Write] = []
        self._dirty = False
        self.skew = 0
        self.epoch = 0
        self.lag = 5_000
        self.full = False
        self.down = False
        self.lost = self.emptied = 0
        self.subscribers: dict[bytes, list[Subscriber]] = {}
        self.readers: dict[Any, Task] = {}

    def execute(self, args: Sequence[bytes]) -> Any:
        """The reply to one command; an error is returned as an exception."""
        data = self._data
        data.now = self._clock() + self.skew
        self._writes, self._dirty = [], False
        try:
            return self._execute(args)
        except CommandError as error:
            return error
        finally:
            if self._writes and self._replicated:
                self._behind.append(self._writes)
                self._catch_up(data.now - self.lag)

    def confirmed(self) -> bool:
        """Whether the replica has all that was written."""
        self._catch_up(self._clock() + self.skew - self.lag)
        return not self._behind

    def read_streams(self, args: Sequence[bytes]) -> tuple[Any, int]:
        """The reply to ``XREAD COUNT n BLOCK ms STREAMS key... id...``, and for how many ms to wait
        for one."""
        self._data.now = self._clock() + self.skew
        limit, block = int(args[2]), int(args[4])
        names = args[6:]
        half = len(names) // 2
        found = []
        for key, last in zip(names[:half], names[half:], strict=True):
            try:
                stream = self._data.get(key, Stream)
            except CommandError as error:
                return error, 0
            if entries := streams.after(stream, streams.parsed(last), limit):
                found.append([key, entries])
        return found or None, block

    # Incidents.

    def fail_over(self) -> None:
        """The replica becomes the primary; writes that it did not have yet are lost."""
        self.confirmed()
        self.lost += len(self._behind)
        self._behind.clear()
        self._data, self._copy = self._copy, copy.deepcopy(self._copy)
        self._broken()

    def restart(self) -> None:
        """It comes back with nothing."""
        self._empty()
        self._broken()

    def flush(self) -> None:
        """FLUSHALL."""
        self._empty()

    def forget_scripts(self) -> None:
        """SCRIPT FLUSH."""
        self._scripts.clear()

    def _empty(self) -> None:
        self.lost += 1
        self.emptied += 1
        self._data, self._copy = Keyspace(), Keyspace()
        self._behind.clear()

    def _broken(self) -> None:
        self.epoch += 1
        self._scripts.clear()
        self.subscribers.clear()
        self._wake_readers()

    def _catch_up(self, until: int) -> None:
        while self._behind and self._behind[0][0].at <= until:
            for at, run, args in self._behind.popleft():
                self._copy.now = at
                run(self._copy, args)

    # Commands.

    def _execute(self, args: Sequence[bytes]) -> Any:
        name = args[0].upper()
        if name == b"EVALSHA":
            return self._evaluate(args[1], int(args[2]), list(args[3:]))
        if name == b"SCRIPT":
            return self._load(args[2])
        if name == b"CLUSTER":
            return CommandError("ERR This instance has cluster support disabled")
        if name == b"ROLE":
            return [b"master", 0, []]
        return self._one(*args)

    def _load(self, source: bytes) -> bytes:
        sha = hashlib.sha1(source, usedforsecurity=False).hexdigest().encode()
        _LUA.load(sha, source)
        self._scripts.add(sha)
        return sha

    def _evaluate(self, sha: bytes, keys: int, args: list[bytes]) -> Any:
        if sha not in self._scripts:
            return CommandError("NOSCRIPT No matching script. Please use EVAL.")
        if len({slot_of(key) for key in args[:keys]}) > 1:
            return CommandError("CROSSSLOT Keys in request don't hash to the same slot")
        _LUA.call = self._one
        return _LUA.run(sha, keys, args)

    def _one(self, name: bytes, *args: bytes) -> Any:
        name = name.upper()
        if name == b"PUBLISH":
            return self._publish(*args)
        command = COMMANDS.get(name)
        if command is None:
            raise unsupported([name, *args])
        if not command.writes:
            return command.run(self._data, args)
        return self._write(name, command, args)

    def _write(self, name: bytes, command: Command, args: Sequence[bytes]) -> Any:
        # A script that has written already may go on.
        if self.full and command.grows and not self._dirty:
            raise CommandError(OUT_OF_MEMORY)
        reply = command.run(self._data, args)
        self._dirty = True
        self._writes.append(Write(self._data.now, command.run, args))
        if name == b"XADD":
            self._wake_readers()
        return reply

    def _wake_readers(self) -> None:
        for task in list(self.readers.values()):
            task.world.wake(task)

    def _publish(self, channel: bytes, message: bytes) -> int:
        hearers = self.subscribers.get(channel, [])
        for one in list(hearers):
            one.hear(channel, message)
        return len(hearers)
