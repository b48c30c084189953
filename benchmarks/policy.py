"""What one decision by policies costs, beside things of a known size.

``python -m benchmarks policy [--json FILE]`` measures in turns: a look-up in a dict, an empty
``evalsha`` by redis-py on a server of its own, one rule and the default bundle in process (in the
thread that owns the compiled policies, as under an event loop, and handed over to it from another
one), and the default bundle on an OPA server, where ``opa`` can be had.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import redis

from app.core.policy import EmbeddedEngine, OpaEngine, OpaSettings
from app.core.policy.engine.embedded.owner import Kept
from tests.contract.policy.inputs import Inputs
from tests.support.bundles import default_bundle, rules
from tests.support.opa import OpaServer
from tests.support.redis_servers import start_valkey

ROUNDS = 60
CALLS = 50  # in a round, of each contestant, before the next one's turn

ONE_RULE = rules('deny contains "muted" if input.subject.muted == true')

# Runs a call so many times and gives the seconds of each.
Contestant = Callable[[int], list[float]]


def direct(call: Callable[[], object]) -> Contestant:
    """Calls from this thread."""

    def run(times: int) -> list[float]:
        taken: list[float] = []
        for _ in range(times):
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
        return taken

    return run


def inside(engine: EmbeddedEngine, call: Callable[[], object]) -> Contestant:
    """Calls from the thread that owns what is compiled, which are handed to nobody."""
    run = direct(call)

    def calls(times: int) -> list[float]:
        def job(_: Kept) -> list[float]:
            return run(times)

        return engine.owner.run(job)

    return calls


def contestants(stack: ExitStack) -> dict[str, Contestant]:
    """All of them; what they need ends with ``stack``."""
    server = stack.enter_context(start_valkey())
    client = stack.enter_context(redis.Redis(port=server.port))
    sha = client.script_load("return 1")
    table = {number: number for number in range(10_000)}
    engine = EmbeddedEngine()
    stack.callback(engine.close)
    one, whole = engine.compile(ONE_RULE), engine.compile(default_bundle())
    small, full = '{"subject": {"muted": false}}', json.dumps(Inputs(1).draw())
    found: dict[str, Contestant] = {
        "dict look-up": direct(lambda: table[4711]),
        "empty evalsha": direct(lambda: client.evalsha(sha, 1, "yoto:{bench}")),
        "one rule, in the owner's thread": inside(engine, lambda: one.evaluate(small)),
        "one rule, handed over": direct(lambda: one.evaluate(small)),
        "default bundle, in the owner's thread": inside(engine, lambda: whole.evaluate(full)),
        "default bundle, handed over": direct(lambda: whole.evaluate(full)),
    }
    opa = shutil.which("opa")
    if opa is not None:
        remote_server = stack.enter_context(OpaServer(opa).start())
        remote = OpaEngine(OpaSettings(remote_server.url, timeout=10.0))
        stack.callback(remote.close)
        compiled = remote.compile(default_bundle())
        found["default bundle, OPA server"] = direct(lambda: compiled.evaluate(full))
    return found


def main() -> None:
    """Measure and print; medians in microseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        runs = contestants(stack)
        for _ in range(ROUNDS):
            for name, run in runs.items():
                taken.setdefault(name, []).extend(run(CALLS))
    medians = {name: statistics.median(times) * 1e6 for name, times in taken.items()}
    script = medians["empty evalsha"]
    for name, median in medians.items():
        print(f"{name:40} {median:10.2f} us {median / script:8.2f} of an empty script call")
    if arguments.json:
        arguments.json.write_text(json.dumps(medians, indent=2) + "\n")
