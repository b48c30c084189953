"""The cost of one decision by policies, beside things of a known size.

``python -m benchmarks policy [--rounds N] [--json FILE]`` measures in turns: a look-up in a dict,
an empty ``evalsha`` by redis-py on a server of its own, one rule and the default bundle in process,
and the default bundle on an OPA server, where ``opa`` can be had. In process is in the thread that
owns the compiled policies, as under an event loop; a row says where a call is handed over to it.

Decisions by the default bundle are made as the application makes them, without the cache: an input
is written as JSON, and the rules that can matter for its permission are evaluated under the
deadline.
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
from tempfile import TemporaryDirectory
from typing import Any

import redis

from tests.support.bundles import default_bundle, rules
from tests.support.opa import OpaServer
from tests.support.redis_servers import start_valkey
from yoto.rooms.policies import (
    CompiledPolicies,
    EmbeddedEngine,
    EvaluationDeadline,
    OpaEngine,
    OpaSettings,
    Verdict,
)
from yoto.rooms.policies.engine.embedded.owner import Kept
from yoto.rooms.policies.partial import Topic

ROUNDS = 60
CALLS = 50  # in a round, of each contestant, before the next one's turn

# The action changes a server that has access hours and blocked networks; all of it is allowed.
SERVER: dict[str, Any] = {
    "subject": {"id": 1},
    "action": {"name": "server.manage", "names": ["*", "server.*", "server.manage"]},
    "resource": {
        "scope": "server",
        "id": 2,
        "server": {
            "id": 2,
            "owner_id": 9,
            "time_zone": "Asia/Tokyo",
            "access_hours": {"days": ["mon", "fri"], "from": "08:00", "to": "20:00"},
            "blocked_networks": ["10.0.0.0/8", "2001:db8::/32"],
            "device_required": False,
        },
    },
    "context": {
        "time": 1_790_934_044,
        "ip": "192.168.0.9",
        "environment": {"emergency": False},
        "device": {"registered": True},
    },
}
CHANNEL: dict[str, Any] = {
    **SERVER,
    "subject": {"id": 1, "clearance": 4},
    "resource": {
        **SERVER["resource"],
        "scope": "channel",
        "channel": {"sensitivity": 2, "hours": SERVER["resource"]["server"]["access_hours"]},
        "usage": {"members": 2},
    },
    "context": {
        **SERVER["context"],
        "risk": {"score": 10},
        "quota": {"send": {"remaining": 9}},
        "environment": {"load": 0.1, "error_rate": 0, "maintenance": False, "emergency": False},
    },
}
# Documents under which every rule judges every permission.
EVERYWHERE: dict[str, Any] = {
    "hours": {
        "business": {
            "*": {**SERVER["resource"]["server"]["access_hours"], "time_zone": "Asia/Tokyo"}
        },
        "access": ["*"],
        "posting": ["*"],
    },
    "network": {
        "block": {"*": ["203.0.113.0/24"]},
        "allow": {"*": ["192.168.0.0/16"]},
        "servers": ["*"],
    },
    "risk": {"limits": {"*": 90}},
    "quota": {
        "reserves": {"*": {"limiter": "send", "remaining": 5}},
        "resources": {"*": {"counted": "members", "below": 3}},
    },
    "threat": {
        "permissions": ["*"],
        "networks": [{"cidr": "203.0.113.0/24", "source": "feed", "until": None}],
        "accounts": [{"id": 7, "source": "case 7", "until": None}],
    },
    "environment": {
        "load": {"*": 0.8},
        "error_rate": {"*": 0.5},
        "maintenance": ["*"],
        "emergency": ["*"],
    },
    "device": {"required": ["*"], "servers": ["*"]},
}

ONE_RULE = rules('deny contains "muted" if input.subject.muted == true')

encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode

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
    """Calls from the thread that owns the compiled policies, without handing over."""
    run = direct(call)

    def calls(times: int) -> list[float]:
        def job(_: Kept) -> list[float]:
            return run(times)

        return engine.owner.run(job)

    return calls


def decision(compiled: CompiledPolicies, document: dict[str, Any]) -> Callable[[], Verdict]:
    """One decision; the policies allow the document, and its topic is known."""

    def decide() -> Verdict:
        return compiled.about(Topic.of(document)).evaluate(encode(document))

    assert decide().allow
    return decide


def contestants(stack: ExitStack) -> dict[str, Contestant]:
    """All contestants; their resources end with ``stack``."""
    server = stack.enter_context(start_valkey())
    client = stack.enter_context(redis.Redis(port=server.port))
    sha = client.script_load("return 1")
    table = {number: number for number in range(10_000)}
    folder = Path(stack.enter_context(TemporaryDirectory()))
    engine = EmbeddedEngine(EvaluationDeadline(folder))
    stack.callback(engine.close)
    one, bundle = engine.compile(ONE_RULE), engine.compile(default_bundle())
    strict = engine.compile(default_bundle(EVERYWHERE))
    small, full = '{"subject": {"muted": false}}', encode(SERVER)
    by_hours, by_all = decision(bundle, SERVER), decision(strict, CHANNEL)
    found: dict[str, Contestant] = {
        "dict look-up": direct(lambda: table[4711]),
        "empty evalsha": direct(lambda: client.evalsha(sha, 1, "yoto:{bench}")),
        "one rule": inside(engine, lambda: one.evaluate(small)),
        "one rule, handed over": direct(lambda: one.evaluate(small)),
        "default bundle, hours and networks judge": inside(engine, by_hours),
        "default bundle, handed over": direct(by_hours),
        "default bundle, everything judges": inside(engine, by_all),
        "default bundle, every rule evaluated": inside(engine, lambda: bundle.evaluate(full)),
    }
    opa = shutil.which("opa")
    if opa is not None:
        remote_server = stack.enter_context(OpaServer(opa).start())
        remote = OpaEngine(OpaSettings(remote_server.url, timeout=10.0))
        stack.callback(remote.close)
        on_server = remote.compile(default_bundle())
        found["default bundle, OPA server"] = direct(lambda: on_server.evaluate(full))
    return found


def main() -> None:
    """Measure and print; medians in microseconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="turns of each contestant")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    taken: dict[str, list[float]] = {}
    with ExitStack() as stack:
        runs = contestants(stack)
        for _ in range(arguments.rounds):
            for name, run in runs.items():
                taken.setdefault(name, []).extend(run(CALLS))
    medians = {name: statistics.median(times) * 1e6 for name, times in taken.items()}
    script = medians["empty evalsha"]
    for name, median in medians.items():
        print(f"{name:42} {median:10.2f} us {median / script:8.2f} of an empty script call")
    if arguments.json:
        arguments.json.write_text(json.dumps(medians, indent=2) + "\n")
