"""What is different in each process that serves an application: it has an id, connections and
threads of its own, which a fork must not share and the end of a process ends.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from weakref import WeakKeyDictionary

from flask import Flask

Act = Callable[[Flask], None]

_kept: WeakKeyDictionary[Flask, tuple[Act, Act]] = WeakKeyDictionary()


def keep(app: Flask, renew: Act, close: Act) -> None:
    """See to ``app`` as long as it lives.

    Args:
        renew: makes anew what belongs to a process; called in each that is forked off.
        close: ends threads and connections; called when a process ends.
    """
    _kept[app] = renew, close


def _forked() -> None:
    for app, (renew, _) in list(_kept.items()):
        renew(app)


def _ended() -> None:
    for app, (_, close) in list(_kept.items()):
        close(app)


atexit.register(_ended)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
