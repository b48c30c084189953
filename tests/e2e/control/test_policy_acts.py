"""A candidate is dropped; policies and documents are put in force at once, felt, and taken back."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.control.test_policies import PATH, Product, confirm, open_entry, source, wait_in
from tests.support.browser import watched_page
from tests.support.control_pages import sign_in
from tests.support.process import RunningYoto

CODE = "closed_on_sundays"
RULE = f'\ndeny contains "{CODE}" if input.action.name == "server.manage"\n'


@pytest.fixture(scope="module")
def opened(browser: Browser, yoto: RunningYoto) -> Iterator[tuple[Page, Product]]:
    """The page of an administrator, and what an owner meets meanwhile."""
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        sign_in(page, yoto, path=PATH)
        product = Product(page, yoto)
        assert product.manage()[0] == 200
        yield page, product


def put_in_force(page: Page) -> None:
    page.get_by_role("button", name="Activate", exact=True).click()
    confirm(page, "Activate")


def roll_back(page: Page) -> None:
    """To the text before the tests."""
    first = page.get_by_role("rowheader", name="1", exact=True)
    row = page.get_by_role("row").filter(has=first)
    row.get_by_role("button", name="Roll back").click()
    confirm(page, "Roll back")
    expect(page.get_by_role("rowheader", name="3", exact=True)).to_be_visible()


def refused_by(product: Product, code: str) -> bool:
    status, body = product.manage()
    return status == 403 and code in str(body)


def test_a_candidate_that_is_dropped_decides_nothing(opened: tuple[Page, Product]) -> None:
    page, product = opened
    open_entry(page, "sensitivity")
    source(page).fill(source(page).input_value() + RULE)
    page.get_by_role("button", name="Start shadow").click()
    confirm(page, "Start shadow")
    card = page.get_by_role("region", name="Candidate in shadow")
    expect(card).to_contain_text("sensitivity version 2")
    card.get_by_role("button", name="Drop").click()
    confirm(page, "Drop")
    expect(card).to_contain_text("There is no candidate")
    assert product.manage()[0] == 200
    open_entry(page, "sensitivity")
    versions = page.get_by_role("row").filter(has_text="Dropped")
    expect(versions.get_by_role("rowheader", name="2", exact=True)).to_be_visible()
    page.get_by_role("link", name="All policies").click()


def test_an_edited_policy_decides_as_soon_as_it_is_in_force(opened: tuple[Page, Product]) -> None:
    page, product = opened
    open_entry(page, "device")
    source(page).fill(source(page).input_value() + RULE)
    put_in_force(page)
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    wait_in(page, lambda: refused_by(product, CODE))
    roll_back(page)
    wait_in(page, lambda: product.manage()[0] == 200)
    page.get_by_role("link", name="All policies").click()


def test_a_document_is_what_policies_decide_by(opened: tuple[Page, Product]) -> None:
    page, product = opened
    open_entry(page, "network", "document")
    editor = page.get_by_label("Document", exact=True)
    document = json.loads(editor.input_value())
    document["block"]["server.manage"] = ["127.0.0.0/8", "::1/128"]
    editor.fill(json.dumps(document))
    put_in_force(page)
    expect(page.get_by_text("version 2", exact=True)).to_be_visible()
    wait_in(page, lambda: refused_by(product, "network_blocked"))
    roll_back(page)
    wait_in(page, lambda: product.manage()[0] == 200)
