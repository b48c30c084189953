"""A community's rights in the page: given with a preview that comes true, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.support.browser import watched_page
from tests.support.community_pages import act_on, assert_fit, confirm, enter, open_tab, row_of
from tests.support.control_pages import NARROW, WIDE
from tests.support.process import RunningYoto

TOMAS = "Tomas Reyes"
PINS = "Pin messages"


@pytest.mark.journey("rights")
def test_an_administrator_gives_a_role_sees_the_preview_come_true_and_takes_it_back(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": WIDE, "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, _):
        enter(page, yoto, "mara")
        page.get_by_role("link", name="Harbour Kitchen").click()
        open_tab(page, "Roles")
        make_herald(page)
        open_tab(page, "Members")
        act_on(page, TOMAS, "Assign role")
        page.get_by_label("Role", exact=True).select_option("Herald")
        expect(page.locator(".preview")).to_contain_text(f"{TOMAS}: will gain “{PINS}”")
        assert_fit(page)
        confirm(page, "Assign")
        expect(page.locator("#outcome")).to_contain_text(f"{TOMAS}: gained “{PINS}”")
        expect(row_of(page, TOMAS)).to_contain_text("Herald")
        tries: list[Request] = []
        page.on("request", lambda one: tries.append(one) if "/what-if" in one.url else None)
        act_on(page, TOMAS, "Remove role")
        expect(page.locator(".preview")).to_contain_text(f"{TOMAS}: will lose “{PINS}”")
        assert_fit(page)
        confirm(page, "Remove")
        expect(page.locator("#outcome")).to_contain_text(f"{TOMAS}: lost “{PINS}”")
        # A second one, read after the act, would be of nothing that is lost.
        assert len(tries) == 1
        expect(row_of(page, TOMAS)).not_to_contain_text("Herald")
        for tab in ("Roles", "Overwrites", "Groups and templates", "Bans", "Rules", "View as"):
            open_tab(page, tab)
            assert_fit(page)
        open_tab(page, "Audit log")
        expect(page.get_by_role("table")).to_contain_text("Role removed")
        assert_fit(page)


def test_an_outcome_that_cannot_be_read_is_not_passed_over(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": WIDE, "locale": "en-GB"}
    with watched_page(browser, yoto.url, ["review/difference"], **options) as (page, _):
        enter(page, yoto, "mara")
        page.get_by_role("link", name="Harbour Kitchen").click()
        open_tab(page, "Members")
        act_on(page, "Dana Weiss", "Remove role")
        expect(page.locator(".preview")).to_contain_text("Dana Weiss: will lose")
        page.route("**/review/difference*", lambda route: route.abort())
        confirm(page, "Remove")
        said = "It is done, but what changed cannot be shown"
        expect(page.locator("#outcome")).to_contain_text(said)


def make_herald(page: Page) -> None:
    """A role that lets pin messages."""
    page.get_by_role("button", name="New role").click()
    page.get_by_label("Name", exact=True).fill("Herald")
    confirm(page, "Create")
    pins = page.get_by_role("switch", name=PINS)
    expect(page.get_by_role("heading", name="What Herald allows")).to_be_visible()
    pins.click()
    confirm(page, "Switch on")
    expect(pins).to_be_checked()


def test_a_member_without_rights_sees_no_act_that_would_be_refused(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": NARROW, "color_scheme": "dark", "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, _):
        # A tab of the address that is not for him is none to him.
        enter(page, yoto, "tomas", "/servers/1?tab=roles")
        tabs = page.locator("#tabs button")
        expect(tabs).to_have_text(["Channels", "Members", "Invites", "Requests"])
        expect(tabs.first).to_have_attribute("aria-pressed", "true")
        page.get_by_role("button", name="# announcements").click()
        expect(page.get_by_text("You can read here, but not write.")).to_be_visible()
        expect(page.get_by_text("Ask the owner, Mara Lind.")).to_be_visible()
        expect(page.locator("textarea, .messages button")).to_have_count(0)
        open_tab(page, "Members")
        expect(page.locator("tbody tr")).to_have_count(14)
        expect(page.locator("tbody button")).to_have_text(["Nickname"])
        assert_fit(page)
        open_tab(page, "Invites")
        page.get_by_role("button", name="New invite").click()
        confirm(page, "New invite")
        expect(page.get_by_text("Invite code:")).to_be_visible()
        assert_fit(page)
