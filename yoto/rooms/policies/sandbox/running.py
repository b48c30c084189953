"""Tries a bundle in a child process, before this one runs it.

Neither a parse nor an evaluation can be stopped in this process, and each holds Python's lock; a
policy that blows up would take the process with it. The child has limits of time and of memory.
"""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from yoto.child import child_command, child_environment
from yoto.errors import PolicyError
from yoto.rooms.policies.bundle import Bundle
from yoto.rooms.policies.engine.protocol import LibraryName, TestFailure, TestReport
from yoto.rooms.policies.sandbox.answering import NO_MEMORY

MEGABYTE = 1 << 20


class OverLimit(PolicyError):
    """A trial passed one of its limits, or did not end normally."""


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """The limits of one trial.

    Attributes:
        cpu_seconds: processor time for parsing, tests and inputs together.
        wall_seconds: by the clock, start of the child included; a busy machine is slow.
        memory_mb: megabytes that the child may take in addition to its memory at the start.
    """

    cpu_seconds: int = 10
    wall_seconds: float = 60.0
    memory_mb: int = 256


def run_in_sandbox(
    name: str,
    bundle: Bundle,
    inputs: Sequence[str] = (),
    limits: SandboxLimits | None = None,
    library: LibraryName = "regorus",
) -> TestReport:
    """Compile a bundle, run its Rego tests, and evaluate it, in a child process.

    It is evaluated on recorded inputs, and on inputs made from the conditions of its rules.

    Args:
        name: the changed entry of the bundle; used when no single policy can be named.
        inputs: JSON texts. An error of a policy on one of them is its verdict (a deny), no reason
            to refuse the bundle.
        limits: None: the defaults.
        library: the child's interpreter.

    Raises:
        PolicyError: the bundle is refused, or a test fails.
        OverLimit: a limit was passed; the reason gives the figure.
    """
    limits = limits or SandboxLimits()
    question = {
        "library": library,
        "modules": dict(bundle.modules),
        "tests": dict(bundle.tests),
        "data": dict(bundle.data),
        "inputs": list(inputs),
        "cpu_seconds": limits.cpu_seconds,
        "memory_bytes": limits.memory_mb * MEGABYTE,
    }
    try:
        text = json.dumps(question, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise PolicyError(name, f"a document is not a JSON value: {error}") from error
    code, answer = _ask_child(name, text, limits)
    if code != 0 or answer is None:
        raise OverLimit(name, _how_it_ended(code, limits))
    if "refused" in answer:
        raise PolicyError(answer["refused"]["policy"], answer["refused"]["reason"])
    failed = tuple(TestFailure(**failure) for failure in answer["failed"])
    report = TestReport(tuple(answer["passed"]), failed, tuple(answer["skipped"]))
    refuse_failures(name, report)
    return report


def refuse_failures(name: str, report: TestReport) -> None:
    """Refuse a set whose tests do not hold; ``name`` is the changed entry.

    Raises:
        PolicyError: it names those that failed.
    """
    if not report.ok:
        raise PolicyError(name, _failures(report) + _of_others(name, report))


def _ask_child(
    name: str, question: str, limits: SandboxLimits
) -> tuple[int, dict[str, Any] | None]:
    """The child's exit code and response; a negative code is the signal that ended it."""
    child = subprocess.Popen(
        child_command("yoto.rooms.policies.sandbox.answering"),
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    # Not by communicate's own time-out: under eventlet it raises an exception of another class.
    over = threading.Event()
    timer = threading.Timer(limits.wall_seconds, _end, (child, over))
    timer.start()
    try:
        output, _ = child.communicate(question.encode("ascii"))
    finally:
        timer.cancel()
        # However the waiting ended, the child must not stay.
        if child.poll() is None:
            child.kill()
            child.wait()
    if over.is_set():
        raise OverLimit(name, f"tests and recorded inputs took more than {limits.wall_seconds:g} s")
    return child.returncode, _parsed(output)


def _end(child: subprocess.Popen[bytes], over: threading.Event) -> None:
    over.set()
    child.kill()


def _parsed(output: bytes) -> dict[str, Any] | None:
    # The last line: code in the child may have printed others before.
    try:
        answer = json.loads(output.rpartition(b"\n")[2])
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _how_it_ended(code: int, limits: SandboxLimits) -> str:
    if -code in (signal.SIGXCPU, signal.SIGKILL):
        return f"tests and recorded inputs took more than {limits.cpu_seconds} s of processor time"
    if code == NO_MEMORY:
        return f"tests and recorded inputs needed more than {limits.memory_mb} MB of memory"
    if -code in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
        return (
            f"tests and recorded inputs needed more than {limits.memory_mb} MB of memory, "
            f"or broke the engine (signal {-code})"
        )
    return f"the trial ended without an answer (code {code})"


def _failures(report: TestReport) -> str:
    shown = "; ".join(f"{failure.name} {failure.reason}" for failure in report.failed[:3])
    more = len(report.failed) - 3
    return f"{len(report.failed)} test(s) failed: {shown}" + (f"; {more} more" if more > 0 else "")


def _of_others(name: str, report: TestReport) -> str:
    """A way out where a test of another policy stops at this one."""
    if not any(
        one.reason.startswith(f"{name}: ") and one.name.partition(":")[0] != name
        for one in report.failed
    ):
        return ""
    return (
        f"; tests of other policies evaluate {name}, too, with inputs such as a null action.name "
        "or none at all: a rule must deny or be undefined there, and not fail. Check first, as in "
        "is_string(input.action.name)"
    )
