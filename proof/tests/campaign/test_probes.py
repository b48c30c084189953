"""The probes of recovery ask the same again and again, and use nothing up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import certifi
import pytest

from proof.campaign.probes import Probes


class Answers(Probes):
    """Asks nobody: every write is answered with ``writes``."""

    def __init__(self) -> None:
        cluster: Any = SimpleNamespace(ca=certifi.where(), url="", passwords={"admin": ""})
        super().__init__(cluster, workers=2)
        self.writes = 200
        self.asked: list[tuple[str, str]] = []

    def _ask(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        self.asked.append((method, path))
        if path == "/api/v1/servers":
            return 201, {"id": 7}
        if path == "/api/v1/auth/login":
            return 200, {"access_token": "t"}
        return (self.writes if method == "PATCH" else 200), {}


def test_one_server_is_made_and_then_changed() -> None:
    probes = Answers()
    assert [probes.failing() for _ in range(3)] == [[], [], []]
    assert probes.asked.count(("POST", "/api/v1/servers")) == 1
    assert probes.asked.count(("PATCH", "/api/v1/servers/7")) == 3


@pytest.mark.parametrize("status", [429, 201, 503, 0])
def test_a_write_that_is_refused_is_no_recovery(status: int) -> None:
    probes = Answers()
    probes.writes = status
    assert probes.failing() == ["write"]
