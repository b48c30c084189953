"""Asking the application's function about people, for a bounded time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar

from flask import Flask

from yoto.deadlines import check_deadline, left_of
from yoto.errors import StoreUnavailable
from yoto.permission.database.pool import Gate
from yoto.store.asked import Asked

Facts = TypeVar("Facts")

# The most ids of one call.
BATCH = 1_000
# Calls of one process at the same time. One that hangs keeps its place: threads never pile up.
CALLS = 8


class Asking(Generic[Facts]):
    """Calls a function of one application, in threads: nothing else ends a call that hangs.

    Args:
        name: its name in errors.
        ids: the type of the ids of people.
        facts: reads the facts of some ids from a response that is known to be a mapping from ids.
    """

    def __init__(
        self,
        app: Flask,
        asked: Asked,
        name: str,
        ids: type[Any],
        facts: Callable[[list[Any], Mapping[Any, Any]], dict[Any, Facts]],
    ) -> None:
        self._app = app
        self._asked = asked
        self._name = name
        self._ids = ids
        self._facts = facts
        self._gate = Gate(CALLS)

    def ask(self, ids: Sequence[Any]) -> dict[Any, Facts]:
        """The function's facts about those of ``ids`` that it knows; one call for ``BATCH``.

        Raises:
            StoreUnavailable: it raised, took too long, or returned an invalid response.
        """
        found: dict[Any, Facts] = {}
        for start in range(0, len(ids), BATCH):
            found |= self._call(list(ids[start : start + BATCH]))
        return found

    def _call(self, ids: list[Any]) -> dict[Any, Facts]:
        limit = left_of(self._asked.deadline)
        ends = monotonic() + limit
        if not self._gate.enter(limit):
            check_deadline()
            raise StoreUnavailable(self._name, TimeoutError(f"all {CALLS} calls are taken"))
        responses: list[dict[Any, Facts]] = []
        failures: list[Exception] = []

        def work() -> None:
            try:
                with self._app.app_context():
                    responses.append(self._checked(ids, self._asked.function(ids)))
            except Exception as error:
                failures.append(error)
            finally:
                self._gate.leave()

        thread = threading.Thread(target=work, name="yoto-directory", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            self._gate.leave()
            raise StoreUnavailable(self._name, error) from error
        thread.join(max(0.0, ends - monotonic()))
        if failures:
            raise StoreUnavailable(self._name, failures[0]) from failures[0]
        if not responses:
            check_deadline()
            raise StoreUnavailable(self._name, TimeoutError(f"no answer within {limit:g} s"))
        return responses[0]

    def _checked(self, ids: list[Any], answer: Any) -> dict[Any, Facts]:
        """A checked response about ``ids``; facts about other ids are left out.

        Raises:
            TypeError: it is no mapping, or has ids of another type: those would match no person.
        """
        if not isinstance(answer, Mapping):
            raise TypeError(f"the function must give a mapping, not {answer!r}")
        for key in answer:
            if not isinstance(key, self._ids):
                raise TypeError(f"must map from {self._ids.__name__}, not from {key!r}")
        return self._facts(ids, answer)
