from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.redis_servers import start_valkey

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("event_loop", ["eventlet", "gevent"])
def test_a_call_that_waits_lets_other_greenlets_run(event_loop: str) -> None:
    with (
        start_valkey() as server,
        subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.loop_process", event_loop, server.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        server.pause()
        process.stdin.write("\n")
        process.stdin.flush()
        outcome, ticks = process.stdout.readline().split()
        server.resume()
    assert outcome == "StoreUnavailable"
    # The call waited a quarter of a second; a blocked loop would have let one or two through.
    assert int(ticks) > 10
