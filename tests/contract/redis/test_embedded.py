"""The embedded server, with real processes that come, go and die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.contract.redis.scripts import COUNT, EMPTY
from tests.support.waiting import wait_until
from yoto.errors import ConfigurationError, StoreUnavailable
from yoto.redis import EmbeddedServer, RedisConnection, RedisSettings
from yoto.redis import embedded as embedded_module

ROOT = Path(__file__).parents[3]


class User:
    """Another process that uses the embedded server of a folder."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.user_process", str(folder), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            process_group=0,
        )

    def say(self, word: str) -> None:
        """Send a request without waiting for the answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        """The answer to the oldest request."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def ask(self, word: str) -> str:
        self.say(word)
        return self.hear()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def interrupt(self) -> None:
        """Send SIGINT to the whole process group of the foreground, as Ctrl-C does."""
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait()

    def leave(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder whose server is gone when the test is over."""
    yield tmp_path / "redis"
    socket_path = EmbeddedServer(tmp_path / "redis").socket_path
    wait_until(lambda: not socket_path.exists(), what="the embedded server to stop")


@pytest.fixture
def user(folder: Path) -> Iterator[Callable[..., User]]:
    """Starts processes that use the folder's server."""
    users: list[User] = []

    def start(*arguments: str) -> User:
        users.append(User(folder, *arguments))
        return users[-1]

    yield start
    for user in users:
        user.leave()


@pytest.fixture
def connection(folder: Path) -> Iterator[RedisConnection]:
    connection = RedisConnection(RedisSettings(embedded_dir=folder))
    yield connection
    connection.close()


def server_pid(connection: RedisConnection) -> int:
    return int(connection.client.info("server")["process_id"])


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        # It may go between two looks.
        return True


def works(connection: RedisConnection) -> bool:
    try:
        return connection.scripts.run(EMPTY, ["k"]) == 1
    except StoreUnavailable:
        return False


def test_it_starts_at_the_first_use_in_a_folder_of_its_own(
    folder: Path, connection: RedisConnection
) -> None:
    assert not folder.exists()
    assert connection.scripts.run(EMPTY, ["k"]) == 1
    assert connection.topology.kind == "embedded"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "server.sock").is_socket()
    assert psutil.Process(server_pid(connection)).net_connections("inet") == []


def test_it_keeps_nothing_on_disk(folder: Path, connection: RedisConnection) -> None:
    connection.client.set("k", "v")
    assert connection.client.config_get("save")["save"] == ""
    connection.close()
    wait_until(lambda: not (folder / "server.sock").exists())
    assert connection.client.get("k") is None
    assert not list(folder.glob("*.rdb"))


def test_processes_of_a_folder_share_it(
    user: Callable[..., User], connection: RedisConnection
) -> None:
    assert connection.scripts.run(COUNT, ["counter"]) == 1
    assert user().ask("count") == "2"
    assert connection.scripts.run(COUNT, ["counter"]) == 3


def test_processes_that_start_together_start_one_server(user: Callable[..., User]) -> None:
    users = [user() for _ in range(4)]
    for one in users:
        one.say("server")
    assert len({one.hear() for one in users}) == 1


def test_it_ends_with_the_last_process(
    user: Callable[..., User], connection: RedisConnection
) -> None:
    other = user()
    pid = int(other.ask("server"))
    assert server_pid(connection) == pid
    connection.close()
    assert other.ask("count") == "1"
    assert not gone(pid)
    assert other.ask("close") == "closed"
    wait_until(lambda: gone(pid))


def test_a_killed_process_leaves_the_server_to_the_others(
    user: Callable[..., User], connection: RedisConnection
) -> None:
    assert connection.scripts.run(COUNT, ["counter"]) == 1
    other = user()
    assert other.ask("count") == "2"
    other.kill()
    assert connection.scripts.run(COUNT, ["counter"]) == 3


def test_the_last_process_may_be_killed_and_the_server_ends_too(
    user: Callable[..., User],
) -> None:
    one, other = user(), user()
    pid = int(one.ask("server"))
    assert int(other.ask("server")) == pid
    one.kill()
    other.kill()
    wait_until(lambda: gone(pid))


