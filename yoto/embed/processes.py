"""What is different in each process that serves an application: it has an id, connections and
threads of its own, which a fork must not share and the end of a process ends.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from flask import Flask

Act = Callable[[Flask], None]


@dataclass
class Kept:
    """How an application is seen to, and for which process it was made."""

    renew: Act
    close: Act
    pid: int
    lock: threading.Lock = field(default_factory=threading.Lock)


_kept: WeakKeyDictionary[Flask, Kept] = WeakKeyDictionary()


def keep(app: Flask, renew: Act, close: Act) -> None:
    """See to ``app`` as long as it lives.

    Args:
        renew: makes anew what belongs to a process; called in each that is forked off.
        close: ends threads and connections; called when a process ends.
    """
    kept = _kept[app] = Kept(renew, close, os.getpid())

    @app.before_request
    def notice_fork() -> None:
        # uWSGI forks without telling Python, unless it is asked to.
        if kept.pid != os.getpid():
            with kept.lock:
                if kept.pid != os.getpid():  # another request may have seen it first
                    _renew(app, kept)


def _renew(app: Flask, kept: Kept) -> None:
    kept.renew(app)
    kept.pid = os.getpid()


def _forked() -> None:
    for app, kept in list(_kept.items()):
        _renew(app, kept)


def _ended() -> None:
    for app, kept in list(_kept.items()):
        kept.close(app)


atexit.register(_ended)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
