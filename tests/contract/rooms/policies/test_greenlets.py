"""The embedded engine under an event loop whose threads are greenlets."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
import threading, time
from yoto.errors import PolicyError
from yoto.rooms.policies import Bundle, EmbeddedEngine

engine = EmbeddedEngine()
refused = []

def refuse():
    for _ in range(20):
        try:
            engine.compile(Bundle({"main": "package yoto.authz\\n\\ndeny contains"}))
        except PolicyError as error:
            refused.append(error)
        time.sleep(0)

threads = [threading.Thread(target=refuse) for _ in range(5)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(refused))
"""


def test_policies_are_refused_in_greenlets_also_where_rust_is_asked_for_its_stack() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "RUST_BACKTRACE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (ended.returncode, ended.stdout.strip()) == (0, "100"), ended.stderr
