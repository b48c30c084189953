"""State of each process that serves an application.

Each has an id, connections and threads of its own, which a fork must not share and which end with
the process.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from flask import Flask

Act = Callable[[Flask], None]

log = logging.getLogger(__name__)


@dataclass
class Kept:
    """The callbacks of an application, its process, and whether its background work began."""

    renew: Act
    begin: Act | None
    close: Act
    pid: int
    begun: bool = False
    renewing: threading.Lock = field(default_factory=threading.Lock)
    beginning: threading.Lock = field(default_factory=threading.Lock)


_kept: WeakKeyDictionary[Flask, Kept] = WeakKeyDictionary()


def keep(app: Flask, renew: Act, close: Act, begin: Act | None = None) -> None:
    """Renew, begin and close the state of ``app`` in each process.

    Args:
        renew: makes a process's state anew; called in each forked process.
        close: ends threads and connections; called when a process ends.
        begin: begins the background work; called by the first request in each process, and after a
            failure by the next one. None: the work begins at first use.
    """
    kept = _kept[app] = Kept(renew, begin, close, os.getpid(), begun=begin is None)
    app.before_request(lambda: _notice(app, kept))


def notice(app: Flask) -> None:
    """Make sure, at each request, that this process has a state of its own."""
    _notice(app, _kept[app])


def close(app: Flask) -> None:
    """End threads and connections of ``app`` in this process; its next request begins the
    background work again.

    Raises:
        ExceptionGroup: some did not close; all others did.
    """
    kept = _kept[app]
    # Otherwise work that is just beginning would go on after the end.
    with kept.beginning:
        try:
            kept.close(app)
        finally:
            kept.begun = kept.begin is None


def _notice(app: Flask, kept: Kept) -> None:
    # uWSGI forks without notifying Python, unless it is asked to.
    if kept.pid != os.getpid():
        with kept.renewing:  # another request may have renewed it first
            if kept.pid != os.getpid():
                _renew(app, kept)
    # Does not wait for the holder, since a hanging store would hold up all requests.
    if not kept.begun and kept.beginning.acquire(blocking=False):
        try:
            if not kept.begun:
                _begin(app, kept)
        finally:
            kept.beginning.release()


def _renew(app: Flask, kept: Kept) -> None:
    kept.renew(app)
    # A holder in the parent process would never release the copy of the lock here.
    kept.beginning = threading.Lock()
    kept.pid, kept.begun = os.getpid(), kept.begin is None


def _begin(app: Flask, kept: Kept) -> None:
    assert kept.begin is not None
    try:
        kept.begin(app)
    except Exception:
        # The request is answered all the same, and begins by itself the work that it needs.
        log.exception("the work in the background did not begin; the next request tries again")
        return
    kept.begun = True


def _forked() -> None:
    for app, kept in list(_kept.items()):
        _renew(app, kept)


def _ended() -> None:
    for app, kept in list(_kept.items()):
        try:
            kept.close(app)
        except Exception:
            # Other applications still end.
            log.exception("%s did not end as it should", app.name)


atexit.register(_ended)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
