"""The instances: two workers, one of which is drained and takes what comes again."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until

HEARD = 20_000  # ms in which a worker's heartbeat is on the page


@pytest.fixture(scope="module")
def pair(unpatched: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` with two workers on one port."""
    folder = tmp_path_factory.mktemp("pair")
    app = RunningYoto(folder, "--workers", "2", YOTO_ASYNC_MODE="eventlet")
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


def readiness(yoto: RunningYoto) -> tuple[int, str]:
    """The readiness of the worker that takes a new connection: status and body."""
    try:
        with urllib.request.urlopen(f"{yoto.url}/readyz", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def workers(page: Page) -> Locator:
    return page.locator(".instances tbody tr")


@pytest.mark.parametrize(
    ("theme", "size", "language"), [("light", WIDE, "en"), ("dark", NARROW, "zh")]
)
def test_every_worker_tells_how_it_is(
    browser: Browser, pair: RunningYoto, theme: str, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, pair.url, viewport=size, locale=language) as (page, _):
        page.goto(f"{pair.url}/control/sign-in?theme={theme}")
        sign_in(page, pair, path="/instances")
        expect(workers(page)).to_have_count(2, timeout=HEARD)
        for row in workers(page).all():
            expect(row.locator(".badge.ok")).to_be_visible()
            expect(row).to_contain_text("eventlet")
            expect(row).to_contain_text("MiB", timeout=HEARD)
            expect(row.locator("time").last).to_be_visible()
        expect(page.locator(".instances th .badge")).to_have_count(1)  # the one that answers
        assert fits(page)
        assert_accessible(page)


@pytest.mark.journey("instances")
def test_one_is_drained_says_so_to_balancers_and_comes_back(
    browser: Browser, pair: RunningYoto
) -> None:
    with watched_page(browser, pair.url, locale="en-GB") as (page, watch):
        sign_in(page, pair, path="/instances")
        expect(workers(page)).to_have_count(2, timeout=HEARD)
        name = workers(page).first.locator(".mono").first.inner_text()
        row = workers(page).filter(has_text=name)
        row.get_by_role("button", name="Drain").click()
        dialog = page.get_by_role("dialog", name=f"Drain {name}")
        dialog.get_by_label("Duration").select_option("5 min")
        dialog.get_by_label("Reason").fill("a new kernel")
        assert_accessible(page)
        dialog.get_by_role("button", name="Drain").click()
        expect(dialog).to_have_count(0, timeout=HEARD)
        expect(row.locator(".badge.warning")).to_have_text("Draining", timeout=HEARD)
        expect(row).to_contain_text("a new kernel")
        expect(row).to_contain_text(re.compile(r"[45] min left"))
        expect(page.locator("#counts")).to_contain_text("1 Draining")
        assert fits(page)
        # Connections come to either worker: one of them says that it is not ready, and why.
        answers: list[tuple[int, str]] = []

        def both_answered() -> bool:
            answers.append(readiness(pair))
            return {200, 503} <= {status for status, _ in answers}

        wait_until(both_answered)
        answers += [readiness(pair) for _ in range(20)]
        assert {status for status, _ in answers} == {200, 503}
        refusals = [text for status, text in answers if status == 503]
        assert all("draining" in json.dumps(json.loads(text)).lower() for text in refusals)
        row.get_by_role("button", name="Resume").click()
        again = page.get_by_role("dialog", name=f"Resume {name}")
        again.get_by_label("Reason").fill("it is patched")
        again.get_by_role("button", name="Resume").click()
        expect(row.locator(".badge.ok")).to_have_text("Live", timeout=HEARD)
        assert {readiness(pair)[0] for _ in range(20)} == {200}
        expect(row.get_by_role("button", name="Drain")).to_be_visible()
        # The browser itself reports sockets that a draining worker refused, and nothing else.
        watch.allow("socket.io")


def test_a_worker_that_was_killed_says_by_what_in_the_list_and_among_the_events(
    browser: Browser, pair: RunningYoto
) -> None:
    # The page may have been of that worker.
    allowed = ["ERR_", "WebSocket", "socket.io"]
    with watched_page(browser, pair.url, allowed, locale="en-GB") as (page, _):
        sign_in(page, pair, path="/instances")
        expect(workers(page)).to_have_count(2, timeout=HEARD)
        row = workers(page).first
        name = row.locator(".mono").first.inner_text()
        process = re.search(r"process (\d+)", row.inner_text())
        assert process is not None
        os.kill(int(process[1]), signal.SIGKILL)
        killed = workers(page).filter(has_text=name)
        expect(killed).to_contain_text("killed by SIGKILL", timeout=60_000)
        page.goto(f"{pair.url}/control/events?types=worker.ended")
        line = page.locator(".tail > li").filter(has_text=name)
        expect(line).to_contain_text("was killed by SIGKILL", timeout=HEARD)
        expect(line.locator(".badge")).to_have_text("Error")
