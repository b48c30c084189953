"""The process that owns the embedded server of a folder: it starts and stops it.

Run as ``python supervisor.py BINARY FOLDER SOCKET``; it detaches at once. Every user holds a shared
lock on ``users.lock``. The supervisor waits for the exclusive one, which the kernel grants when the
last user is gone, however it went. It needs nothing but the standard library.
"""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

USERS_LOCK = "users.lock"  # held shared by every user
LOG_FILE = "server.log"

ANSWER_LIMIT = 1.0  # s for one PING
STOP_LIMIT = 5.0  # s for a clean stop
WATCH_INTERVAL = 1.0  # s between looks at a server that is not our child


def say(path: Path, command: bytes) -> bytes:
    """Send an inline command to the server behind a unix socket and return its first bytes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(ANSWER_LIMIT)
        link.connect(str(path))
        link.sendall(command + b"\r\n")
        return link.recv(64)


def responds(path: Path) -> bool:
    """Whether a server behind ``path`` takes commands now."""
    try:
        return say(path, b"PING").startswith(b"+PONG")
    except OSError:
        return False


def keep(binary: Path, folder: Path, path: Path) -> None:
    """Start or adopt the server, and return when its last user is gone and it is stopped."""
    # A server may have outlived its supervisor; its users are still connected to it.
    server = None if responds(path) else _start(binary, folder, path)
    threading.Thread(target=_leave_with, args=(server, path), daemon=True).start()
    users_lock = os.open(folder / USERS_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users_lock, fcntl.LOCK_EX)
    _stop(server, path)


def _start(binary: Path, folder: Path, path: Path) -> subprocess.Popen[bytes]:
    path.unlink(missing_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "save": "",
        "appendonly": "no",
        "dir": str(folder),
        "logfile": str(folder / LOG_FILE),
        "loglevel": "warning",
    }
    arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
    return subprocess.Popen([str(binary), *arguments], stdin=subprocess.DEVNULL)


def _leave_with(server: subprocess.Popen[bytes] | None, path: Path) -> None:
    """End this process when the server ends, so that a user may start another."""
    if server is not None:
        server.wait()
    else:
        while responds(path):
            time.sleep(WATCH_INTERVAL)
    os._exit(0)


def _stop(server: subprocess.Popen[bytes] | None, path: Path) -> None:
    try:
        say(path, b"SHUTDOWN NOSAVE")
    except OSError:
        # It hangs up instead of answering, or it hangs.
        pass
    deadline = time.monotonic() + STOP_LIMIT
    while responds(path) and time.monotonic() < deadline:
        time.sleep(0.01)
    if server is not None and server.poll() is None:
        server.kill()
    path.unlink(missing_ok=True)


if __name__ == "__main__":
    if os.fork() == 0:
        keep(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
