"""The child process of a trial.

The request is an object with ``library``, ``modules``, ``tests``, ``data``, ``inputs`` (JSON
texts), ``cpu_seconds`` and ``memory_bytes``; the response
``{"passed": [...], "failed": [{"name", "reason"}], "skipped": [...]}``
or ``{"refused": {"policy", "reason"}}``.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.embedded.engine import EmbeddedEngine
from yoto.rooms.policies.engine.embedded.library import library
from yoto.rooms.policies.partial import Topic
from yoto.rooms.policies.rego.parser import syntax_of
from yoto.rooms.policies.sandbox.synthetic import inputs_for

# Exit code of a child that had no memory left.
NO_MEMORY = 77


def main() -> None:
    """Respond to the request on standard input."""
    question = json.load(sys.stdin)
    # The engine's own needs do not count as the bundle's: regopy reserves addresses by the GB.
    engine = EmbeddedEngine(library=library(question["library"]))
    engine.health()
    limit(question["cpu_seconds"], question["memory_bytes"])
    try:
        text = json.dumps(answer(engine, question))
    except MemoryError:
        sys.exit(NO_MEMORY)
    # A line of its own, whatever was printed before.
    sys.stdout.write("\n" + text)


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Let the system end this process when it takes more than this from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    memory = _address_space() + memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(engine: EmbeddedEngine, question: dict[str, Any]) -> dict[str, Any]:
    """The result of the trial of the bundle."""
    try:
        bundle = Bundle(question["modules"], question["tests"], question["data"])
        compiled = engine.compile(bundle)
        report = compiled.run_tests()
        made = inputs_for(syntax_of(bundle.modules), question["inputs"])
        for text in (*question["inputs"], *made):
            try:
                compiled.evaluate(text)
                # Evaluated as decisions are, which may evaluate more of the constant parts.
                compiled.about(Topic.of_text(text)).evaluate(text)
            except PolicyError:
                continue  # a deny, which the policies may mean
    except PolicyError as error:
        return {"refused": {"policy": error.policy, "reason": error.reason}}
    finally:
        engine.close()
    failed = [{"name": one.name, "reason": one.reason} for one in report.failed]
    return {"passed": report.passed, "failed": failed, "skipped": report.skipped}


def _address_space() -> int:
    """Bytes of address space now; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0
