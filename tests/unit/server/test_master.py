"""What gunicorn's master is given of ours: a version that has it otherwise fails here."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.workers.base import Worker

from app.server.master import Anew, Master


def fake_master(pid: int, told: list[tuple[int, int]]) -> Any:
    """One that has a worker and listens."""
    master: Any = Master.__new__(Master)
    master.WORKERS = {pid: SimpleNamespace(tmp=SimpleNamespace(close=lambda: None))}
    master.LISTENERS = [None]
    master.app = SimpleNamespace(on_end=lambda *end: told.append(end))
    master.reexec_pid = master.dirty_arbiter_pid = 0
    master.log = SimpleNamespace(**dict.fromkeys(("debug", "info", "error", "warning"), print))
    master.cfg = SimpleNamespace(child_exit=lambda *_: None)
    return master


def ended(code: int) -> subprocess.Popen[bytes]:
    """A child that has ended so, and was not waited for."""
    program = f"import os; os.kill(os.getpid(), {-code}) if {code} < 0 else os._exit({code})"
    child = subprocess.Popen([sys.executable, "-c", program])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    return child


def test_gunicorn_has_what_is_overridden_and_used() -> None:
    for owner, names in (
        (Worker, ("init_process",)),
        (Arbiter, ("reap_workers", "handle_int", "handle_term", "WORKERS", "LISTENERS")),
    ):
        for name in names:
            assert hasattr(owner, name), name
    assert {name for name in vars(Anew) if not name.startswith("_")} == {"init_process"}


@pytest.mark.parametrize("code", [0, 3, -9, os.EX_CONFIG])
def test_the_master_knows_how_a_worker_ended(code: int) -> None:
    told: list[tuple[int, int]] = []
    child = ended(code)
    master = fake_master(child.pid, told)
    if code in (3, os.EX_CONFIG):
        # It would end so again.
        with pytest.raises(HaltServer) as end:
            master.reap_workers()
        assert end.value.exit_status == code
    else:
        master.reap_workers()
    child.wait()
    assert told == ([] if code == 3 else [(child.pid, code)]) and not master.WORKERS


def test_who_is_stopped_with_the_whole_is_no_news() -> None:
    told: list[tuple[int, int]] = []
    child = ended(os.EX_CONFIG)
    master = fake_master(child.pid, told)
    master.LISTENERS = []
    master.reap_workers()
    child.wait()
    assert not told and not master.WORKERS
