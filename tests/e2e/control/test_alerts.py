"""Alerts and suggestions: a real alert is taken care of and silenced, a suggestion is applied."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.control.test_settings import WHY, agree, row
from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.load import Load
from tests.support.process import RunningYoto

ROOT = Path(__file__).parents[3]
PATH = "/alerts"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """An application whose memory is too small for the people who use it, and soon judges."""
    app = RunningYoto(
        tmp_path_factory.mktemp("instance"),
        YOTO_ASYNC_MODE="eventlet",
        YOTO_CACHE_USERS_SIZE="1",
        YOTO_ALERT_INTERVAL="1",
    )
    app.wait_for(lambda: app.accounts)
    with Load(app, people=3):
        yield app
    app.stop()


def flask(yoto: RunningYoto, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", *arguments, "--reason", WHY],
        cwd=ROOT,
        env=yoto.environment,
        check=True,
        capture_output=True,
    )


def test_an_alert_is_taken_care_of_and_silenced_and_ends_by_itself(
    browser: Browser, small: RunningYoto
) -> None:
    with watched_page(browser, small.url, locale="en-GB") as (page, watch):
        sign_in(page, small, path=PATH)
        fields = ("warning=0.000001", "error=0.9", "critical=0.99", "hold=0", "recover=0")
        flask(small, "alerts", "set", "memory", *fields)
        raised = row(page, "#alerts", "Memory in use")
        expect(raised).to_contain_text("Nobody takes care", timeout=30_000)
        raised.get_by_role("button", name="Take care").click()
        agree(page, "Take care")
        expect(raised).to_contain_text("user:")
        expect(raised).to_contain_text(WHY)
        raised.get_by_role("button", name="Silence").click()
        agree(page, "Silence")
        expect(raised).to_contain_text("Silenced")
        silence = row(page, "#silences", "Memory in use")
        silence.get_by_role("button", name="End").click()
        agree(page, "End")
        expect(silence).to_have_count(0)
        expect(raised).not_to_contain_text("Silenced")
        raised.get_by_role("button", name="History").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Raised")
        assert_accessible(page)
        dialog.get_by_role("button", name="Close").click()
        flask(small, "alerts", "reset", "memory")
        expect(raised).to_have_count(0, timeout=30_000)
        page.get_by_label("State").select_option("over")
        expect(raised).to_contain_text("Over")
        watch.assert_quiet()


def test_a_suggestion_is_applied_and_observed(browser: Browser, small: RunningYoto) -> None:
    with watched_page(browser, small.url, locale="en-GB") as (page, watch):
        sign_in(page, small, path=PATH)
        suggested = row(page, "#suggestions", "CACHE_USERS_SIZE")
        expect(suggested).to_contain_text(re.compile(r"1 → \d"), timeout=60_000)
        assert_accessible(page)
        suggested.get_by_role("button", name="Apply").click()
        agree(page, "Apply")
        expect(page.locator("#observed")).to_contain_text("cache_users_size")
        expect(page.locator("#banner, #observed").last).to_contain_text("1 → ")
        watch.assert_quiet()


@pytest.mark.parametrize(("size", "language"), [(WIDE, "en"), (NARROW, "zh")])
def test_it_can_be_read_by_everybody(
    browser: Browser, yoto: RunningYoto, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, yoto.url, viewport=size, locale=language) as (page, watch):
        sign_in(page, yoto, path=PATH)
        expect(page.locator(".skeleton")).to_have_count(0)
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()
