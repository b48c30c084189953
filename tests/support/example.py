"""An application of ``examples/``, as its readers have it: copied, changed, served, visited."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import urllib3

from tests.support.installed import ROOT, Environment, Served

BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


class Example:
    """One of them in a folder of its own, with a Redis, and a guide that shows its change.

    Attributes:
        variables: what its processes find in their environment.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        environment: Environment,
        redis_url: str,
        *,
        package: str = "app",
        guide: Path | None = None,
        **variables: str,
    ) -> None:
        source = ROOT / "examples" / name
        shutil.copytree(source / package, folder / package)
        self.folder = folder
        self.package = package
        self.environment = environment
        self.variables = {
            "YOTO_REDIS_URL": redis_url,
            "YOTO_REDIS_KEY_PREFIX": f"test-{name}-{secrets.token_hex(4)}:",
            **variables,
        }
        self._guide = (guide or source / "README.md").read_text(encoding="utf-8")

    def _block(self, language: str) -> str:
        [found] = [text for kind, text in BLOCK.findall(self._guide) if kind == language]
        return str(found)

    def changed_lines(self) -> list[str]:
        """Lines that the change in the guide adds and removes, empty ones too."""
        lines = self._block("diff").splitlines()
        return [one for one in lines if re.match(r"[+-](?!\+\+ |-- )", one)]

    def undo(self) -> None:
        """Make it what it was before the change; it knows nothing of Yoto then."""
        undo = ["git", "apply", "--reverse", "--unsafe-paths", "-"]
        subprocess.run(undo, cwd=self.folder, input=self._block("diff"), text=True, check=True)
        assert not [one for one in self.folder.rglob("*.py") if "yoto" in one.read_text()]

    def flask(self, *arguments: str) -> str:
        """The output of ``flask`` for these arguments."""
        return self._run("-m", "flask", "--app", self.package, *arguments)

    def python(self, script: str) -> str:
        """The output of a script, in a process of its own."""
        return self._run("-c", script)

    def as_the_guide_says(self) -> None:
        """Run what the guide shows in Python."""
        self.python(self._block("python"))

    def _run(self, *arguments: str) -> str:
        return self.environment.run(*arguments, folder=self.folder, **self.variables)

    @contextmanager
    def served(self) -> Iterator[Served]:
        """It, answering."""
        command = [str(self.environment.python), "-m", "flask", "--app", self.package]
        server = Served([*command, "run", "--port", "0"], self.folder, **self.variables)
        try:
            yield server
        finally:
            server.stop()


class Visitor:
    """Somebody with a browser: it keeps cookies, and follows nothing."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._cookies: SimpleCookie = SimpleCookie()

    def get(self, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        """The answer to a request that reads."""
        return self._ask("GET", path, headers)

    def post(
        self, path: str, fields: Mapping[str, str] | None = None, json: Any = None, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """The answer to a form, or to JSON."""
        return self._ask("POST", path, headers, fields=fields, json=json)

    def put(self, path: str, json: Any, **headers: str) -> urllib3.BaseHTTPResponse:
        """The answer to JSON that replaces something."""
        return self._ask("PUT", path, headers, json=json)

    def status(self, path: str, json: Any = None) -> int:
        """With what a ``POST`` is answered."""
        return self.post(path, json=json).status

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], **body: Any
    ) -> urllib3.BaseHTTPResponse:
        cookies = "; ".join(f"{name}={one.value}" for name, one in self._cookies.items())
        answer = self._server.request(method, path, {**headers, "Cookie": cookies}, **body)
        for line in answer.headers.getlist("Set-Cookie"):
            self._cookies.load(line)
        return answer
