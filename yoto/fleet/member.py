"""A worker as others see it. Pure."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec


class WorkerState(StrEnum):
    """The state of a worker.

    ``live``: heard, and accepts new sockets. ``draining``: heard, and reports that it accepts none.
    ``silent``: not heard for longer than heartbeats take, without a report of its end.
    ``ended``: it reported its end.
    """

    LIVE = "live"
    DRAINING = "draining"
    SILENT = "silent"
    ENDED = "ended"


class Drain(msgspec.Struct, frozen=True, kw_only=True):
    """An order to drain.

    Attributes:
        by, reason: the operator, and why.
        until_ms: when it ends by itself, in ms since 1970 by the clock of Redis.
    """

    by: str
    reason: str
    until_ms: int


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a worker ended, as its supervisor saw it.

    Attributes:
        how: ``signal`` or ``exit``.
        signal: the signal's name, such as ``SIGKILL``.
        code: the exit code; None after a signal.
    """

    how: str
    signal: str = ""
    code: int | None = None

    @classmethod
    def of_returncode(cls, returncode: int) -> End:
        """From a return code of ``subprocess``: the number of a signal is below 0."""
        if returncode >= 0:
            return cls(how="exit", code=returncode)
        try:
            name = signal.Signals(-returncode).name
        except ValueError:
            name = str(-returncode)
        return cls(how="signal", signal=name)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process of the application.

    Attributes:
        id: the instance's id, which events name as their source.
        host, pid: its host and process id.
        state: see ``WorkerState``.
        heard_ms: ms since its last heartbeat.
        facts: its report then, by name; values are JSON.
        drain: its order to drain; in effect as soon as ``state`` is ``draining``.
        end: how it ended; None: it has not, or nobody saw how.
    """

    id: str
    host: str
    pid: int
    state: WorkerState
    heard_ms: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    drain: Drain | None = None
    end: End | None = None


def place_of(instance_id: str) -> tuple[str, int]:
    """Host and process number of an instance, from its id."""
    host, pid, _ = instance_id.rsplit("-", 2)
    return host, int(pid)
