"""Takes from sockets what was lost since, as soon as the log says so: a channel, or the sign-in."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from flask import Flask

from yoto.cache import Position
from yoto.errors import PlatformError
from yoto.persistence import STORE_FAILURES
from yoto.store.db import writing

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5  # until what could not be judged is judged again
IDLE_SECONDS = 2.0  # without work, after which the thread ends


class RevocationWatcher:
    """Judges things of one kind again after changes, in a thread that lives while there is work.

    Args:
        kind: what is checked, such as ``channel``, for logs and the thread's name.
        concerned: from the subjects of a change to the ids of what it may have changed; quick.
        check: takes from the sockets about this id what they may no longer have; called in a
            context of ``app``.
    """

    def __init__(
        self,
        app: Flask,
        kind: str,
        concerned: Callable[[Sequence[str]], set[int]],
        check: Callable[[int], None],
    ) -> None:
        self._app = app
        self._kind = kind
        self._concerned = concerned
        self._check = check
        self._changed = threading.Condition()
        self._waiting: set[int] = set()
        self._thread: threading.Thread | None = None

    def heard(self, subjects: Sequence[str], position: Position) -> None:
        """Take in one entry of the invalidation log; it was applied, and this is quick."""
        found = self._concerned(subjects)
        if not found:
            return
        with self._changed:
            self._waiting |= found
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name=f"yoto-{self._kind}-revocation", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._changed.wait(IDLE_SECONDS)
                if not self._waiting:
                    self._thread = None
                    return
                id_ = self._waiting.pop()
            try:
                with self._app.app_context(), writing(False):
                    self._check(id_)
            except (PlatformError, *STORE_FAILURES) as error:
                log.warning("the sockets of %s %d wait to be judged: %s", self._kind, id_, error)
                with self._changed:
                    self._waiting.add(id_)
                    self._changed.wait(RETRY_SECONDS)
            except Exception:
                log.exception("the sockets of %s %d were not judged", self._kind, id_)
