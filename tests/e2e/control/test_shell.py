"""The frame of the pages: sign-in, status without scripts, and the API documentation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fill_in, fits, sign_in
from tests.support.process import RunningYoto
from yoto.control_plane.navigation import pages_of
from yoto.parts.rooms import ALL, chosen

# Bytes over the wire, headers too: of a page that is loaded with an empty cache (108,000 on
# Chromium 156), and of two more pages with what is kept (77,000). A fifth is room for headers and
# for what browsers compress in other ways; one more library of scripts does not fit into it.
MOST_BYTES, MOST_BYTES_AGAIN = 130_000, 95_000
# The page makes 19 requests. Browsers decide whether an icon or a manifest is asked for besides,
# and versions of the same one differ. The console has more than ninety modules.
MOST_REQUESTS = 25


@pytest.fixture(scope="module")
def yoto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningYoto]:
    """``run.py`` with the demo, served by threads; the tests of the pages have eventlet's."""
    app = RunningYoto(tmp_path_factory.mktemp("instance"), YOTO_ASYNC_MODE="threading")
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


def sign_in_to_status(page: Page, yoto: RunningYoto) -> None:
    sign_in(page, yoto, path="/status")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_an_operator_signs_in_sees_the_status_and_leaves(
    browser: Browser, yoto: RunningYoto, theme: str, size: dict[str, int]
) -> None:
    options = {"color_scheme": theme, "viewport": size, "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, _):
        page.goto(f"{yoto.url}/control/")
        screenshot(page, f"sign-in-{theme}-{size['width']}")
        assert fits(page)
        assert_accessible(page)
        sign_in_to_status(page, yoto)
        expect(page.get_by_role("heading", name="This worker")).to_be_visible()
        for component in ("Database", "Redis", "Migrations"):
            header = page.get_by_role("rowheader", name=component, exact=True)
            row = page.get_by_role("row").filter(has=header)
            expect(row.get_by_text("OK", exact=True)).to_be_visible()
        screenshot(page, f"status-{theme}-{size['width']}")
        assert fits(page)
        assert_accessible(page)
        if size is NARROW:
            page.get_by_text("Menu").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto(f"{yoto.url}/control/")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_overview_is_light_at_first_and_asks_for_no_file_twice(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in_to_status(page, yoto)
        cookies = page.context.cookies()
    context = browser.new_context(locale="en-GB")
    context.add_cookies(cookies)
    try:
        page = context.new_page()
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        asked: list[str] = []
        sizes: list[float] = []
        wire.on("Network.requestWillBeSent", lambda one: asked.append(one["request"]["url"]))
        wire.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
        page.goto(f"{yoto.url}/control/")
        expect(page.locator("#connection").get_by_text("Live", exact=True)).to_be_visible()
        expect(page.locator("canvas").first).to_be_visible()
        assert sum(sizes) <= MOST_BYTES, sizes
        files = [url for url in asked if "/static/" in url]
        assert len(files) == len(set(files)), files
        # An address that is polled counts as one.
        assert len(set(asked)) <= MOST_REQUESTS, asked
        sizes.clear()
        page.goto(f"{yoto.url}/control/guards")
        expect(page.locator(".guard").first).to_be_visible()
        page.goto(f"{yoto.url}/control/")
        expect(page.locator("canvas").first).to_be_visible()
        assert sum(sizes) <= MOST_BYTES_AGAIN, sizes
    finally:
        context.close()


def test_ages_grow_while_the_page_is_open(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in_to_status(page, yoto)
        age = page.locator(".components time").first
        expect(age).not_to_have_text("0 s", timeout=10_000)


def test_the_page_speaks_chinese(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in_to_status(page, yoto)
        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("heading", name="此工作进程")).to_be_visible()
        expect(page.locator("#headline .badge")).to_be_visible()
        page.goto(f"{yoto.url}/control/policies")
        # The list is as old as the question, so the page does not say that it is live.
        expect(page.locator("#headline .badge")).to_be_visible()
        expect(page.locator("#connection")).to_have_text("")
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        screenshot(page, "status-chinese")


def test_everything_is_reached_by_keyboard(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        page.goto(f"{yoto.url}/control/")
        expect(page.locator("#username")).to_be_focused()
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(yoto.accounts["admin"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        page.goto(f"{yoto.url}/control/status")
        reached = []
        for _ in range(len(pages_of(chosen(ALL))) + 20):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert reached[0] == "Skip to content"
        assert {"Overview", "Dark", "English", "中文", "Sign out", "Refresh"} <= set(reached)
        # The content comes before the navigation, which has a way of its own.
        assert reached[1] == "Skip to navigation"
        assert reached.index("Refresh") < reached.index("Overview")


def test_a_wrong_password_is_said_on_the_page(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        page.goto(f"{yoto.url}/control/")
        page.fill("#username", "admin")
        page.fill("#password", "not the password")
        page.click("button.primary")
        expect(page.get_by_role("alert")).to_contain_text("Wrong username or password")
        expect(page.locator("#username")).to_have_value("admin")
        expect(page.locator("#password")).to_be_focused()
        # The browser itself reports the status of the refused form, and nothing else.
        watch.allow("422")


def test_a_member_is_told_that_the_page_is_not_for_them(
    browser: Browser, yoto: RunningYoto
) -> None:
    others = [name for name in yoto.accounts if name != "admin"]
    with watched_page(browser, yoto.url, ["403"], locale="en-GB") as (page, _):
        page.goto(f"{yoto.url}/control/")
        fill_in(page, yoto, others[0])
        expect(page.get_by_role("alert")).to_contain_text("no right to view the control plane")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_the_documentation_needs_no_script(
    browser: Browser, yoto: RunningYoto, size: dict[str, int]
) -> None:
    options = {"viewport": size, "java_script_enabled": False}
    with watched_page(browser, yoto.url, **options) as (page, _):
        page.goto(f"{yoto.url}/api/docs")
        expect(page.get_by_role("heading", name="Yoto community API")).to_be_visible()
        page.get_by_text("/api/v1/auth/login").click()
        expect(page.get_by_role("link", name="Login", exact=True).first).to_be_visible()
        screenshot(page, f"docs-{size['width']}")
