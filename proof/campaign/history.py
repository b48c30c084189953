"""The history: one line of JSON for each operation and each fault, written while they happen.

All moments are ``time.monotonic()`` in seconds. Linux has one such clock for all processes of a
machine, so moments that nodes answer (``entered``) compare with those that clients wrote.
"""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TextIO, TypeVar

OPERATIONS = "operations.jsonl"
FAULTS = "faults.jsonl"
IN_TIME = 1.0  # s before a moment: requests made by then have their answers, if all is well

# ok: it happened, with this value. failed: it is known not to have happened. unknown: it may happen
# at any moment after it was asked for, or never: connection lost, timed out, 5xx after sending.
Outcome = Literal["ok", "failed", "unknown"]
# Effects of a fault for which the guides except it from promises. lost-data: Redis may have
# forgotten what it acknowledged (killed primaries, FLUSHALL, empty starts). no-redis: some node
# could not reach a part of Redis, and decided by ``on_store_error``. silent: the side that clients
# talk to (nginx, a node, the link between them) took requests and stood still.
Effect = Literal["lost-data", "no-redis", "silent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of one client.

    Attributes:
        client: the one that asked; a client asks one thing at a time.
        model: the one that judges it.
        key: operations of different keys of a model say nothing about each other.
        invoked: s, before it was sent.
        returned: s, after its answer came or it was given up; None: never.
        value: the answer, where the outcome is ``ok``.
        error: the reason of any other outcome.
    """

    client: str
    model: str
    key: str
    call: str
    argument: Any = None
    invoked: float
    returned: float | None = None
    outcome: Outcome = "unknown"
    value: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that was done to the topology.

    Attributes:
        kind: which fault, such as ``kill``.
        target: to what, such as ``redis2`` or ``app1>redis3``.
        began, healed: s; from when until when it may have had effects by itself: all was seen to
            work again.
        effects: what it may have done to promises that have exceptions.
        ended: s, when nothing was broken any more; None: it is not known, so ``healed``.
    """

    kind: str
    target: str
    began: float
    healed: float
    effects: tuple[Effect, ...] = ()
    ended: float | None = None

    @property
    def mended(self) -> float:
        """s, from when on nothing was broken any more."""
        return self.healed if self.ended is None else self.ended


@dataclass
class Pending:
    """An operation that goes on; its client says how it ended."""

    outcome: Outcome = "unknown"
    value: Any = None
    error: str | None = None
    # The part of the argument that only the answer tells, such as the position that was sent.
    argument: Any = None

    def ok(self, value: Any = None) -> None:
        self.outcome, self.value, self.error = "ok", value, None

    def failed(self, error: str) -> None:
        self.outcome, self.error = "failed", error

    def unknown(self, error: str) -> None:
        self.outcome, self.error = "unknown", error


@dataclass
class History:
    """Writes operations into a folder; threads may share it."""

    folder: Path
    _file: TextIO | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _going_on: dict[int, Operation] = field(default_factory=dict, repr=False)
    _ended: list[Operation] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = (self.folder / OPERATIONS).open("a", encoding="utf-8")

    @contextmanager
    def operation(
        self, client: str, model: str, key: str, call: str, argument: Any = None
    ) -> Iterator[Pending]:
        """One operation; unless the block says otherwise its outcome is unknown."""
        pending = Pending(argument=argument)
        begun = Operation(
            client=client,
            model=model,
            key=key,
            call=call,
            argument=argument,
            invoked=time.monotonic(),
        )
        with self._lock:
            self._going_on[id(pending)] = begun
        try:
            yield pending
        finally:
            ended = time.monotonic()
            with self._lock:
                del self._going_on[id(pending)]
            self.write(
                dataclasses.replace(
                    begun,
                    argument=pending.argument,
                    returned=ended,
                    outcome=pending.outcome,
                    value=pending.value,
                    error=pending.error,
                )
            )

    def write(self, operation: Operation) -> None:
        """Add a line. An answer after the end is left out: its operation is there as unknown."""
        line = json.dumps(dataclasses.asdict(operation), separators=(",", ":"))
        with self._lock:
            if operation.returned is not None:
                self._ended.append(operation)
            if self._file is not None:
                self._file.write(line + "\n")
                self._file.flush()

    def answered(self, began: float, ended: float) -> Counter[str]:
        """Counts of the requests since ``began`` that were answered until ``ended``, by model and
        call, such as ``row read``.
        """
        return Counter(
            f"{one.model} {one.call}"
            for one in self._asked(began, ended)
            if _answered_by(one, ended)
        )

    def unanswered(self, began: float, ended: float) -> Counter[str]:
        """Counts of the requests in time that had no good answer until ``ended``."""
        return Counter(
            f"{one.model} {one.call}"
            for one in self._asked(began, ended - IN_TIME)
            if not _answered_by(one, ended)
        )

    def _asked(self, began: float, ended: float) -> list[Operation]:
        """Operations that began between two moments, and go on or are over."""
        with self._lock:
            asked = [*self._ended, *self._going_on.values()]
        return [one for one in asked if began <= one.invoked <= ended]

    @property
    def going_on(self) -> list[Operation]:
        """Operations that have no answer yet; their outcome is unknown."""
        with self._lock:
            return list(self._going_on.values())

    def close(self) -> None:
        """Write operations that still go on as unknown, without an end, and close the file."""
        for operation in self.going_on:
            self.write(operation)
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def _answered_by(operation: Operation, moment: float) -> bool:
    """Whether it had happened by then, as its client knows."""
    returned = operation.returned
    return operation.outcome == "ok" and returned is not None and returned <= moment


def note_fault(folder: Path, fault: Fault) -> None:
    """One line more in the folder's list of faults."""
    with (folder / FAULTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(dataclasses.asdict(fault)) + "\n")


def read_operations(folder: Path) -> list[Operation]:
    """All operations of a folder, in the order of their beginnings."""
    found = list(_read(folder / OPERATIONS, Operation))
    return sorted(found, key=lambda operation: operation.invoked)


def read_faults(folder: Path) -> list[Fault]:
    """All faults of a folder, in the order of their beginnings."""
    found = [
        dataclasses.replace(fault, effects=tuple(fault.effects))
        for fault in _read(folder / FAULTS, Fault)
    ]
    return sorted(found, key=lambda fault: fault.began)


Line = TypeVar("Line", Operation, Fault)


def _read(path: Path, kind: type[Line]) -> Iterable[Line]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            # A run that was killed may have left half a line, the last one.
            if line.endswith("\n"):
                yield kind(**json.loads(line))
