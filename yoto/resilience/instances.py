"""The living instances of the application, by their heartbeats."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise

from yoto.fleet import BEAT_SECONDS, GONE_AFTER_MS, Roster, Worker
from yoto.redis import REDIS_UNAVAILABLE, RedisConnection

from .shares import Shares

log = logging.getLogger(__name__)


class Instances:
    """Announces this instance, and counts and lists all of them.

    Guards work without the fleet, and count processes with guards: their list is one of its own.

    Attributes:
        own_id: the id of this instance.
    """

    def __init__(self, redis: RedisConnection, own_id: str, shares: Shares | None = None) -> None:
        """``shares`` are told how many instances there are."""
        self._roster = Roster(redis, partial(redis.keys.tagged, "instances"), GONE_AFTER_MS)
        self.own_id = own_id
        self._shares = shares
        self._count = 1

    def count(self) -> int:
        """The number at the last heartbeat, this one included; no round trip."""
        return self._count

    def announce(self) -> float:
        """Send a heartbeat; returns seconds until the next."""
        try:
            self._count = self._roster.beat(self.own_id).alive
            if self._shares is not None:
                self._shares.hear(self._count)
        except REDIS_UNAVAILABLE as error:
            log.debug("no heartbeat: %s", error)
        return BEAT_SECONDS

    def all(self) -> list[Worker]:
        """Every living instance; raises ``StoreUnavailable`` without Redis."""
        return self._roster.all()

    def leave(self) -> None:
        """Report that this instance ends, so that its heartbeat is not awaited."""
        try:
            self._roster.leave(self.own_id)
            if self._shares is not None:
                self._shares.vacate()
        except REDIS_UNAVAILABLE as error:
            log.debug("the others learn by its silence that this instance ended: %s", error)


# The options of gunicorn's command line, in the form of argparse, which reads it.
NAMES = ("-w", "--workers")
NAME_AND_NUMBER = re.compile(r"(?:--workers=|-w=?)(\d+)")


def workers_here(configured: int) -> int:
    """The number of workers that this process belongs to, by ``workers_of``; 0: unknown."""
    gunicorn = sys.argv if "gunicorn.arbiter" in sys.modules else None
    # The module that uWSGI puts into the interpreters of its workers.
    uwsgi = getattr(sys.modules.get("uwsgi"), "numproc", 0)
    return workers_of(os.environ, configured, gunicorn, uwsgi)


def workers_of(
    environ: Mapping[str, str],
    configured: int,
    gunicorn: Sequence[str] | None = None,
    uwsgi: int = 0,
) -> int:
    """The number of workers by the setting, the server or the environment.

    The requested number counts, and not the children of a parent: those are fewer while they begin,
    and one that believes it is alone takes the whole of a limit.

    Args:
        environ: the environment.
        configured: the setting; 0: not set.
        gunicorn: the command line of gunicorn, which its workers inherit; None under other servers.
        uwsgi: the processes of uWSGI; 0 under other servers.

    Returns:
        The number; 0: unknown.
    """
    asked = 0
    if gunicorn is not None:
        # The order of gunicorn: https://docs.gunicorn.org/en/stable/configure.html. Its
        # configuration file is code, and reports by a hook.
        asked = _option([*shlex.split(environ.get("GUNICORN_CMD_ARGS", "")), *gunicorn[1:]])
    return configured or asked or uwsgi or _number(environ.get("WEB_CONCURRENCY", ""))


def _option(words: Sequence[str]) -> int:
    """The number of workers in the words of a command line, where the last option counts."""
    asked = 0
    for word, following in pairwise([*words, ""]):
        if word in NAMES:
            asked = _number(following)
        elif found := NAME_AND_NUMBER.fullmatch(word):
            asked = _number(found[1])
    return asked


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
