"""Workers under gunicorn's master, which starts, replaces and stops them, whatever serves."""

from __future__ import annotations

import logging
import math
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

from app.server.drain import CLOSE_SECONDS
from app.server.listener import BACKLOG

log = logging.getLogger(__name__)


class Anew(Worker):  # type: ignore[misc]
    """Begins as a process of its own, since eventlet and gevent patch before anything is imported.

    It ends when the other end of its lifeline does: a worker never outlives its master.
    """

    def init_process(self) -> None:
        """Instead of gunicorn's."""
        ends = self.sockets[0].fileno(), self.app.lifeline.fileno()
        # Our own interpreter and script; no shell.
        os.execv(sys.executable, [sys.executable, *self.app.command, *map(str, ends)])  # nosec B606


class Quiet(Logger):  # type: ignore[misc]
    """Gunicorn's log, as lines of ours."""

    def setup(self, cfg: Any) -> None:
        """Handlers are the root's."""
        self.error_log.handlers.clear()
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)


class Master(Arbiter):  # type: ignore[misc]
    """Gunicorn's; it also says how its workers ended."""

    # Ctrl-C reaches workers, too, and those that can finish their requests do.
    handle_int = Arbiter.handle_term

    def reap_workers(self) -> None:
        """As gunicorn's, which keeps how they ended to itself."""
        ended = {}
        for pid in list(self.WORKERS):
            with suppress(ChildProcessError):
                found = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                if found is not None:
                    by_itself = found.si_code == os.CLD_EXITED
                    ended[pid] = found.si_status if by_itself else -found.si_status
        super().reap_workers()
        # Once nothing listens, all are stopped.
        for pid, code in ended.items() if self.LISTENERS else ():
            log.warning("worker %d ended with %s", pid, code)
            self.app.on_end(pid, code)
            if code == os.EX_CONFIG:
                raise HaltServer("a worker refused its settings", code)


class Workers(BaseApplication):  # type: ignore[misc]
    """What gunicorn asks about its workers."""

    def __init__(
        self,
        make: Callable[[], Any],
        command: Sequence[str],
        settings: Mapping[str, Any],
        on_end: Callable[[int, int], None],
    ) -> None:
        self.make = make
        self.command = command
        self.settings = settings
        self.on_end = on_end
        # Not inherited, so that it ends with this process.
        self.held, self.lifeline = socket.socketpair()
        self.lifeline.set_inheritable(True)
        super().__init__()

    def load_config(self) -> None:
        """As gunicorn's; neither its command line nor its files say anything here."""
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application of a worker that is forked."""
        return self.make()

    def run(self) -> None:
        """As gunicorn's."""
        Master(self).run()


def serve_workers(
    bound: socket.socket,
    config: Mapping[str, Any],
    workers: int,
    on_listening: Callable[[int], None],
    on_end: Callable[[int, int], None],
    make: Callable[[], Any] = lambda: None,
    command: Sequence[str] = (),
    **settings: Any,
) -> int:
    """Serve until told to stop; the exit code, in the master and in each worker that is forked.

    Args:
        bound: a socket that does not listen yet; it is gunicorn's from now on.
        on_listening: called with the port as soon as connections are accepted.
        on_end: called with the process id and return code of each worker that ended, but for those
            that are stopped with the whole.
        make: the application of a forked worker; called in each.
        command: arguments of Python that start a worker of its own; the descriptors of its
            listening socket and of its lifeline follow.
        settings: gunicorn's, of the kind of worker.
    """
    port = bound.getsockname()[1]
    settings = {
        "bind": f"fd://{bound.detach()}",
        "workers": workers,
        "worker_class": Anew,
        "backlog": BACKLOG,
        # Longer than the workers' own: they close what they have open before they are killed.
        "graceful_timeout": math.ceil(config["DRAIN_SECONDS"] + CLOSE_SECONDS),
        "timeout": 0,
        "logger_class": Quiet,
        # Its thread would be there when a worker is forked.
        "control_socket_disable": True,
        "when_ready": lambda master: on_listening(port),
        "post_fork": lambda master, worker: log.info("worker %d started", worker.pid),
        **settings,
    }
    try:
        Workers(make, command, settings, on_end).run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
