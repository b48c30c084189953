"""``examples/guards``: the bookshop as it was, and with the lines that the guide adds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.example import Example
from tests.support.installed import ROOT, Environment
from tests.support.redis_servers import Server
from tests.support.require import LONG

MOST_LINES = 10  # empty ones too


@pytest.fixture
def bookshop(installed: Environment, valkey_server: Server, tmp_path: Path) -> Example:
    guide = ROOT / "docs" / "embed.md"
    return Example("guards", tmp_path, installed, valkey_server.url, guide=guide)


@LONG
def test_the_shop_as_it_was_knows_nothing_of_yoto(bookshop: Example) -> None:
    bookshop.undo()
    with bookshop.served() as server:
        assert [server.get("/search").status for _ in range(7)] == [200] * 7
        assert "RateLimit" not in server.get("/search").headers


def test_the_guide_adds_few_lines(bookshop: Example) -> None:
    changed = bookshop.changed_lines()
    assert 0 < len(changed) <= MOST_LINES
    assert not [line for line in changed if line.startswith("-")]


def test_the_shop_refuses_what_is_too_much(bookshop: Example) -> None:
    with bookshop.served() as server:
        answers = [server.get("/search?q=small") for _ in range(6)]
        assert [one.status for one in answers] == [200] * 5 + [429]
        assert answers[0].json() == {"found": ["Small Gods"]}
        assert answers[0].headers["RateLimit"].startswith('"ip";r=4')
        assert answers[-1].headers["RateLimit"].startswith('"ip";r=0')
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[-1].headers["Content-Type"] == "application/problem+json"

        assert server.get("/books/1/stock").json() == {"copies": 7}
        assert server.get("/books/9/stock").status == 404
        failed = [server.get("/books/3/stock").status for _ in range(8)]
        assert failed[:3] == [500] * 3
        # The breaker is open: nobody asks the warehouse.
        assert failed[-1] == 200
        assert server.get("/books/1/stock").json() == {"copies": 0}
