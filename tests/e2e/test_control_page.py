"""The control plane and the API documentation in a browser, against a started ``run.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import ASYNC_MODE
from tests.support.browser import chromium, screenshot, watched_page
from tests.support.process import RunningYoto

pytestmark = pytest.mark.skipif(
    ASYNC_MODE != "threading", reason="Playwright needs a process that is not monkey-patched"
)

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module", params=["eventlet", "threading"])
def yoto(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningYoto]:
    """``run.py`` with the demo, in each mode that a process of users can have."""
    app = RunningYoto(tmp_path_factory.mktemp("instance"), YOTO_ASYNC_MODE=request.param)
    app.wait_for(lambda: app.accounts)
    yield app
    app.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


def sign_in(page: Page, yoto: RunningYoto, username: str = "admin") -> None:
    """From the bare address of the control plane to the status page, as a person does it."""
    page.goto(f"{yoto.url}/control/")
    page.fill("#username", username)
    page.fill("#password", yoto.accounts[username])
    page.click("button.primary")


def fits(page: Page) -> bool:
    """Whether nothing of the page sticks out sideways."""
    width = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    return bool(page.evaluate(width))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_an_operator_signs_in_sees_the_status_and_leaves(
    browser: Browser, yoto: RunningYoto, theme: str, size: dict[str, int]
) -> None:
    options = {"color_scheme": theme, "viewport": size, "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        page.goto(f"{yoto.url}/control/")
        screenshot(page, f"sign-in-{theme}-{size['width']}")
        assert fits(page)
        sign_in(page, yoto)
        expect(page.get_by_role("heading", name="Status")).to_be_visible()
        expect(page.get_by_text("Everything works")).to_be_visible()
        for component in ("Database", "Redis", "Migrations"):
            header = page.get_by_role("rowheader", name=component, exact=True)
            row = page.get_by_role("row").filter(has=header)
            expect(row.get_by_text("OK", exact=True)).to_be_visible()
        screenshot(page, f"status-{theme}-{size['width']}")
        assert fits(page)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.goto(f"{yoto.url}/control/")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        watch.assert_quiet()


def test_ages_grow_while_the_page_is_open(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto)
        age = page.locator(".components time").first
        expect(age).not_to_have_text("0 s", timeout=10_000)
        watch.assert_quiet()


def test_the_page_speaks_chinese(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        sign_in(page, yoto)
        page.get_by_role("link", name="中文").click()
        expect(page.get_by_role("heading", name="状态")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        screenshot(page, "status-chinese")
        watch.assert_quiet()


def test_everything_is_reached_by_keyboard(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        page.goto(f"{yoto.url}/control/")
        expect(page.locator("#username")).to_be_focused()
        page.keyboard.type("admin")
        page.keyboard.press("Tab")
        page.keyboard.type(yoto.accounts["admin"])
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Status")).to_be_visible()
        reached = []
        for _ in range(8):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.textContent.trim()"))
        assert reached[0] == "Skip to content"
        assert {"English", "中文", "Sign out", "Refresh"} <= set(reached)
        watch.assert_quiet()


def test_a_wrong_password_is_said_on_the_page(browser: Browser, yoto: RunningYoto) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, watch):
        page.goto(f"{yoto.url}/control/")
        page.fill("#username", "admin")
        page.fill("#password", "not the password")
        page.click("button.primary")
        expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        # The browser itself reports the status of the refused form, and nothing else.
        assert all("422" in text for text in watch.console)
        assert (watch.errors, watch.elsewhere) == ([], [])


def test_a_member_is_told_that_the_page_is_not_for_them(
    browser: Browser, yoto: RunningYoto
) -> None:
    others = [name for name in yoto.accounts if name != "admin"]
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, others[0])
        expect(page.get_by_role("alert")).to_contain_text("no right to see the control plane")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_the_documentation_needs_no_script(
    browser: Browser, yoto: RunningYoto, size: dict[str, int]
) -> None:
    options = {"viewport": size, "java_script_enabled": False}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        page.goto(f"{yoto.url}/")
        expect(page.get_by_role("heading", name="Yoto community API")).to_be_visible()
        page.get_by_text("/api/v1/auth/login").click()
        expect(page.get_by_role("link", name="Login", exact=True).first).to_be_visible()
        screenshot(page, f"docs-{size['width']}")
        watch.assert_quiet()
