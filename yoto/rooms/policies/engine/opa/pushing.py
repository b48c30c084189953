"""Sends a bundle to the server, removes it, and sends it again when the server lost it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from yoto.errors import PlatformError, PolicyError, PolicyUnavailable
from yoto.rooms.policies.engine.opa.layout import Layout, Placed, compile_error
from yoto.rooms.policies.engine.opa.wire import Answer, BadAnswer, Deadline, Wire

log = logging.getLogger(__name__)


def push(wire: Wire, layout: Layout, deadline: Deadline) -> None:
    """Send everything; a module that is there already is sent again, which changes nothing.

    Raises:
        PolicyError: a module does not compile.
        PolicyUnavailable: the server did not answer in time.
    """
    _expect(wire.ask("PUT", layout.data_path, layout.data_json, deadline), 200, 204)
    waiting = list(layout.modules)
    while waiting:
        refused = _put_each(wire, layout, waiting, deadline)
        # A package that calls a function of another compiles once the other is there.
        if len(refused) == len(waiting):
            raise next(iter(refused.values()))
        waiting = [placed for placed in waiting if placed.module_id in refused]
    answer = wire.ask("PUT", layout.answer.path, layout.answer.source, deadline)
    if answer.status == 400:
        raise compile_error(layout, answer.body)
    _expect(answer, 200)


def remove(wire: Wire, layout: Layout, deadline: Deadline) -> None:
    """Remove everything, the ``answer`` module first.

    Raises:
        PolicyUnavailable: the server did not answer in time.
    """
    dependents_first = (layout.answer, *layout.modules, *reversed(layout.modules))
    for placed in dependents_first:
        # A module that another one still calls is refused, and goes at the second try.
        _expect(wire.ask("DELETE", placed.path, None, deadline), 200, 400, 404)
    _expect(wire.ask("DELETE", layout.data_path, None, deadline), 204, 404)


def _put_each(
    wire: Wire, layout: Layout, modules: list[Placed], deadline: Deadline
) -> dict[str, PolicyError]:
    refused: dict[str, PolicyError] = {}
    for placed in modules:
        answer = wire.ask("PUT", placed.path, placed.source, deadline)
        if answer.status == 400:
            refused[placed.module_id] = compile_error(layout, answer.body)
        else:
            _expect(answer, 200)
    return refused


def _expect(answer: Answer, *statuses: int) -> None:
    if answer.status not in statuses:
        raise PolicyUnavailable(BadAnswer(f"HTTP status {answer.status}"))


@dataclass(slots=True)
class _Attempt:
    done: threading.Event = field(default_factory=threading.Event)
    error: PlatformError | None = None


class Refill:
    """Puts a bundle back once for all callers who miss it; each waits only as long as it can."""

    def __init__(self, work: Callable[[], None]) -> None:
        """``work`` puts it back."""
        self._work = work
        self._lock = threading.Lock()
        self._attempt: _Attempt | None = None

    def wait(self, seconds: float) -> None:
        """Return when it is back.

        Raises:
            PolicyError, PolicyUnavailable: it is not, or not yet.
        """
        with self._lock:
            attempt = self._attempt
            if attempt is None:
                attempt = self._attempt = _Attempt()
                threading.Thread(
                    target=self._run, args=(attempt,), name="yoto-opa-refill", daemon=True
                ).start()
        if not attempt.done.wait(seconds):
            raise PolicyUnavailable(BadAnswer("the server lost the policies; they are being sent"))
        if attempt.error is not None:
            raise attempt.error

    def _run(self, attempt: _Attempt) -> None:
        try:
            self._work()
        except PlatformError as error:
            log.warning("policies could not be put back on the OPA server: %s", error)
            attempt.error = error
        finally:
            with self._lock:
                self._attempt = None
            attempt.done.set()
