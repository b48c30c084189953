"""Previews of a change of rights come true, and a refusal tells its reason and whom to ask."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, Page, expect

from tests.support.browser import watched_page
from tests.support.community_pages import act_on, assert_fit, confirm, enter, open_tab, row_of
from tests.support.control_pages import NARROW, WIDE
from tests.support.process import RunningYoto

# A promise, and what is said when it was kept.
KEPT = {
    "will gain": "gained",
    "will lose": "lost",
    "will no longer be above": "no longer above",
    "will be above": "now above",
}


def comes_true(page: Page, button: str, *said: str) -> None:
    """Do what the dialog that is open asks: what changed is what it says."""
    preview = page.locator(".preview")
    for text in said:
        expect(preview).to_contain_text(text)
    promised = preview.locator("li").filter(has_text=re.compile("|".join(KEPT)))
    lines = promised.all_inner_texts()
    assert lines
    confirm(page, button)
    for before, after in KEPT.items():
        lines = [one.replace(before, after) for one in lines]
    outcome = page.locator("#outcome li")
    expect(outcome).to_have_count(len(lines))
    assert sorted(outcome.all_inner_texts()) == sorted(lines)


def test_an_overwrite_an_order_and_a_time_out_do_what_was_said_before(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": WIDE, "locale": "en-GB"}
    with watched_page(browser, yoto.url, **options) as (page, _):
        enter(page, yoto, "mara", "/servers/1?tab=overwrites&channel=2")
        regular = row_of(page, "Regular")
        sending = regular.get_by_label("Regular: Send messages")
        # Roles of which nothing is set have no row until they are chosen.
        expect(page.get_by_role("rowheader").first).to_be_visible()
        expect(regular).to_have_count(0)
        page.get_by_label("Add a role or member").select_option(label="Regular")
        # A draft alone, which is taken back.
        sending.select_option("allow")
        regular.get_by_role("button", name="Undo").click()
        expect(sending).to_have_value("")
        sending.select_option("allow")
        regular.get_by_role("button", name="Try").click()
        assert_fit(page)
        comes_true(page, "Set", "Aiko Mori, Béla Nagy, Chidi Okafor: will gain “Send messages”")
        expect(regular.get_by_role("button", name="Try")).to_have_count(0)
        expect(regular.get_by_text("allow", exact=True)).to_be_visible()
        regular.get_by_role("button", name="Change the overwrites of Regular").click()
        sending.select_option("")
        regular.get_by_role("button", name="Try").click()
        comes_true(page, "Set", "will lose “Send messages”")

        open_tab(page, "Roles")
        page.get_by_role("button", name="Move Guest chef up").click()
        comes_true(
            page,
            "Move",
            "Fatou Diallo: will be above Dana Weiss",
            "Dana Weiss: will no longer be above Fatou Diallo",
        )
        page.get_by_role("button", name="Move Guest chef down").click()
        comes_true(page, "Move", "Dana Weiss: will be above Fatou Diallo")

        open_tab(page, "Members")
        act_on(page, "Luca Ferri", "Time out")
        comes_true(page, "Time out", "Luca Ferri: will lose “Send messages”")
        act_on(page, "Luca Ferri", "End time-out")
        comes_true(page, "End time-out", "Luca Ferri: will gain “Send messages”")

        open_tab(page, "View as")
        expect(page.get_by_text("Sees 3 of the 4 channels")).to_be_visible()
        page.get_by_label("Moderator").check()
        expect(page.get_by_text("Sees 4 of the 4 channels")).to_be_visible()
        assert_fit(page)


def test_who_lost_a_right_meanwhile_is_told_why_whom_to_ask_and_may_ask_for_it(
    browser: Browser, yoto: RunningYoto
) -> None:
    narrow = {"viewport": NARROW, "color_scheme": "dark", "locale": "en-GB"}
    with (
        watched_page(browser, yoto.url, allowed=["403"], **narrow) as (member, _),
        watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (owner, _),
    ):
        enter(member, yoto, "tomas", "/servers/1?tab=invites")
        member.get_by_role("button", name="New invite").click()
        enter(owner, yoto, "mara", "/servers/1?tab=roles")
        owner.get_by_role("button", name="@everyone").click()
        expect(owner.get_by_role("heading", name="What @everyone allows")).to_be_visible()
        turn = owner.get_by_role("switch", name="Invite people")
        turn.click()
        confirm(owner, "Switch off")
        expect(turn).not_to_be_checked()
        confirm(member, "New invite")
        notice = member.locator("#outcome .notice")
        expect(notice).to_contain_text("None of your roles allows this here: Invite people.")
        expect(notice).to_contain_text("Ask the owner, Mara Lind.")
        expect(notice).to_be_focused()
        # Acts that would be refused are offered no more.
        expect(member.locator("#tabs nav button")).to_have_text(["Channels", "Members", "Requests"])
        assert_fit(member)
        notice.get_by_role("button", name="Request access").click()
        expect(member.get_by_role("dialog")).to_contain_text("Invite people")
        turn.click()
        confirm(owner, "Switch on")
        expect(turn).to_be_checked()
