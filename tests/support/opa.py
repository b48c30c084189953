"""A real OPA server for tests.

The program is the ``opa`` on the path or, where Go is installed, one that is built once and kept
outside the tree; ``python -m tests.support.opa`` builds it beforehand.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from tests.support.require import missing
from tests.support.service import Service
from tests.support.waiting import HOST, free_port, listening

VERSION = "v1.22.2"
PACKAGE = f"github.com/open-policy-agent/opa@{VERSION}"
BUILD_SECONDS = 1800
ANSWER_SECONDS = 60.0


class OpaServer(Service):
    """One server process, without a bundle, on a fixed port of the loopback interface.

    Started again it is empty: it keeps policies in memory.
    """

    def __init__(self, binary: str, *options: str, scheme: str = "http") -> None:
        super().__init__("opa", Path(tempfile.mkdtemp(prefix="yoto-opa-")))
        self.binary = binary
        self.options = options
        self.port = free_port()
        self.url = f"{scheme}://{HOST}:{self.port}"

    def command(self) -> list[str]:
        arguments = ["run", "--server", "--addr", f"{HOST}:{self.port}", "--log-level", "error"]
        return [self.binary, *arguments, *self.options]

    def answers(self) -> bool:
        # It listens once it is ready; authorization is another matter.
        return listening(self.port)

    def module_ids(self) -> set[str]:
        """The ids of all modules on the server."""
        answer = urllib3.request("GET", f"{self.url}/v1/policies", timeout=ANSWER_SECONDS)
        return {module["id"] for module in answer.json()["result"]}


def opa_eval(folder: Path, query: str, input_json: str) -> Any:
    """The value of a query over the modules in a folder, by OPA itself; an error of a builtin ends
    it.
    """
    done = subprocess.run(
        [opa_binary(), "eval", "--strict-builtin-errors", "--data", str(folder), "--stdin-input"]
        + [query],
        input=input_json,
        capture_output=True,
        check=False,
        text=True,
    )
    answer = json.loads(done.stdout)
    assert "result" in answer, answer
    return answer["result"][0]["expressions"][0]["value"]


def opa_binary() -> str:
    """The program; where it cannot be had, the test is skipped or fails as ``missing`` says."""
    found = shutil.which("opa")
    if found is not None:
        return found
    if shutil.which("go") is None:
        missing("neither opa nor go is installed")
    try:
        return str(build())
    except subprocess.CalledProcessError as failure:
        missing(f"go could not install {PACKAGE}: {failure.stderr.decode(errors='replace')}")
    except (subprocess.SubprocessError, OSError) as error:
        missing(f"go could not install {PACKAGE}: {error}")


def build() -> Path:
    """The program that is kept, built by Go if it is not there yet; takes some minutes then.

    Raises:
        subprocess.SubprocessError: Go could not do it.
    """
    folder = _cache()
    program = folder / "opa"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not program.exists():
            # Built beside its place: a file in its place is whole.
            with tempfile.TemporaryDirectory(dir=folder) as beside:
                subprocess.run(
                    ["go", "install", PACKAGE],
                    env={**os.environ, "GOBIN": beside},
                    check=True,
                    capture_output=True,
                    timeout=BUILD_SECONDS,
                )
                os.replace(Path(beside) / "opa", program)
    return program


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "yoto" / f"opa-{VERSION}"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        print(build())
    except subprocess.CalledProcessError as failure:
        sys.exit(failure.stderr.decode(errors="replace"))
