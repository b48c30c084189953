"""``run.py`` as far as it serves nothing."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
import run
from app import close_app
from tests.support.log_lines import logging_restored
from tests.support.process import ROOT


@pytest.fixture
def restored() -> Iterator[None]:
    """Sets all logging back."""
    with logging_restored():
        yield


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("variable", "level"), [(None, "ERROR"), ("DEBUG", "DEBUG")])
def test_the_level_of_the_configuration_holds_unless_the_environment_says_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str | None, level: str
) -> None:
    monkeypatch.setenv("YOTO_ENVIRONMENT", "testing")
    monkeypatch.setenv("YOTO_INSTANCE_PATH", str(tmp_path))
    monkeypatch.delenv("YOTO_LOG_LEVEL", raising=False)
    if variable is not None:
        monkeypatch.setenv("YOTO_LOG_LEVEL", variable)
    monkeypatch.setattr(config.Testing, "LOG_LEVEL", "ERROR")
    close_app(run.application())
    assert logging.getLevelName(logging.getLogger().level) == level


@pytest.mark.usefixtures("restored")
def test_several_workers_are_not_measured_by_the_memory_of_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YOTO_ENVIRONMENT", "testing")
    monkeypatch.setenv("YOTO_INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("YOTO_MONITOR_BACKEND", "memory")
    assert run.main(["--workers", "2", "--port", "0"]) == os.EX_CONFIG
    assert "MONITOR_BACKEND: must be 'redis' with several workers" in capsys.readouterr().err


@pytest.mark.parametrize("mode", ["eventlet", "gevent"])
def test_a_mode_whose_package_is_not_installed_is_one_line_that_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    monkeypatch.setenv("YOTO_ASYNC_MODE", mode)
    monkeypatch.setitem(sys.modules, mode, None)  # as an import sees it that finds nothing
    assert run.main([]) == os.EX_CONFIG
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("configuration: ASYNC_MODE:") and f"pip install {mode}" in said


def test_an_older_python_is_one_line_that_says_which_is_needed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13, "final", 0))
    assert run.main([]) == os.EX_CONFIG
    said = capsys.readouterr().err
    assert said.startswith("Yoto needs Python 3.11 or later; this is 3.10.13")


LOOKS_UP = """
import _thread, socket, sys
import run

find, began, may_end = socket.getaddrinfo, _thread.allocate_lock(), _thread.allocate_lock()
began.acquire(), may_end.acquire()

def slow(host, *rest):
    if host == "far.example":
        if rest[-1] & socket.AI_NUMERICHOST:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        began.release()
        assert may_end.acquire(timeout=20), "whoever looks a name up holds up all others"
        host = "127.0.0.1"
    return find(host, *rest)

socket.getaddrinfo = slow
run.monkey_patch("eventlet")
import eventlet

listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
connecting = eventlet.spawn(socket.create_connection, ("far.example", port))
while not began.acquire(blocking=False):
    eventlet.sleep(0.01)
assert socket.getaddrinfo("127.0.0.1", 80) and socket.getaddrinfo("::1", 80)
may_end.release()
connecting.wait().close()
try:
    socket.getaddrinfo("nobody.invalid", 80)
except socket.gaierror as error:
    print("gaierror", "dns" in sys.modules)
"""


def test_who_looks_a_name_up_holds_up_nobody_else_under_eventlet() -> None:
    command = [sys.executable, "-c", LOOKS_UP]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "gaierror False\n", "")
