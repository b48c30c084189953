"""Puts out of a channel's room who may no longer read the channel, as soon as the log says so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from flask import Flask

from app.blueprints.community_socket.listeners import Listeners
from app.core.cache import Position
from app.core.errors import PlatformError

log = logging.getLogger(__name__)

RETRY_SECONDS = 0.5  # until a channel whose readers could not be told is judged again
IDLE_SECONDS = 2.0  # without work, after which the thread ends


class Warden:
    """Judges rooms again after changes, in a thread of its own that lives while there is work.

    Args:
        judge: puts out of a channel's room who may not read it; called in a context of ``app``.
    """

    def __init__(self, app: Flask, listeners: Listeners, judge: Callable[[int], None]) -> None:
        self._app = app
        self._listeners = listeners
        self._judge = judge
        self._changed = threading.Condition()
        self._channels: set[int] = set()
        self._thread: threading.Thread | None = None

    def heard(self, subjects: Sequence[str], position: Position) -> None:
        """Take in one entry of the invalidation log; it was applied, and this is quick."""
        channels = self._listeners.channels_about(subjects)
        if not channels:
            return
        with self._changed:
            self._channels |= channels
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="yoto-community-warden", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._channels:
                    self._changed.wait(IDLE_SECONDS)
                if not self._channels:
                    self._thread = None
                    return
                channel_id = self._channels.pop()
            try:
                with self._app.app_context():
                    self._judge(channel_id)
            except PlatformError as error:
                # Nobody is told anything in the channel meanwhile: that is judged anew each time.
                log.warning("the listeners of channel %d wait to be judged: %s", channel_id, error)
                with self._changed:
                    self._channels.add(channel_id)
                    self._changed.wait(RETRY_SECONDS)
            except Exception:
                log.exception("the listeners of channel %d were not judged", channel_id)
