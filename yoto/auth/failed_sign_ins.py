"""Records of failed sign-ins: for operators in the audit log, in a bounded number.

They are written after the response is sent. Otherwise the response time would reveal whether there
is such an account, and whether it is an operator's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from time import monotonic

from flask import Flask, current_app, request

from yoto.auth.guessing import count_sign_in
from yoto.persistence import STORE_FAILURES
from yoto.request.context import Origin, origin
from yoto.store.models import record_audit
from yoto.store.sessions import recording

EXTENSION_KEY = "yoto.failed_sign_ins"
INTERVAL = 60.0  # s between two records of one kind about one account, in each process
LONGEST_NAME = 32  # characters; no name is longer
DELAY = 0.2  # s until the response is surely sent
MOST_KEYS = 1_000  # keys of written records that are remembered
MOST_WAITING = 1_000  # the oldest are left out: by then the limits of addresses have refused most

log = logging.getLogger(__name__)


class Failure(StrEnum):
    """The kind of a failed sign-in; the action of the record."""

    REFUSED = "sign_in.failed"
    LOCKED_OUT = "sign_in.locked_out"
    SECOND_FACTOR = "sign_in.second_factor_failed"


@dataclass(frozen=True, slots=True)
class FailedSignIn:
    """One failed try on the account called ``name``, at the path ``door``."""

    name: str
    failure: Failure
    door: str
    origin: Origin


# The account's owner, as the subject of a record; None: no operator's, so there is none.
OperatorOf = Callable[[FailedSignIn], str | None]


class FailureRecorder:
    """Records failures of one application in a thread that lives while there are any."""

    def __init__(self, app: Flask, operator_of: OperatorOf) -> None:
        """No thread is started yet; ``operator_of`` is asked in it, in a context of ``app``."""
        self._app = app
        self._operator_of = operator_of
        self._once = OncePerInterval(INTERVAL)
        self._waiting: deque[FailedSignIn] = deque(maxlen=MOST_WAITING)
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()

    def note(self, failed: FailedSignIn) -> None:
        """Record it soon."""
        with self._lock:
            self._waiting.append(failed)
            if self._idle.is_set():
                self._start()

    def wait(self, timeout: float = 5.0) -> bool:
        """Wait until all that was noted is recorded; False: ``timeout`` seconds were too few."""
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Wait a while for pending records; those left then are lost, and logged as lost."""
        if not self.wait() or self._waiting:
            log.warning("failed sign-ins were not recorded before the end of the process")

    def _start(self) -> None:
        name = "yoto-failed-sign-ins"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:  # the process has too many threads
            log.warning("failed sign-ins wait for the next one to be recorded: %s", error)
        else:
            self._idle.clear()

    def _run(self) -> None:
        while True:
            time.sleep(DELAY)
            with self._lock:
                due = list(self._waiting)
                self._waiting.clear()
            for failed in due:
                try:
                    with self._app.app_context():
                        self._record(failed)
                except STORE_FAILURES as error:
                    log.warning("a failed sign-in was not recorded: %s", error)
                except Exception:
                    # No error may end the thread: another one begins only when it is idle.
                    log.exception("a failed sign-in was not recorded")
            with self._lock:
                if not self._waiting:
                    self._idle.set()
                    return

    def _record(self, failed: FailedSignIn) -> None:
        subject = self._operator_of(failed)
        if subject is None or not self._once.allows(failed.name, failed.failure):
            return
        # On a connection of its own, apart from those of requests.
        with recording(self._app) as session:
            record_audit(
                failed.failure,
                subject,
                by=None,
                after={"door": failed.door},
                session=session,
                request_id=failed.origin.request_id,
                address=failed.origin.address,
            )


def init_failures(app: Flask, operator_of: OperatorOf) -> None:
    """Give the application its recorder."""
    app.extensions[EXTENSION_KEY] = FailureRecorder(app, operator_of)


def failures_of(app: Flask) -> FailureRecorder:
    """The recorder of ``app``."""
    found: FailureRecorder = app.extensions[EXTENSION_KEY]
    return found


def note_failure(username: str, failure: Failure) -> None:
    """Count a failed sign-in, and record it soon, for any account."""
    count_sign_in("locked_out" if failure is Failure.LOCKED_OUT else "failed")
    name = username.strip().lower()
    if len(name) <= LONGEST_NAME:
        failed = FailedSignIn(name, failure, request.path, origin())
        failures_of(current_app._get_current_object()).note(failed)  # type: ignore[attr-defined]


class OncePerInterval:
    """Says yes once in an interval for each key, and forgets the oldest. Safe for threads."""

    def __init__(
        self,
        interval: float,
        most: int = MOST_KEYS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._interval = interval
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[str, ...], float] = OrderedDict()

    def allows(self, *key: str) -> bool:
        """Whether the last yes to ``key`` was long enough ago."""
        now = self._clock()
        with self._lock:
            last = self._last.get(key)
            if last is not None and now - last < self._interval:
                return False
            self._last[key] = now
            self._last.move_to_end(key)
            while len(self._last) > self._most:
                self._last.popitem(last=False)
        return True
