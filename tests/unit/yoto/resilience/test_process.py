from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
FORK = """
import os
from yoto.resilience.process import current_pid
from yoto.resilience.runtime import RequestIds

request_id = RequestIds("me")
assert current_pid() == os.getpid()
read, write = os.pipe()
if os.fork() == 0:
    os.write(write, f"{current_pid() == os.getpid()} {request_id()}".encode())
    os._exit(0)
os.wait()
right, child_id = os.read(read, 1000).decode().split()
print(right, child_id != request_id())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_knows_its_own_id_and_makes_other_request_ids() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORK], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
