"""A lock that this process has got."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable
from time import monotonic
from typing import TypeAlias

from yoto.optimization.lock.scripts import LockKeys
from yoto.optimization.lock.timing import RETRY_SHARE, safe_time

log = logging.getLogger(__name__)

# Process id and thread; under a patched ``threading`` each greenlet is a thread of its own.
Owner: TypeAlias = tuple[int, int]
# Stands in the place of a thread; no thread has this id.
THE_PROCESS = 0


class Holding:
    """One lease of one lock, from taking to giving back or losing it.

    Attributes:
        key: name of the lock.
        keys: its keys in Redis.
        token: fencing token.
        value: the value in Redis while the lock is ours.
        lease: seconds.
        granted: the lease when the lock was taken, which its value contains.
        owner: the owner that may give it back.
        renews: whether the lease is to be kept.
        watched: whether a listener relies on the notice of its end.
        depth: how many times its owner has taken it.
        lost: whether the lease could not be kept.
        taken_at: monotonic time at which it was taken.
        due: monotonic time of the next renewal.
        renewing: whether a renewal is under way.
        safe_until: monotonic time until which no other owner can have got the lock.
    """

    def __init__(
        self,
        key: str,
        keys: LockKeys,
        token: int,
        value: str,
        lease: float,
        owner: Owner,
        sent: float,
        renew_after: float | None = None,
        on_lost: Callable[[], None] | None = None,
    ) -> None:
        """``sent`` is the monotonic time just before the lock was asked for.

        ``renew_after`` seconds from then on the lease is renewed, or never.
        """
        self.key = key
        self.keys = keys
        self.token = token
        self.value = value
        self.lease = self.granted = lease
        self.owner = owner
        self.depth = 1
        self.lost = False
        self._unanswered = False
        self.taken_at = sent
        self.renews = renew_after is not None
        self.watched = self.renews or on_lost is not None
        self._on_lost = on_lost
        self._thread = weakref.ref(threading.current_thread())
        self.renewed(sent, renew_after or 0.0)

    def renewed(self, sent: float, renew_after: float) -> None:
        """Note that a request sent at ``sent`` renewed the lease."""
        self.safe_until = sent + safe_time(self.lease)
        self.due = sent + renew_after
        self.renewing = False
        self._unanswered = False

    def lengthened(self, sent: float, lease: float, renew_after: float) -> None:
        """Note that a request sent at ``sent`` began a lease of ``lease`` seconds."""
        self.lease = lease
        self.renewed(sent, renew_after)

    def end(self) -> None:
        """Note that it was given back, by any caller."""
        self.safe_until = 0.0

    def postpone(self) -> None:
        """Note that a renewal failed; it is worth another try soon."""
        self.due = min(monotonic() + self.lease * RETRY_SHARE, self.safe_until)
        self.renewing = False
        self._unanswered = True

    @property
    def held(self) -> bool:
        """Whether no other owner can have the lock now; once False, it stays so."""
        return not self.lost and monotonic() < self.safe_until

    @property
    def of_process(self) -> bool:
        """Whether it belongs to the process, and to no thread of it."""
        return self.owner[1] == THE_PROCESS

    @property
    def inherited(self) -> bool:
        """Whether it belongs to our parent process."""
        return self.owner[0] != os.getpid()

    @property
    def orphaned(self) -> bool:
        """Whether its owner's thread has ended without giving it back, or is our parent's.

        A holding of the process is given back when that ends, when not even its main thread is
        reported alive.
        """
        if self.of_process:
            return self.inherited
        thread = self._thread()
        return thread is None or not thread.is_alive() or self.inherited

    @property
    def ends_at(self) -> float:
        """The monotonic time at which the lease ends if it is not renewed."""
        return self.safe_until - safe_time(self.lease) + self.lease

    @property
    def looked_at(self) -> float:
        """The monotonic time of the next check."""
        return self.due if self.renews and not self.renewing else self.safe_until

    @property
    def why_it_ends(self) -> str:
        """Why its lease ends without a renewal, in words for people."""
        if not self.renews:
            return "its lease ends"
        if self.renewing or self._unanswered:
            return "its lease ends, and redis did not answer its renewal"
        return "its lease ends: this process was too busy to renew it, or stopped"

    def lose(self) -> bool:
        """Note that the lock is lost; notifies its listener, once. False: it was lost before.

        The listener has a thread of its own: one that hangs delays no other notice, and no
        renewal of a lease.
        """
        if self.lost:
            return False
        self.lost = True
        if self._on_lost is not None:
            threading.Thread(target=self._notify_loss, name="yoto-lock-lost", daemon=True).start()
        return True

    def _notify_loss(self) -> None:
        assert self._on_lost is not None
        try:
            self._on_lost()
        except Exception:
            log.exception("the listener to the loss of lock '%s' failed", self.key)
