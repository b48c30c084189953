"""Load by processes of their own: the most that ``wrk`` can make, or our client at a rate."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from benchmarks.http.rows import CONNECTIONS

_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
_REQUESTS = re.compile(r"^\s*([0-9]+) requests in", re.MULTILINE)
_REFUSED = re.compile(r"^\s*Non-2xx or 3xx responses: ([0-9]+)", re.MULTILINE)
_ERRORS = re.compile(r"^\s*Socket errors: (.+)", re.MULTILINE)


class LoadFailed(Exception):
    """A request failed, so the figures would be of something else."""


class NothingAnswered(LoadFailed):
    """Not one answer came in all the time: a very busy machine."""


@dataclass(frozen=True, slots=True)
class Load:
    """The result of one round: requests, and requests a second."""

    requests: int
    rate: float


def has_wrk() -> bool:
    """Whether wrk is installed."""
    return shutil.which("wrk") is not None


def at_full_speed(port: int, path: str, token: str | None, seconds: int) -> Load:
    """Ask as fast as answers come, over kept connections; without wrk by our own client.

    Raises:
        LoadFailed: an answer was no 2xx, or a connection broke.
        NothingAnswered: none came.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        seen = _by_client(port, path, token, seconds, None)
        return _some(Load(int(seen["requests"]), seen["rate"]), path)
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    command.append(f"http://127.0.0.1:{port}{path}")
    return _some(parse(_output(command)), path)


def _some(load: Load, path: str) -> Load:
    if not load.requests:
        raise NothingAnswered(path)
    return load


def p99_at(rate: float, port: int, path: str, token: str | None, seconds: int) -> float:
    """Milliseconds in which 99 of 100 requests were answered that became due at this rate, at
    random moments.

    Raises:
        LoadFailed: an answer was no 200.
    """
    return _by_client(port, path, token, seconds, rate)["p99 ms"]


def _by_client(
    port: int, path: str, token: str | None, seconds: int, rate: float | None
) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.http.client", str(port), path, str(seconds)]
    if token is not None:
        command += ["--token", token]
    if rate is not None:
        command += ["--rate", str(rate)]
    seen: dict[str, float] = json.loads(_output(command))
    return seen


def _output(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode:
        raise LoadFailed(f"{command[0]}: {ended.stderr[-2000:]}")
    return ended.stdout


def parse(printed: str) -> Load:
    """Read the output of wrk.

    Raises:
        LoadFailed: an answer was no 2xx, a connection broke, or the output is not wrk's.
    """
    rate, requests = _RATE.search(printed), _REQUESTS.search(printed)
    wrong = _REFUSED.search(printed) or _ERRORS.search(printed)
    if rate is None or requests is None or wrong is not None:
        raise LoadFailed(printed)
    return Load(int(requests[1]), float(rate[1]))
