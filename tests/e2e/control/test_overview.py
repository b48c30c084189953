"""The overview: values that move under load, what is not as usual, and doing without a socket."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.load import Load
from tests.support.process import RunningYoto
from tests.support.require import missing

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def busy(yoto: RunningYoto) -> Iterator[RunningYoto]:
    """The application with people who use it."""
    if not (ROOT / "app/static/vendor/uplot.js").is_file():
        missing("what draws charts is not installed (make charts)")
    with Load(yoto):
        yield yoto


def chart(page: Page, title: str) -> Locator:
    return page.locator("figure").filter(has=page.locator("figcaption", has_text=title))


@contextmanager
def flask(yoto: RunningYoto, *arguments: str) -> Iterator[None]:
    """A command of an operator at a terminal, on the same database and Redis; not waited for."""
    command = [sys.executable, "-m", "flask", "--app", "app", *arguments]
    process = subprocess.Popen(
        command, cwd=ROOT, env=yoto.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        yield
    finally:
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (NARROW, "zh")])
def test_values_move_while_people_use_it(
    browser: Browser, busy: RunningYoto, theme: str, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, busy.url, viewport=size, locale=language) as (page, watch):
        page.goto(f"{busy.url}/control/sign-in?theme={theme}")
        sign_in(page, busy)
        live = {"en": "Live", "zh": "实时"}[language]
        expect(page.locator("#connection").get_by_text(live, exact=True)).to_be_visible()
        strip = page.locator(".strip > li")
        expect(strip.locator(".badge.ok").first).to_be_visible()
        expect(strip.locator("time").first).to_be_visible()
        decisions = chart(page, {"en": "Decisions", "zh": "权限决策"}[language])
        allowed = decisions.locator(".legend b").first
        expect(allowed).to_have_text(re.compile(r"[1-9]"), timeout=15_000)
        expect(decisions.locator("canvas")).to_be_visible()
        before = allowed.text_content()
        expect(allowed).not_to_have_text(before or "", timeout=15_000)
        assert page.locator("html").get_attribute("data-theme") == theme
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()


def test_longer_times_are_read_from_summaries_and_a_chart_can_be_read_as_a_table(
    browser: Browser, busy: RunningYoto
) -> None:
    with watched_page(browser, busy.url, locale="en-GB") as (page, watch):
        sign_in(page, busy)
        decisions = chart(page, "Decisions")
        expect(decisions.locator("canvas")).to_be_visible(timeout=15_000)
        with page.expect_response(lambda answer: "range=6h" in answer.url) as answered:
            page.get_by_role("button", name="6 hours").click()
        assert answered.value.json()["resolution_s"] > 1
        page.get_by_role("button", name="10 minutes").click()
        decisions.get_by_text("Show as a table").click()
        first = decisions.get_by_role("row").nth(1)
        expect(first.get_by_role("rowheader")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
        watch.assert_quiet()


def test_what_is_not_as_usual_is_on_top_of_the_page_until_it_ends(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, viewport=NARROW, locale="en-GB") as (page, watch):
        sign_in(page, yoto)
        banner = page.locator("#banner")
        expect(banner).to_be_empty()
        why = "the index <b>is rebuilt</b>"
        isolate = ("resilience", "isolate", "message.search", "--for", "8s", "--reason", why)
        with flask(yoto, *isolate):
            expect(banner).to_contain_text("forced breaker message.search", timeout=60_000)
            expect(banner).to_contain_text(why)
            assert fits(page)
            assert_accessible(page)
        expect(banner).to_be_empty(timeout=30_000)
        watch.assert_quiet()


def test_without_what_set_up_installs_the_page_polls_and_shows_numbers(
    browser: Browser, busy: RunningYoto
) -> None:
    with watched_page(browser, busy.url, locale="en-GB") as (page, watch):
        page.route("**/static/vendor/*.js", lambda route: route.abort())
        sign_in(page, busy)
        expect(page.locator("#connection").get_by_text("Polling")).to_be_visible(timeout=15_000)
        expect(page.locator(".strip .badge.ok").first).to_be_visible()
        decisions = chart(page, "Decisions")
        expect(decisions.get_by_text("make charts")).to_be_visible()
        expect(decisions.locator(".legend b").first).to_have_text(re.compile(r"[1-9]"))
        assert (watch.errors, watch.elsewhere) == ([], [])


def test_a_connection_that_is_cut_is_told_and_comes_back_by_itself(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto)
        connection = page.locator("#connection")
        expect(connection.get_by_text("Live", exact=True)).to_be_visible()
        page.context.set_offline(True)
        page.evaluate("dispatchEvent(new Event('offline'))")
        expect(connection.get_by_text("No connection")).to_be_visible(timeout=30_000)
        page.context.set_offline(False)
        expect(connection.get_by_text("Live", exact=True)).to_be_visible(timeout=30_000)
