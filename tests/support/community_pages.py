"""Steps that tests of the community's pages share."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.support.control_pages import SIGN_IN_MS, assert_accessible, fill_in, fits
from tests.support.process import RunningYoto


def enter(page: Page, yoto: RunningYoto, username: str, path: str = "/") -> None:
    """To a page of the community as somebody who signs in on the way."""
    page.goto(f"{yoto.url}{path}")
    expect(page.locator("#username")).to_be_visible()
    fill_in(page, yoto, username)
    expect(page.locator("#account button")).to_be_visible(timeout=SIGN_IN_MS)


def open_tab(page: Page, name: str) -> None:
    """One of the parts of a server, drawn."""
    page.locator("#tabs").get_by_role("button", name=name, exact=True).click()
    expect(page.locator(".skeleton")).to_have_count(0)


def confirm(page: Page, name: str) -> None:
    """Press the button of the dialog that is open, and see it end."""
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name=name, exact=True).click()
    expect(dialog).to_have_count(0)


def row_of(page: Page, name: str) -> Locator:
    """The line of somebody in the list of members."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def act_on(page: Page, name: str, act: str) -> None:
    """Begin what the menu of somebody's line offers."""
    row_of(page, name).get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=act).click()


def assert_fit(page: Page) -> None:
    """Nothing sticks out, and axe has nothing serious to say."""
    assert fits(page)
    assert_accessible(page)
