"""Asking the application's function about people, for a bounded time."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Any

from flask import Flask

from yoto.errors import StoreUnavailable
from yoto.permission.gate import Gate
from yoto.store.asked import AskedPeople, PersonFacts

# What the function is called where it does not answer.
DIRECTORY = "directory"
# Ids that it is given at once.
BATCH = 1_000
# Calls of one process at the same time. One that hangs keeps its place: threads never pile up.
CALLS = 8


class Asking:
    """Calls the function of one application, in threads: nothing else ends a call that hangs."""

    def __init__(self, app: Flask, asked: AskedPeople) -> None:
        self._app = app
        self._asked = asked
        self._gate = Gate(CALLS)

    def ask(self, ids: Sequence[Any]) -> dict[Any, PersonFacts]:
        """What the function knows of those of ``ids`` that it knows; one call for ``BATCH``.

        Raises:
            StoreUnavailable: it raised, took too long, or answered what is no answer.
        """
        found: dict[Any, PersonFacts] = {}
        for start in range(0, len(ids), BATCH):
            found |= self._call(list(ids[start : start + BATCH]))
        return found

    def _call(self, ids: list[Any]) -> dict[Any, PersonFacts]:
        limit = self._asked.deadline
        ends = monotonic() + limit
        if not self._gate.enter(limit):
            raise StoreUnavailable(DIRECTORY, TimeoutError(f"all {CALLS} calls are taken"))
        answers: list[dict[Any, PersonFacts]] = []
        failures: list[Exception] = []

        def work() -> None:
            try:
                with self._app.app_context():
                    answers.append(self._checked(ids, self._asked.function(ids)))
            except Exception as error:
                failures.append(error)
            finally:
                self._gate.leave()

        thread = threading.Thread(target=work, name="yoto-directory", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads
            self._gate.leave()
            raise StoreUnavailable(DIRECTORY, error) from error
        thread.join(max(0.0, ends - monotonic()))
        if failures:
            raise StoreUnavailable(DIRECTORY, failures[0]) from failures[0]
        if not answers:
            raise StoreUnavailable(DIRECTORY, TimeoutError(f"no answer within {limit:g} s"))
        return answers[0]

    def _checked(self, ids: list[Any], answer: Any) -> dict[Any, PersonFacts]:
        """An answer about ``ids``; what it says of others is left out.

        Raises:
            TypeError: it is none. An id of another type would make somebody nobody.
        """
        if not isinstance(answer, Mapping):
            raise TypeError(f"the function must give a mapping, not {answer!r}")
        for key, facts in answer.items():
            if not isinstance(key, self._asked.ids) or not isinstance(facts, PersonFacts):
                wanted = self._asked.ids.__name__
                raise TypeError(f"must map {wanted} to PersonFacts, not {key!r} to {facts!r}")
        return {key: answer[key] for key in ids if key in answer}
