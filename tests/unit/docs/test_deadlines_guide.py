"""The guide to deadlines: its code runs, and it names what there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.markdown import ROOT, blocks
from tests.support.redis_servers import Server
from yoto import Yoto

PAGE = ROOT / "docs" / "deadlines.md"


def test_the_route_has_its_deadline_and_a_part_of_it_less(
    valkey_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YOTO_REDIS_URL", valkey_server.url)
    names: dict[str, Any] = {"__name__": "deadlines_guide"}
    (code,) = [one.text for one in blocks(PAGE) if one.language == "python"]
    exec(compile(code, str(PAGE), "exec"), names)
    try:
        answer = names["app"].test_client().get("/report").json
    finally:
        Yoto.close(names["app"])
    assert 0 < answer["first"] <= 0.5 < answer["rest"] <= 2.0
