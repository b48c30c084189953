"""The page Policies: a rule is edited, tried, put in shadow, promoted, felt, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import Watch, screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto

PATH = "/policies"
CODE = "closed_for_stocktaking"
RULE = f'\ndeny contains "{CODE}" if input.action.name == "server.manage"\n'
WHY = "a test of what operators do"


class Product:
    """The product as an owner in the demo meets it, who manages their server."""

    def __init__(self, page: Page, yoto: RunningYoto) -> None:
        self._request, self._url = page.request, yoto.url
        body = {"username": "mara", "password": yoto.accounts["mara"]}
        made = self._request.post(f"{yoto.url}/api/v1/auth/login", data=body).json()
        self._headers = {"Authorization": f"Bearer {made['access_token']}"}

    def manage(self) -> tuple[int, Any]:
        """Status and body of a request that takes ``server.manage``."""
        address = f"{self._url}/api/v1/servers/1/invites"
        answer = self._request.get(address, headers=self._headers)
        return answer.status, answer.json()


@pytest.fixture
def watched(browser: Browser, yoto: RunningYoto) -> Iterator[tuple[Page, Watch]]:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path=PATH)
        yield page, watch


def open_entry(page: Page, name: str, kind: str = "policy") -> None:
    page.locator(f"a[href='?{kind}={name}']").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text(name)


def source(page: Page) -> Locator:
    return page.get_by_label("Source (Rego)")


def confirm(page: Page, button: str, **fields: str) -> None:
    """Give the reason in the dialog and act."""
    dialog = page.get_by_role("dialog")
    for label, text in fields.items():
        dialog.get_by_label(label).fill(text)
    dialog.get_by_label("Reason").fill(WHY)
    dialog.get_by_role("button", name=button, exact=True).click()
    expect(dialog).to_be_hidden(timeout=30_000)


@pytest.mark.journey("policies")
def test_a_rule_is_tried_shadowed_promoted_felt_and_rolled_back(
    watched: tuple[Page, Watch], yoto: RunningYoto
) -> None:
    page, watch = watched
    product = Product(page, yoto)
    assert product.manage()[0] == 200
    expect(page.get_by_text("Available", exact=True)).to_be_visible()
    coverage = page.get_by_role("region", name="What policies judge")
    judged = coverage.get_by_role("row").filter(has_text="server.manage")
    expect(judged.get_by_role("img", name="may deny").first).to_be_visible()
    screenshot(page, "policies-1280")
    assert_accessible(page)

    open_entry(page, "risk")
    before = source(page).input_value()
    source(page).fill(before + RULE)
    unsaved = page.get_by_text("changed, not active")
    expect(unsaved).to_be_visible()
    heard = unsaved.element_handle()
    source(page).press("Control+End")
    page.keyboard.type("# more")
    assert heard.is_visible()  # said once, not with each letter
    source(page).fill(before + RULE)
    expect(page.locator(".paint .string").filter(has_text=CODE)).to_have_count(1)
    page.get_by_role("button", name="Try", exact=True).click()
    summed = page.locator(".trial-sum")
    expect(summed).to_contain_text("recorded decisions change", timeout=30_000)
    expect(page.get_by_role("row").filter(has_text="server.manage").first).to_contain_text(CODE)
    screenshot(page, "policies-editor-1280")
    assert_accessible(page)
    assert product.manage()[0] == 200

    page.get_by_role("button", name="Start shadow").click()
    confirm(page, "Start shadow")
    card = page.get_by_role("region", name="Candidate in shadow")
    expect(card).to_contain_text("risk version 2")
    promote = card.get_by_role("button", name="Promote")
    promote.focus()

    def would_deny() -> bool:
        assert product.manage()[0] == 200
        return CODE in card.inner_text()

    wait_in(page, would_deny)
    expect(promote).to_be_focused()  # the card was read again meanwhile
    screenshot(page, "policies-shadow-1280")
    expect(card).to_contain_text("this says little")
    expect(card.get_by_text("Who would be denied")).to_be_visible()
    promote.click()
    # Few comparisons: its name has to be typed.
    confirm(page, "Promote", **{"Type": "risk"})
    expect(card).to_contain_text("There is no candidate")

    def denied() -> bool:
        status, body = product.manage()
        return status == 403 and CODE in str(body)

    wait_in(page, denied)

    open_entry(page, "risk")
    first = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="1", exact=True))
    first.get_by_role("button", name="Compare with the active version").click()
    expect(page.get_by_role("dialog").locator(".diff .added")).to_contain_text([CODE])
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    first.get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("dialog").locator(".diff .removed")).to_contain_text([CODE])
    confirm(page, "Roll back")
    expect(page.get_by_role("rowheader", name="3", exact=True)).to_be_visible()
    assert source(page).input_value() == before
    wait_in(page, lambda: product.manage()[0] == 200)
    watch.assert_quiet()


def wait_in(page: Page, condition: Any, seconds: int = 30) -> None:
    """Wait in steps in which the page goes on."""
    for _ in range(seconds * 4):
        if condition():
            return
        page.wait_for_timeout(250)
    raise AssertionError(f"waited {seconds} s in vain")


def test_what_the_engine_refuses_stands_at_its_line(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    open_entry(page, "quota")
    broken = source(page).input_value() + "\ndeny contains"
    source(page).fill(broken)
    page.get_by_role("button", name="Activate", exact=True).click()
    confirm(page, "Activate")
    alert = page.locator(".editor-field").first.get_by_role("alert")
    expect(alert).to_contain_text("line")
    line = page.locator(".editor .numbers .wrong")
    expect(line).to_have_text(str(broken.count("\n") + 1))
    expect(source(page)).to_be_focused()
    assert source(page).input_value() == broken
    # The browser itself reports the refusal, and nothing else.
    watch.allow("422")


def test_of_two_who_edit_a_document_the_second_sees_the_difference_and_loses_nothing(
    watched: tuple[Page, Watch], browser: Browser, yoto: RunningYoto
) -> None:
    page, watch = watched
    open_entry(page, "hours", "document")
    editor = page.get_by_label("Document", exact=True)
    before = editor.input_value()
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (other, heard):
        sign_in(other, yoto, path=f"{PATH}?document=hours")
        theirs = other.get_by_label("Document", exact=True)
        expect(theirs).to_have_value(before)
        theirs.fill(before.rstrip().removesuffix("}").rstrip() + ',\n  "theirs": 1\n}\n')
        other.get_by_role("button", name="Activate", exact=True).click()
        confirm(other, "Activate")
        expect(other.get_by_text("version 2").first).to_be_visible()
        heard.assert_quiet()
    mine = before.rstrip().removesuffix("}").rstrip() + ',\n  "mine": 2\n}\n'
    editor.fill(mine)
    page.get_by_role("button", name="Activate", exact=True).click()
    confirm(page, "Activate")
    told = page.locator(".conflict")
    expect(told).to_contain_text("version 2")
    expect(told.locator(".removed")).to_contain_text(["theirs"])
    expect(told.locator(".added")).to_contain_text(["mine"])
    screenshot(page, "policies-conflict-1280")
    assert_accessible(page)
    assert editor.input_value() == mine
    told.get_by_role("button", name="Continue with mine").click()
    page.get_by_role("button", name="Activate", exact=True).click()
    confirm(page, "Activate")
    expect(page.get_by_role("rowheader", name="3", exact=True)).to_be_visible()
    editor.fill(mine.replace("2", "3"))
    page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name="1", exact=True)
    ).get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("dialog")).to_contain_text("not active yet will be lost")
    confirm(page, "Roll back")
    expect(editor).to_have_value(before)
    watch.allow("412")


@pytest.mark.parametrize("name", ["%", "../x", "a/b"])
def test_an_address_that_can_name_nothing_is_told(
    watched: tuple[Page, Watch], yoto: RunningYoto, name: str
) -> None:
    page, watch = watched
    page.goto(f"{yoto.url}/control{PATH}?policy={name}")
    page.reload()
    told = page.get_by_role("alert").filter(has_text=f"“{name}”")
    expect(told).to_be_visible()
    expect(page.locator("a[href='?policy=risk']")).to_be_visible()
    watch.assert_quiet()


def test_a_new_policy_is_written_tested_and_taken_out(watched: tuple[Page, Watch]) -> None:
    page, watch = watched
    page.get_by_role("button", name="New policy").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Not A Name")
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Name").fill("stocktaking")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_text("not active", exact=True)).to_be_visible()
    source(page).fill(f'package yoto.authz\n\ndeny contains "{CODE}" if input.stocktaking\n')
    page.get_by_role("button", name="Activate", exact=True).click()
    confirm(page, "Activate")
    expect(page.get_by_text("version 1", exact=True)).to_be_visible()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_label("to confirm").fill("stocktaking")
    confirm(page, "Deactivate")
    expect(page.get_by_text("not active", exact=True)).to_be_visible()
    page.get_by_role("link", name="All policies").click()
    expect(page.locator("a[href='?policy=risk']")).to_be_visible()
    expect(page.get_by_role("rowheader", name="stocktaking")).to_have_count(0)
    # The browser itself reports what is not there yet, and not there any more.
    watch.allow("404")


def test_on_a_telephone_in_the_dark_and_in_chinese_all_fits_and_is_reached_by_keyboard(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        sign_in(page, yoto, path=PATH)
        expect(page.locator("a[href='?policy=risk']")).to_be_visible()
        screenshot(page, "policies-390-dark-zh")
        assert fits(page)
        assert_accessible(page)
        open_entry(page, "risk")
        area = page.get_by_label("源代码（Rego）")
        area.focus()
        page.keyboard.press("Tab")
        expect(area).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("Tab")
        expect(area).not_to_be_focused()
        screenshot(page, "policies-editor-390-dark-zh")
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()
