"""The contents of pages, their language, and the rules that they keep to."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.extensions import monitor
from tests.integration.yoto.control_plane.conftest import OVERVIEW, SIGN_IN, STATUS, Browser
from tests.support.applications import another_app
from tests.support.world import Person
from yoto.collectors.values import ENOUGH
from yoto.control_plane import status
from yoto.control_plane.navigation import details_of, pages_of
from yoto.http.wsgi import CONTENT_SECURITY_POLICY
from yoto.parts.rooms import ALL, chosen

PAGES = (*pages_of(chosen(ALL)), *details_of(chosen(ALL)))
ADDRESSES = [f"/control{re.sub('<[^>]+>', 'name', page.path)}" for page in PAGES]


@pytest.fixture
def page(browser: Browser, operator: Person) -> str:
    browser.sign_in("olga")
    return browser.get(STATUS).text


def test_the_status_page_tells_components_versions_and_the_process(page: str) -> None:
    for text in ("Database", "Redis", "Migrations", "Uptime", "Async mode"):
        assert text in page
    assert f"<td>{os.getpid()}</td>" in page
    assert f"<td>{platform.python_version()}</td>" in page


def test_what_nobody_knows_is_shown_as_unknown(
    browser: Browser, operator: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "LIBRARIES", ("no-such-library",))
    browser.sign_in("olga")
    row = re.search(
        r'<th scope="row">no-such-library</th>(.*?)</tr>', browser.get(STATUS).text, re.S
    )
    assert row and '<span class="badge unknown">Unknown</span>' in row[1]


def test_health_is_unknown_until_enough_was_measured_and_then_has_its_band(
    app: Flask, browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    section = re.compile(r'<h2 id="health">(.*?)</section>', re.S)
    (before,) = section.findall(browser.get(STATUS).text)
    # The share of memory is known at once; nothing was answered or looked up yet.
    assert before.count('<span class="badge unknown">Unknown</span>') >= 3
    for _ in range(ENOUGH):
        app.test_client().get("/livez")
    monitor.of(app).flush()
    (after,) = section.findall(browser.get(STATUS).text)
    row = re.search(r'<th scope="row">Error rate \(5xx\)</th>(.*?)</tr>', after, re.S)
    assert row and "Excellent" in row[1] and "0.0 %" in row[1] and "5.0 %" in row[1]


def test_every_value_has_its_age(page: str) -> None:
    rows = re.findall(r"<tr>(.*?)</tr>", page, re.DOTALL)
    data = [row for row in rows if 'scope="row"' in row]
    assert len(data) > 10
    assert all(re.search(r'<time datetime="[^"]+" data-age="[\d.]+">', row) for row in data)


def test_what_users_wrote_is_escaped(page: str) -> None:
    assert "Olga &lt;b&gt;Op&lt;/b&gt;" in page and "<b>Op" not in page


@pytest.mark.parametrize("path", [SIGN_IN, STATUS, *ADDRESSES])
def test_a_page_has_no_inline_script_or_style_and_no_other_host(
    browser: Browser, operator: Person, path: str
) -> None:
    if path != SIGN_IN:
        browser.sign_in("olga")
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", answer.text)
    # Data that scripts read is no script: the browser does not run it.
    assert not re.search(r"<script(?![^>]* (?:src=|type=\"application/json\"))", answer.text)
    addresses = re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)
    assert addresses and all(not urlsplit(address).netloc for address in addresses)


def test_pages_are_not_kept_by_caches(browser: Browser) -> None:
    answer = browser.get(SIGN_IN)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]


def test_the_language_that_was_chosen_stays(browser: Browser, operator: Person) -> None:
    assert '<html lang="en"' in browser.get(SIGN_IN).text
    chosen = browser.get(f"{SIGN_IN}?lang=zh")
    assert '<html lang="zh-Hans"' in chosen.text and "用户名" in chosen.text
    browser.sign_in("olga")
    assert '<span class="badge ok">正常</span>' in browser.get(STATUS).text
    browser.get(f"{STATUS}?lang=en")
    assert '<span class="badge ok">OK</span>' in browser.get(STATUS).text


def test_a_runbook_is_shown_in_the_language_of_its_reader(
    browser: Browser, operator: Person
) -> None:
    browser.sign_in("olga")
    assert "<h2>What to do</h2>" in browser.get("/control/runbooks/redis").text
    assert "<h2>处理办法</h2>" in browser.get("/control/runbooks/redis?lang=zh").text
    assert browser.get("/control/runbooks/zh").status_code == 404


def test_errors_are_said_in_the_language_of_the_page(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    refused = "/control/api/audit?limit=0"
    assert browser.get(refused).json["errors"] == {
        "limit": ["Must be greater than or equal to 1 and less than or equal to 100."]
    }
    browser.get("/control/?lang=zh")

    answer = browser.get(refused)

    assert answer.json["errors"] == {"limit": ["必须在 1 到 100 之间。"]}
    assert answer.json["detail"] == "limit: 必须在 1 到 100 之间。"
    assert answer.json["type"] == "urn:yoto:problem:validation-failed"
    assert answer.headers["Content-Language"] == "zh-Hans"
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_theme_that_was_chosen_stays_and_flashes_in_no_other(browser: Browser) -> None:
    assert 'data-theme="auto"' in browser.get(SIGN_IN).text
    chosen = browser.get(f"{SIGN_IN}?theme=dark").text
    assert 'data-theme="dark"' in chosen
    assert '<meta name="color-scheme" content="dark">' in chosen
    assert 'data-theme="dark"' in browser.get(f"{SIGN_IN}?theme=nothing").text


def test_a_switch_keeps_what_else_the_address_says(browser: Browser, operator: Person) -> None:
    browser.sign_in("olga")
    text = browser.get(f"{OVERVIEW}?user=7&endpoint=x&lang=en").text
    assert f'href="{OVERVIEW}?user=7&amp;endpoint=x&amp;lang=zh"' in text


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_hands_its_data_and_texts_to_its_script(
    browser: Browser, operator: Person, path: str
) -> None:
    browser.sign_in("olga")
    text = browser.get(f"{path}?lang=zh").text
    blocks = {
        name: json.loads(found)
        for name, found in re.findall(
            r'<script type="application/json" id="([\w-]+)">(.*?)</script>', text, re.S
        )
    }
    data = blocks["page-data"]
    assert (data["language"], data["rights"]) == ("zh-Hans", ["platform.view"])
    assert (data["api"], data["csrf"]) == ("/control/api", browser.token(STATUS))
    assert blocks["texts"]["shared.retry"] == "重试"


def test_a_label_belongs_to_each_input(browser: Browser) -> None:
    text = browser.get(SIGN_IN).text
    inputs = set(re.findall(r'<input id="(\w+)"', text))
    assert inputs == set(re.findall(r'<label for="(\w+)"', text)) == {"username", "password"}


@pytest.fixture
def without_redis(app_config: dict[str, Any], app: Flask, tmp_path: Path) -> Iterator[Browser]:
    """A browser at the same application, with a Redis address where nobody answers."""
    config = {**app_config, "REDIS_URL": "redis://127.0.0.1:1/0"}
    with another_app(config, tmp_path / "other") as broken:
        yield Browser(broken.test_client())


def test_a_component_that_failed_is_shown_as_failed(
    without_redis: Browser, operator: Person
) -> None:
    without_redis.sign_in("olga")
    text = without_redis.get(STATUS).text
    assert re.search(r'This worker</h1>\s*<span class="badge failed">Error</span>', text)
    redis_row = re.search(r'<th scope="row">Redis</th>(.*?)</tr>', text, re.DOTALL)
    assert redis_row and 'class="badge failed"' in redis_row[1] and "no answer" in redis_row[1]


def test_without_the_database_the_page_says_so_and_lets_nobody_in(
    app_config: dict[str, Any], browser: Browser, operator: Person, tmp_path: Path
) -> None:
    browser.sign_in("olga")
    config = {**app_config, "DATABASE_URL": "mysql+pymysql://root@127.0.0.1:1/nothing"}
    with another_app(config, tmp_path / "other") as broken:
        visitor = Browser(broken.test_client())
        visitor.client.set_cookie("yoto_session", browser.cookie(), path="/control")
        answer = visitor.get(STATUS)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"] == "1"
    assert "database is unavailable" in answer.text and "127.0.0.1" not in answer.text
