"""Load by ``wrk``: what it is told, and what it says."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

CONNECTIONS = 8
_RATE = re.compile(r"^Requests/sec:\s+([0-9.]+)", re.MULTILINE)
_REQUESTS = re.compile(r"^\s*([0-9]+) requests in", re.MULTILINE)
_REFUSED = re.compile(r"^\s*Non-2xx or 3xx responses: ([0-9]+)", re.MULTILINE)
_ERRORS = re.compile(r"^\s*Socket errors: (.+)", re.MULTILINE)


class LoadFailed(Exception):
    """A request was not answered as it has to be, so the figures would be of something else."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one round was: requests, and requests a second."""

    requests: int
    rate: float


def wrk_path() -> str | None:
    """Where wrk is, or None."""
    return shutil.which("wrk")


def run_wrk(wrk: str, port: int, path: str, token: str | None, seconds: int) -> Load:
    """Ask as fast as answers come, over kept connections.

    Raises:
        LoadFailed: an answer was no 2xx, or a connection broke.
    """
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    if token is not None:
        command += ["-H", f"Authorization: Bearer {token}"]
    command.append(f"http://127.0.0.1:{port}{path}")
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return parse(told)


def parse(told: str) -> Load:
    """Read what wrk printed.

    Raises:
        LoadFailed: as above, or it is not what wrk prints.
    """
    rate, requests = _RATE.search(told), _REQUESTS.search(told)
    wrong = _REFUSED.search(told) or _ERRORS.search(told)
    if rate is None or requests is None or wrong is not None:
        raise LoadFailed(told)
    return Load(int(requests[1]), float(rate[1]))
