"""Records of requests, processed after their responses: counts, activity, the log's line.

A request costs one append. While there are records a task processes them every tenth of a second,
many at once, which is cheaper than one by one. A reader of the results calls ``flush`` first, and
so sees every request that has its response. An orderly end loses nothing; a kill loses the records
of that tenth of a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from math import inf
from time import perf_counter
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from yoto.housekeeping import Housekeeper, Pending, contained

EXTENSION_KEY = "yoto.request_records"
DELAY = 0.1  # s that a record waits at most


@dataclass(slots=True, eq=False)
class RequestRecord:
    """One request.

    Attributes:
        request_id: its id in responses and logs.
        own_id: its id in records; callers cannot choose it.
        address: the client's.
        rule, view_args: the route of its path, if there is one.
        began: by ``perf_counter``.
        changes: whether its view may change stored data.
        outcome: why it ended as it did, see ``note_outcome``.
        status: the response's status; 500 while there is no response.
        seconds: how long it took.
        ended_at: when it ended, epoch seconds.
        user_id: the caller, where that was checked.
        keeps_order: whether its view carries the mark of that name.
        trace: ids of its trace and span, where it is traced.
    """

    request_id: str
    own_id: str
    method: str
    path: str
    address: str | None
    rule: Rule | None
    view_args: dict[str, Any] | None
    began: float = field(default_factory=perf_counter)
    changes: bool = False
    outcome: dict[str, str] = field(default_factory=dict)
    status: int = int(HTTPStatus.INTERNAL_SERVER_ERROR)
    seconds: float = 0.0
    ended_at: float = 0.0
    user_id: int | None = None
    keeps_order: bool = False
    trace: tuple[str, str] | None = None


class RequestRecords(Pending[RequestRecord]):
    """The records of one application that wait. Safe for threads and greenlets.

    Attributes:
        resting: whether nothing came for a while, so that the next record has to wake the task.
    """

    def __init__(
        self,
        work: Sequence[Callable[[Sequence[RequestRecord]], None]],
        delay: float = DELAY,
    ) -> None:
        """Nothing is done yet.

        Args:
            work: see the attribute; it asks no server.
            delay: seconds that a record waits at most.
        """
        super().__init__(*work)
        self._stores: tuple[Callable[[], None], ...] = ()
        self._delay = delay
        self._housekeeper = Housekeeper("yoto-requests")
        self._wake = self._housekeeper.add("records", self._turn)
        self.resting = True
        self._woken = False

    def follow(
        self, work: Callable[[Sequence[RequestRecord]], None], store: Callable[[], None]
    ) -> None:
        """Process each record in one more way.

        Args:
            work: gets the records; it asks no server.
            store: writes its results to servers, with the next turn of the task.
        """
        self.work = (*self.work, work)
        self._stores = (*self._stores, store)

    def add(self, record: RequestRecord) -> None:
        """Work it up soon."""
        super().add(record)
        if self.resting:
            self._begin()

    def close(self) -> None:
        """End the task, and work up the rest; the next record begins it again."""
        self._housekeeper.stop()
        self.resting = True
        self.flush()
        self._write()

    def _begin(self) -> None:
        self.resting, self._woken = False, True
        try:
            self._wake()
            self._housekeeper.start()
        except RuntimeError:
            # The system has no thread left.
            self.resting = True
            self.flush()
            self._write()

    def _write(self) -> None:
        for store in self._stores:
            contained(store)

    def _turn(self) -> float:
        if self._woken:
            # Others come soon after the first.
            self._woken = False
            return self._delay
        came = bool(self._waiting)
        while self._work_up():
            time.sleep(0)
        # The results of those, too, that a reader has processed before.
        self._write()
        if came:
            return self._delay
        self.resting = True
        # A caller that added one just now may not have seen that.
        if self._waiting:
            self.resting = False
            return self._delay
        return inf


def records_of(app: Flask) -> RequestRecords:
    """The records of ``app``."""
    found: RequestRecords = app.extensions[EXTENSION_KEY]
    return found