def test_ctrl_c_of_a_process_does_not_reach_it(
    user: Callable[..., User], connection: RedisConnection
) -> None:
    starter = user()
    pid = int(starter.ask("server"))
    assert server_pid(connection) == pid
    starter.interrupt()
    assert server_pid(connection) == pid


def test_a_forked_child_keeps_it_alive(user: Callable[..., User]) -> None:
    parent = user()
    assert parent.ask("count") == "1"
    pid = int(parent.ask("server"))
    assert parent.ask("fork") == "forked"
    parent._process.wait()
    assert parent.ask("count") == "2"
    assert int(parent.ask("server")) == pid


def test_a_server_that_died_is_started_again(connection: RedisConnection) -> None:
    assert works(connection)
    pid = server_pid(connection)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: works(connection))
    assert server_pid(connection) != pid


def test_a_server_whose_keeper_died_is_used_on_and_stopped_in_the_end(
    folder: Path, user: Callable[..., User], connection: RedisConnection
) -> None:
    assert connection.scripts.run(COUNT, ["counter"]) == 1
    server = psutil.Process(server_pid(connection))
    supervisor = server.parent()
    assert supervisor is not None and "supervisor.py" in " ".join(supervisor.cmdline())
    supervisor.kill()
    wait_until(lambda: gone(supervisor.pid))
    other = user()
    assert other.ask("count") == "2"
    assert other.ask("close") == "closed"
    connection.close()
    wait_until(lambda: gone(server.pid))


def test_leftovers_of_a_crash_are_in_nobodys_way(folder: Path, connection: RedisConnection) -> None:
    assert works(connection)
    server = psutil.Process(server_pid(connection))
    supervisor = server.parent()
    assert supervisor is not None
    supervisor.kill()
    server.kill()
    connection.close()
    wait_until(lambda: gone(server.pid) and gone(supervisor.pid))
    assert (folder / "server.sock").exists()
    assert works(connection)


def test_a_server_that_hangs_is_not_replaced_by_a_second_one(
    folder: Path, connection: RedisConnection
) -> None:
    assert works(connection)
    pid = server_pid(connection)
    os.kill(pid, signal.SIGSTOP)
    try:
        second = EmbeddedServer(folder)
        with pytest.raises(StoreUnavailable):
            second.attach()
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: works(connection))
    assert server_pid(connection) == pid


def test_a_folder_whose_path_is_too_long_for_a_socket_works(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30) / "redis"
    connection = RedisConnection(RedisSettings(embedded_dir=folder))
    assert works(connection)
    path = EmbeddedServer(folder).socket_path
    assert len(os.fsencode(path)) <= 100
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert path != EmbeddedServer(folder.with_name("other")).socket_path
    connection.close()
    wait_until(lambda: not path.exists())
    path.parent.rmdir()


def test_a_folder_that_is_somebody_elses_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "redis").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        EmbeddedServer(tmp_path / "redis").attach()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        EmbeddedServer(tmp_path / "file" / "redis").attach()


def test_a_server_that_python_lives_in_is_not_taken_for_python(
    folder: Path, connection: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As under uWSGI, in an environment that has a Python of its own.
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")
    assert connection.client.ping()


def test_a_keeper_that_cannot_be_started_is_a_store_that_is_away(
    folder: Path, connection: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_module, "python", lambda: "/bin/false")
    with pytest.raises(StoreUnavailable, match="did not start"):
        connection.client.ping()


def test_a_server_that_cannot_start_is_told_at_once(
    folder: Path, connection: RedisConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_module, "server_binary", lambda: Path("/bin/false"))
    with pytest.raises(StoreUnavailable, match="server.log"):
        connection.client
    monkeypatch.undo()
    assert works(connection)


@pytest.mark.parametrize("event_loop", ["eventlet", "gevent"])
def test_it_works_under_event_loops(user: Callable[..., User], event_loop: str) -> None:
    one, other = user(event_loop), user(event_loop)
    assert one.ask("count") == "1"
    assert other.ask("count") == "2"
    one.kill()
    assert other.ask("count") == "3"
