"""The pages of one resource and of one role: rights there, holders, and effects of a change."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from yoto.api.people import number_called
from yoto.extensions import permissions
from yoto.store.db import db
from yoto.store.models import Server

SERVER = "Harbour Kitchen"


@pytest.fixture
def moderated_alone(neighbour: Flask) -> Iterator[int]:
    """The number of the server at which, and not below it, Dana holds another role."""
    with neighbour.app_context():
        server = db.session.scalar(select(Server.id).where(Server.name == SERVER))
        assert server is not None
        [role] = permissions.register_role("Doorkeeper", home=("server", server)).ids
        permissions.assign_permissions_to_role(role, ["member.invite"])
        dana = number_called("dana")
        assert dana is not None
        permissions.assign(dana, role, at=("server", server), here_only=True)
        db.session.remove()
        yield server
        permissions.delete_role(role)
        db.session.remove()


@pytest.mark.journey("resource", "role")
def test_a_person_leads_to_their_server_and_a_server_to_who_may_and_who_holds_what(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, path="/people/dana")
        page.get_by_role("table", name="Roles").get_by_role("link", name=SERVER).click()
        expect(page).to_have_url(re.compile(r"/control/resources/server/\d+$"))
        expect(page.get_by_role("heading", level=1)).to_have_text(SERVER)
        holders = page.get_by_role("table", name="Roles and who holds them")
        expect(holders.get_by_role("row", name="Moderator")).to_contain_text("dana")
        expect(page.get_by_role("region", name="Role matrix").locator("table")).to_be_visible()
        page.get_by_label("Permission", exact=True).fill("message.pin")
        page.get_by_role("button", name="Find").click()
        who = page.get_by_role("table", name="Who can")
        expect(who.get_by_role("link", name="dana")).to_be_visible()
        assert_accessible(page)
        screenshot(page, "resource-1280")
        page.get_by_role("button", name="Everything inside it").click()
        expect(page).to_have_url(re.compile(r"\?records=inside$"))
        holders.get_by_role("link", name="Moderator").click()
        expect(page).to_have_url(re.compile(r"/control/roles/\d+$"))
        expect(page.get_by_role("heading", level=1)).to_have_text("Moderator")
        expect(page.get_by_role("table", name="Who holds it")).to_contain_text("dana")
        expect(page.get_by_role("table", name="Permissions")).to_contain_text("moderation")
        page.get_by_role("button", name="What if this changed?").click()
        lost = page.get_by_role("dialog").get_by_role("row").filter(has_text="dana")
        expect(lost).to_contain_text("granted by a role or an overwrite → no role grants it")
        assert_accessible(page)
        screenshot(page, "role-1280")
        page.go_back()
        page.set_viewport_size(NARROW)
        page.emulate_media(color_scheme="dark")
        page.goto(f"{page.url}&lang=zh")
        expect(page.get_by_role("heading", name="角色及其持有者")).to_be_visible()
        expect(page.get_by_role("region", name="角色矩阵").locator("table")).to_be_visible()
        assert fits(page)
        assert_accessible(page)
        watch.allow("404")
        page.goto(f"{yoto.url}/control/resources/server/987654?lang=en")
        expect(page.get_by_role("alert").filter(has_text="987654")).to_be_visible()


def test_a_role_that_is_held_at_a_node_alone_says_so_on_each_page(
    browser: Browser, yoto: RunningYoto, moderated_alone: int
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, _):
        sign_in(page, yoto, path="/people/dana")
        held = page.get_by_role("table", name="Roles").get_by_role("row", name="Doorkeeper")
        expect(held).to_contain_text("and not below it")
        page.goto(f"{yoto.url}/control/resources/server/{moderated_alone}")
        holders = page.get_by_role("table", name="Roles and who holds them")
        expect(holders.get_by_role("row", name="Doorkeeper")).to_contain_text("and not below it")
        expect(holders.get_by_role("row", name="Moderator")).not_to_contain_text("not below")
        question = f"username=dana&permission=member.invite&scope=server&scope_id={moderated_alone}"
        page.goto(f"{yoto.url}/control/permissions?tab=explain&{question}")
        roles = page.locator(".step").filter(has_text="Doorkeeper").first
        expect(roles).to_contain_text(f"held at {SERVER} and not below it")
        page.goto(f"{page.url}&lang=zh")
        expect(roles).to_contain_text(f"仅在 {SERVER} 本身分配，不含其下级")
