"""A real OPA server for tests.

The program is the ``opa`` on the path or, where Go is installed, one that is built once and kept
outside the tree; ``python -m tests.support.opa`` builds it beforehand.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import urllib3

from tests.support.leash import let_go, tie_to_this_process
from tests.support.redis_servers import HOST, free_port, wait_until
from tests.support.require import missing

VERSION = "v1.22.2"
PACKAGE = f"github.com/open-policy-agent/opa@{VERSION}"
BUILD_SECONDS = 1800
START_SECONDS = 60.0


class OpaServer:
    """One server process, without a bundle, on a fixed port of the loopback interface."""

    def __init__(self, binary: str, *options: str, scheme: str = "http") -> None:
        self.binary = binary
        self.options = options
        self.port = free_port()
        self.url = f"{scheme}://{HOST}:{self.port}"
        self.folder = Path(tempfile.mkdtemp(prefix="yoto-opa-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._leash: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start the process and wait until it answers."""
        arguments = ["run", "--server", "--addr", f"{HOST}:{self.port}", "--log-level", "error"]
        with open(self.folder / "server.log", "ab") as log:
            self._process = subprocess.Popen(
                [self.binary, *arguments, *self.options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._leash = tie_to_this_process(self._process.pid, self.folder)
        wait_until(self._answers, START_SECONDS, f"{self.binary} on port {self.port}")
        return self

    def kill(self) -> None:
        """SIGKILL; the policies are gone, the port stays ours."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None
        if self._leash is not None:
            let_go(self._leash)
            self._leash = None

    def stop(self) -> None:
        """End the process and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> Self:
        """Kill and start again, empty, on the same port."""
        self.kill()
        return self.start()

    def module_ids(self) -> set[str]:
        """The ids of all modules on the server."""
        answer = urllib3.request("GET", f"{self.url}/v1/policies", timeout=START_SECONDS)
        return {module["id"] for module in answer.json()["result"]}

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise RuntimeError((self.folder / "server.log").read_text()[-1000:])
        # It listens once it is ready; whom it lets in is another matter.
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


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
            # Built beside its place: what is in its place is whole.
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
