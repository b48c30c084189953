"""The guide to calls out: its code runs against a warehouse that is well, slow and broken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from werkzeug.serving import make_server

from tests.support.markdown import ROOT, blocks
from tests.support.redis_servers import Server
from tests.support.waiting import wait_until
from yoto import Yoto

PAGE = ROOT / "docs" / "calls.md"


class Warehouse:
    """A service, and what is wrong with it."""

    def __init__(self) -> None:
        self.hangs = threading.Event()
        self.hangs.set()  # whoever waits for it goes on
        self.fails = 0
        self.asked: list[dict[str, str]] = []
        app = Flask("warehouse")
        app.add_url_rule("/stock/<item>", view_func=self._stock)
        app.add_url_rule("/orders/<item>", view_func=lambda item: ("", 201), methods=["POST"])
        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def _stock(self, item: str) -> Any:
        self.asked.append(dict(request.headers))
        self.hangs.wait(60)
        if item == "unheard-of":
            return {}, 404
        if self.fails:
            self.fails -= 1
            return {}, 503
        return {"count": 7}


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    made = Warehouse()
    serving = threading.Thread(target=made.server.serve_forever)
    serving.start()
    yield made
    made.hangs.set()
    made.server.shutdown()
    serving.join()


@pytest.fixture
def names(
    warehouse: Warehouse, valkey_server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    monkeypatch.setenv("YOTO_REDIS_URL", valkey_server.url)
    made: dict[str, Any] = {"__name__": "calls_guide"}
    for one in blocks(PAGE):
        if one.language == "python":
            exec(compile(one.text, str(PAGE), "exec"), made)
    made["app"].config["WAREHOUSE"] = warehouse.url
    yield made
    Yoto.close(made["app"])


def test_the_page_shows_what_the_warehouse_says_and_else_that_nothing_is_known(
    names: dict[str, Any], warehouse: Warehouse
) -> None:
    client = names["app"].test_client()

    def stock(item: str = "shoe") -> Any:
        return client.get(f"/items/{item}").json["in_stock"]

    assert stock() == 7
    assert 0 < int(warehouse.asked[0]["X-Envoy-Expected-Rq-Timeout-Ms"]) <= 1000

    warehouse.fails = 1
    assert stock() == 7
    assert warehouse.asked[-1]["X-Retry-Attempt"] == "1"

    before = len(warehouse.asked)
    assert client.get("/items/unheard-of").status_code == 500, "a 404 is no failure of the service"
    assert len(warehouse.asked) == before + 1

    warehouse.hangs.clear()
    assert stock() is None
    warehouse.hangs.set()

    # A service behind a breaker that has opened is not asked.
    warehouse.fails = 10**6

    def is_open() -> bool:
        before = len(warehouse.asked)
        return stock() is None and len(warehouse.asked) == before

    wait_until(is_open, what="the breaker to open")


def test_another_client_takes_the_same_along(names: dict[str, Any], warehouse: Warehouse) -> None:
    with names["app"].app_context():
        assert names["order"]("shoe") == 201
