from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.redis_servers import start_valkey

ROOT = Path(__file__).parents[3]
LOOP_PROCESS = [sys.executable, "-m", f"{__package__}.loop_process"]
# s; on a busy machine a process that shall be stopped within this is.
TIMEOUT = 3.0


@pytest.mark.parametrize("event_loop", ["eventlet", "gevent"])
def test_a_stall_of_the_loop_is_no_silence_and_waiting_lets_others_run(event_loop: str) -> None:
    with (
        start_valkey() as server,
        subprocess.Popen(
            [*LOOP_PROCESS, event_loop, server.url, str(TIMEOUT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None

        def go_on() -> None:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()

        assert process.stdout.readline() == "connected\n"
        server.pause()
        go_on()
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGSTOP)
        server.resume()
        time.sleep(TIMEOUT * 1.2)
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "0\n"
        assert process.stdout.readline() == "ready\n"
        server.pause()
        go_on()
        outcome, ticks = process.stdout.readline().split()
        server.resume()
    assert outcome == "StoreUnavailable"
    # The call waited for seconds; a blocked loop would have let one or two through.
    assert int(ticks) > 10
