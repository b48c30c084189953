"""Keeps the leases of all locks of a process, and reports in time when one cannot be kept."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections.abc import Callable, Iterable
from math import inf
from time import monotonic
from typing import Any

from yoto.housekeeping import FoldedLine, Housekeeper
from yoto.moments import milliseconds
from yoto.optimization.lock.holding import Holding
from yoto.optimization.lock.scripts import EXTEND
from yoto.optimization.lock.timing import MeasuredTimes
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection, Script

log = logging.getLogger(__name__)

# s without a lock after which the threads sleep until there is one.
IDLE = 10.0
# s that the first thread sleeps at most: a later due time is added without waking it.
TICK = 0.5
TAKEN = "somebody took it"
LATE = "renewals failed: %d, such as that of lock '%s', trying again: %s"


class Leases:
    """Two threads for all locks: one watches the clock, the other talks to Redis.

    Redis may hang for longer than a lease has left. The first thread never asks it anything, so
    that a lock which cannot be kept is lost, and reported as lost, before its lease ends.

    Holdings are held weakly: a lock object that was dropped without a release, or whose thread has
    ended, is not kept alive for ever; its lease ends.
    """

    def __init__(
        self,
        redis: RedisConnection,
        measured: MeasuredTimes,
        long: float,
        on_long_held: Callable[[], None],
    ) -> None:
        """``on_long_held`` is called whenever a lock has been held for ``long`` seconds or more.

        It must not block.
        """
        self._redis = redis
        self._long = long
        self._on_long_held = on_long_held
        self._measured = measured
        self._holdings: weakref.WeakSet[Holding] = weakref.WeakSet()
        # The remover of a holding from the set, under this lock, decides its fate.
        self._mutex = threading.Lock()
        # A renewal, or a lengthening, has ended.
        self._renewed = threading.Condition(self._mutex)
        self.ending = False
        # When the first thread wakes next; infinity while it need not run.
        self._checks_at = inf
        self._pid = os.getpid()
        self._used_at = 0.0
        self._lines: dict[str, FoldedLine] = {}
        self._late = FoldedLine(log, logging.INFO, LATE)
        self._clock = Housekeeper("yoto-lock-leases")
        self._look_now = self._clock.add("look", self._look)
        self._renewal = Housekeeper("yoto-lock-renewal")
        self._renew_now = self._renewal.add("renew", self._renew)

    def add(self, holding: Holding) -> None:
        """Look after the lease of ``holding`` from now on."""
        with self._mutex:
            self._holdings.add(holding)
            self._used_at = holding.taken_at
            # A child process has its parent's notes, and not its threads.
            forked, self._pid = holding.owner[0] != self._pid, holding.owner[0]
            early = forked or holding.looked_at < self._checks_at
        if early:
            self._clock.start()
            self._look_now()

    def remove(self, holding: Holding) -> None:
        """Stop renewing the lease of ``holding``; a renewal may be under way."""
        with self._mutex:
            self._holdings.discard(holding)

    def lengthen(self, holding: Holding, seconds: float) -> bool:
        """Restart a lease so that it lasts ``seconds`` at least; False if the lock was lost.

        A lease that is renewed is as long from then on, and none gets shorter.

        Raises:
            StoreUnavailable: Redis did not respond; the lease may be longer all the same.
        """
        self._keep_renewal_out(holding)
        try:
            if not holding.held:
                return False
            sent = monotonic()
            lease = max(seconds, holding.lease if holding.renews else holding.ends_at - sent)
            (reply,) = self._redis.scripts.run_many([_extension(holding, lease)])
            with self._mutex:
                if reply == 1 and holding.held:
                    holding.lengthened(sent, lease, self._measured.current().renew_after(lease))
                    return True
        finally:
            with self._renewed:
                holding.renewing = False
                self._renewed.notify_all()
            self._look_now()
        if not holding.lost:
            self.remove(holding)
            self._lose([(holding, TAKEN)])
        return False

    def _keep_renewal_out(self, holding: Holding) -> None:
        """Let no renewal run beside this: two writers of one lease's end would not know the
        later."""
        with self._renewed:
            while holding.renewing and holding.held:
                self._renewed.wait(holding.safe_until - monotonic())
            holding.renewing = True

    def left_behind(self) -> list[Holding]:
        """Holdings that no thread gives back: of threads that have ended, and of the process."""
        with self._mutex:
            mine = [one for one in self._holdings if not one.inherited]
        return [one for one in mine if one.orphaned or one.of_process]

    def close(self) -> None:
        """End the threads; leases end by themselves."""
        self.ending = False
        self._clock.stop()
        self._renewal.stop()
        self._checks_at = inf

    def __len__(self) -> int:
        return len(self._holdings)

    def _look(self) -> float:
        now = monotonic()
        with self._mutex:
            holdings = list(self._holdings)
            ended = [one for one in holdings if one.safe_until <= now]
            for holding in ended:
                self._holdings.discard(holding)
            due = any(one.looked_at <= now < one.safe_until for one in holdings)
            resting = not holdings and now - self._used_at >= IDLE
            # The end counts, too: a renewal that begins now says nothing when it hangs.
            checks = [at for one in holdings for at in (one.looked_at, one.safe_until) if at > now]
            self._checks_at = inf if resting else min([now + TICK, *checks])
            long_held = any(now - one.taken_at >= self._long for one in holdings)
        if due:
            self._renewal.start()
            self._renew_now()
        if long_held:
            self._on_long_held()
        watched = [one for one in ended if one.watched and not one.inherited]
        self._lose((one, one.why_it_ends) for one in watched)
        return self._checks_at - now

    def _lose(self, lost: Iterable[tuple[Holding, str]]) -> None:
        """Mark locks as lost, each with its cause, and write one line on all of one cause."""
        by_cause: dict[str, list[Holding]] = {}
        for holding, why in lost:
            if holding.lose():
                by_cause.setdefault(why, []).append(holding)
        for why, holdings in by_cause.items():
            text = f"locks lost: %d, such as '%s' (token %d): {why}"
            line = self._lines.setdefault(why, FoldedLine(log, logging.WARNING, text))
            line.note(len(holdings), holdings[0].key, holdings[0].token)

    def _renew(self) -> float:
        """Renew the leases that are due, and let the other thread say when the next is.

        Ended leases are left to that thread: nothing here may go round without a pause, since
        fail-fast replies at once and greenlets share one thread.
        """
        now = monotonic()
        with self._mutex:
            renewing: list[Holding] = []
            orphans: list[Holding] = []
            for holding in list(self._holdings):
                if holding.renewing:
                    continue
                if holding.renews and holding.due <= now < holding.safe_until:
                    if not holding.orphaned:
                        renewing.append(holding)
                    elif not self.ending:
                        orphans.append(holding)
            for holding in orphans:
                self._holdings.discard(holding)
            for holding in renewing:
                holding.renewing = True
        for holding in orphans:
            log.warning("lock '%s' was not given back by its thread, which ended", holding.key)
        if renewing:
            self._renew_all(renewing)
            self._look_now()
        return inf

    def _renew_all(self, holdings: list[Holding]) -> None:
        sent = monotonic()
        replies = list(zip(holdings, self._extend(holdings, sent), strict=True))
        self._lose((one, TAKEN) for one, reply in replies if not self._settle(one, reply, sent))
        failed = [(one.key, reply) for one, reply in replies if isinstance(reply, Exception)]
        if failed:
            self._late.note(len(failed), *failed[0])

    def _extend(self, holdings: list[Holding], sent: float) -> list[Any]:
        calls = [_extension(one, one.lease) for one in holdings]
        try:
            replies = self._redis.scripts.run_many(calls, raise_errors=False)
        except REDIS_UNAVAILABLE as error:
            return [error] * len(holdings)
        if not any(isinstance(reply, Exception) for reply in replies):
            self._measured.note(sent)
        return replies

    def _settle(self, holding: Holding, reply: Any, sent: float) -> bool:
        """Act on the reply to a renewal, unless the lock was given back or lost meanwhile; False:
        it is lost by the reply.
        """
        with self._renewed:
            self._renewed.notify_all()
            if holding not in self._holdings or not holding.held:
                # The caller may have learned that it does not hold, which stays true.
                return True
            if reply == 1:
                renew_after = self._measured.current().renew_after(holding.lease)
                holding.renewed(sent, renew_after)
                return True
            if isinstance(reply, Exception):
                holding.postpone()
                return True
            self._holdings.discard(holding)
        return False


def _extension(holding: Holding, lease: float) -> tuple[Script, list[str], list[str | int]]:
    """The command that asks Redis for a lease of ``lease`` seconds from now on."""
    keys = [holding.keys.lock]
    if lease > holding.granted:
        # A waiter would take it for one of a clock that was set back, and cut it.
        keys.append(holding.keys.longer)
    return EXTEND, keys, [holding.value, milliseconds(lease)]
