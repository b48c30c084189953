"""Starts Yoto: ``python run.py [--host H] [--port P] [--workers N]``.

The async mode must be known, and its monkey-patching done, before anything else is imported; so
only the standard library is imported above ``main``.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import os
import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from flask import Flask

DEFAULT_ASYNC_MODE = "eventlet"
OLDEST_PYTHON = (3, 11)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line. Options that are not given come from the configuration."""
    parser = argparse.ArgumentParser(description="Start Yoto.")
    parser.add_argument("--host", help="address to listen on (YOTO_HOST, default 127.0.0.1)")
    parser.add_argument(
        "--port", type=port_number, help="port, 0 for any free one (YOTO_PORT, 5000)"
    )
    parser.add_argument("--workers", type=int, default=1, help="processes on that port")
    # How a master starts its workers: the socket that listens, and the one that ties them to it.
    parser.add_argument("--lifeline", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers: at least 1")
    return options


def port_number(text: str) -> int:
    """A port from the command line."""
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to 65535")
    return port


def unmet_need(mode: str) -> str | None:
    """The need to serve in ``mode`` that this Python does not meet, as one line; None: none."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        return f"Yoto needs Python 3.11 or later; this is {found} ({sys.executable})"
    if mode in ("eventlet", "gevent") and find_spec(mode) is None:
        return (
            f"configuration: ASYNC_MODE: '{mode}' needs the package {mode}, which is not installed:"
            f" {sys.executable} -m pip install {mode}"
        )
    if mode == "threading" and not hasattr(os, "fork"):
        return (
            "configuration: ASYNC_MODE: threads are served by gunicorn, which this system cannot"
            " run: pip install waitress, then waitress-serve --threads 50 wsgi:application"
        )
    return None


def load_regopy() -> None:
    """Import regopy where policies are going to run on it: it has to come before greenlet."""
    if os.environ.get("YOTO_POLICY_ENGINE") != "opa" and find_spec("regorus") is None:
        with suppress(ImportError):
            import regopy  # noqa: F401


def monkey_patch(mode: str) -> None:
    """Make the standard library cooperative when ``mode`` asks for it."""
    if mode == "eventlet":
        import warnings

        # eventlet says at import that it is in maintenance; docs/adr/0001 says why it is here.
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
        # It would look names up in Python, with 8 MB of modules; threads can, as gevent's ten do.
        os.environ["EVENTLET_NO_GREENDNS"] = "yes"
        os.environ.setdefault("EVENTLET_THREADPOOL_SIZE", "10")
        import eventlet

        look_up_in_threads()
        eventlet.monkey_patch()
    elif mode == "gevent":
        from gevent import monkey

        monkey.patch_all()


def look_up_in_threads() -> None:
    """Let eventlet look names up in its pool of threads, so that only the caller waits.

    What is an address already needs no thread.
    """
    from eventlet import tpool
    from eventlet.green import socket as green

    find = green.getaddrinfo

    def getaddrinfo(
        host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        asked = host, port, family, type, proto
        try:
            return find(*asked, flags | socket.AI_NUMERICHOST)
        except socket.gaierror:
            return tpool.execute(find, *asked, flags)

    green.getaddrinfo = getaddrinfo
    for name in ("gethostbyname", "gethostbyname_ex", "getnameinfo"):
        setattr(green, name, partial(tpool.execute, getattr(green, name)))


def application() -> Flask:
    """The application as it is configured, which from then on says how is logged."""
    from app import create_app
    from app.extensions import events
    from yoto.logs import configure_app

    app = create_app()
    configure_app(app, events.of(app).instance_id)
    return app


def threaded() -> Flask:
    """The application as ``run.py`` makes it, for threads unless ``YOTO_ASYNC_MODE`` says other."""
    from yoto.errors import ConfigurationError

    os.environ.setdefault("YOTO_ASYNC_MODE", "threading")
    app = application()
    if app.config["ASYNC_MODE"] == "eventlet":
        raise ConfigurationError("ASYNC_MODE", "must be threading or gevent under a WSGI server")
    return app


class ForkedApplication:
    """The application of each process: one that is forked off gets its own.

    Its work in the background begins with the first request of a process, unless ``begin`` is
    called before, and ends with the process.
    """

    def __init__(self) -> None:
        """Make it; nothing connects and no thread starts."""
        import threading

        self._made_in, self._app = os.getpid(), threaded()
        self._serves_in: int | None = None
        self._lock = threading.Lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """As WSGI has it."""
        if self._serves_in != os.getpid():
            self.begin()
            if not (environ.get("wsgi.multithread") or self.config["ASYNC_MODE"] == "gevent"):
                import logging

                logging.getLogger("yoto.serving").warning(
                    "this worker answers one request at a time: it takes no websockets, so pages"
                    " ask at intervals, and whoever sends slowly holds it up; use threads"
                    " (--worker-class gthread --threads N)"
                )
        return self._app(environ, start_response)

    @property
    def config(self) -> Mapping[str, Any]:
        """Of the application."""
        return self._app.config

    def _forked(self) -> None:
        import threading

        # Whoever had it is a thread of the parent.
        self._lock = threading.Lock()

    def begin(self) -> None:
        """Begin the work in the background of this process; again changes nothing."""
        from app import close_app, initialize_permission_platform
        from app.server import install_tracer

        with self._lock:
            pid = os.getpid()
            if self._serves_in == pid:
                return
            if self._made_in != pid:
                # The id and the connections of the one that was there belong to the parent.
                self._made_in, self._app = pid, threaded()
            install_tracer(self._app.config["TRACER_PROVIDER"])
            initialize_permission_platform(self._app)
            atexit.register(close_app, self._app)
            self._serves_in = pid


def log_early(environ: Mapping[str, str]) -> None:
    """Log before there is an application, as the class that the environment names says."""
    from config import CLASSES, Base
    from yoto.logs import configure_early

    chosen = CLASSES.get(environ.get("YOTO_ENVIRONMENT") or "development", Base)
    configure_early(environ, level=chosen.LOG_LEVEL, format=chosen.LOG_FORMAT)


def work(options: argparse.Namespace, mode: str) -> None:
    """Serve in this process until told to stop."""
    app = application()

    from app import close_app, initialize_permission_platform
    from app.cli.startup import prepare
    from app.extensions import socketio
    from app.server import bind, install_tracer
    from app.server.listener import BACKLOG, make_room
    from yoto.errors import ConfigurationError

    if app.config["ASYNC_MODE"] != mode:
        raise ConfigurationError(
            "ASYNC_MODE", f"is patched as '{mode}': set it by the variable YOTO_ASYNC_MODE"
        )
    install_tracer(app.config["TRACER_PROVIDER"])
    host, port = address(options, app.config)
    make_room(app.config["CONNECTIONS_MAX"] + app.config["SOCKETS_MAX"])
    lifeline: socket.socket | None = None
    if options.lifeline is None:
        listener = bind(host, port)
        prepare(app)
    else:
        listener, lifeline = (socket.socket(-1, -1, -1, one) for one in options.lifeline)
    initialize_permission_platform(app)
    # The start's objects stay: to go through them again would hold up every request for 0.2 s.
    gc.collect()
    gc.freeze()
    if lifeline is None:
        listener.listen(BACKLOG)
        announce(host, listener.getsockname()[1])
    with app.app_context():
        socketio.run(app, listener, app.config["DRAIN_SECONDS"], lifeline)
    close_app(app)


def supervise(options: argparse.Namespace, mode: str) -> int:
    """Prepare the database once, then keep the workers alive; the exit code."""
    app = application()

    from app.cli.startup import prepare
    from app.extensions import fleet, permissions, policy
    from app.server import bind
    from app.server.listener import make_room
    from app.server.master import serve_workers
    from yoto.errors import ConfigurationError, StoreUnavailable

    if app.config["MONITOR_BACKEND"] == "memory" and options.workers > 1:
        raise ConfigurationError(
            "MONITOR_BACKEND", "must be 'redis' with several workers: memory holds those of one"
        )
    if app.config["ASYNC_MODE"] != mode:
        raise ConfigurationError(
            "ASYNC_MODE", f"is served as '{mode}': set it by the variable YOTO_ASYNC_MODE"
        )
    host, port = address(options, app.config)
    bound = bind(host, port)
    prepare(app)
    # Background work that this began is the workers' to do.
    permissions.close(app)
    policy.of(app).close()

    def on_end(pid: int, code: int) -> None:
        # Without Redis nobody is told; the log has it.
        with suppress(StoreUnavailable):
            fleet.of(app).record_end(socket.gethostname(), pid, code)

    # A worker that begins while Redis is away knows by it how many share a limit.
    if not app.config["LOCAL_SHARE_WORKERS"]:
        os.environ["YOTO_LOCAL_SHARE_WORKERS"] = str(options.workers)
    kind: dict[str, Any] = {"command": [os.path.abspath(__file__), "--lifeline"]}
    if mode == "threading":
        from app.server.threads import settings_of

        kind = {"make": ForkedApplication, **settings_of(app.config)}
        make_room(app.config["CONNECTIONS_MAX"] + app.config["SOCKETS_MAX"])
        gc.collect()
        gc.freeze()
    return serve_workers(
        bound,
        app.config,
        options.workers,
        on_listening=lambda port: announce(host, port, options.workers),
        on_end=on_end,
        **kind,
    )


def address(options: argparse.Namespace, config: dict[str, object]) -> tuple[str, int]:
    """Where to listen: the command line over the configuration."""
    host = options.host or config["HOST"]
    port = config["PORT"] if options.port is None else options.port
    return host, port


def announce(host: str, port: int, workers: int = 1) -> None:
    """Print the address, so that a person can click it and a script can read it."""
    shown = f"[{host}]" if ":" in host else host
    many = f" with {workers} workers" if workers > 1 else ""
    pages = "communities: /; control plane: /control/; API: /api/docs"
    print(f"Yoto listens on http://{shown}:{port}{many}; {pages}", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run one worker in this process, or a supervisor of several; the exit code."""
    options = parse(arguments)
    mode = os.environ.get("YOTO_ASYNC_MODE", DEFAULT_ASYNC_MODE)
    # The allocator of regorus would take 3 MB more, in the huge pages that it asks for at once.
    os.environ.setdefault("MIMALLOC_ARENA_EAGER_COMMIT", "0")
    unmet = unmet_need(mode)
    if unmet is not None:
        print(unmet, file=sys.stderr)
        return os.EX_CONFIG
    load_regopy()
    supervised = options.workers > 1 or mode == "threading"
    if not supervised:
        monkey_patch(mode)

    from yoto.errors import ConfigurationError, StoreUnavailable

    log_early(os.environ)
    try:
        if supervised:
            return supervise(options, mode)
        work(options, mode)
    except ConfigurationError as error:
        print(f"configuration: {error}", file=sys.stderr)
        return os.EX_CONFIG
    except StoreUnavailable as error:
        print(error, file=sys.stderr)
        return os.EX_UNAVAILABLE
    return 0


def end(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which lasts for seconds.

    What the work needs at its end was done by ``close_app``; others, such as an SDK that still has
    spans to send, ask for their turn by ``atexit``.
    """
    threads = sys.modules.get("eventlet.tpool")
    if threads is not None:
        # It waits for the password hash that a request which outlasted the drain began.
        atexit.unregister(threads.killall)
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    end(main(sys.argv[1:]))
