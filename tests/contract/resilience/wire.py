"""Counts the commands that reach a server, as MONITOR shows them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.redis_servers import Server

LISTENING = "XREAD"
MARK = "the-end-of-what-was-watched"


@contextmanager
def commands_of(server: Server) -> Iterator[list[str]]:
    """The names of the commands that clients sent while the block ran, once it is over.

    Commands of scripts inside the server are left out, and so is listening to streams: that goes
    on beside every call, in threads of this test and of tests before it.
    """
    seen: list[str] = []
    with server.client() as watcher, server.client() as other, watcher.monitor() as monitor:
        # The first answer says that watching has begun.
        other.echo(MARK)
        while MARK not in monitor.next_command()["command"]:
            pass
        yield seen
        other.echo(MARK)
        while True:
            told = monitor.next_command()
            if MARK in told["command"]:
                return
            name = told["command"].split()[0].upper()
            if told["client_type"] != "lua" and name != LISTENING:
                seen.append(name)
