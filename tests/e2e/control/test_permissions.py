"""The page Permissions: why, who, where, the matrix of a server, and reviews."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, expect
from sqlalchemy import delete

from tests.support.browser import screenshot, watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.world import World
from yoto.store.models import Role

PATH = "/permissions?tab=explain"
SERVER = "Harbour Kitchen"


@pytest.fixture
def page(browser: Browser, yoto: RunningYoto) -> Iterator[Page]:
    """The page, for an administrator; it must have done nothing that it must not do."""
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (found, watch):
        sign_in(found, yoto, path=PATH)
        yield found
        watch.assert_quiet()


def api(page: Page, path: str) -> Any:
    return page.request.get(f"{page.url.split('/control/')[0]}/control/api{path}").json()


def channel(page: Page, name: str) -> str:
    """The text of a channel of the demo as its picker takes it."""
    (server,) = api(page, f"/servers?search={SERVER}")["items"]
    (found,) = api(page, f"/servers/{server['id']}/channels?search={name}")["items"]
    return f"{name} #{found['id']}"


def fill(form: Locator, **fields: str) -> None:
    for label, text in fields.items():
        form.get_by_label(label.capitalize(), exact=True).fill(text)


def ask_why(page: Page, user: str, permission: str, name: str) -> Locator:
    form = page.locator("form.question").first
    fill(form, user=user, permission=permission, server=SERVER, channel=channel(page, name))
    form.get_by_role("button", name="Explain").click()
    return page.locator(".derivation")


@pytest.mark.journey("permissions")
def test_a_denial_and_an_allow_of_the_demo_are_drawn_step_by_step(page: Page) -> None:
    drawn = ask_why(page, "tomas", "message.send", "announcements")
    expect(drawn.get_by_role("heading", level=2)).to_contain_text("tomas · message.send")
    expect(drawn.locator(".card-head .badge")).to_have_text("Denied")
    steps = drawn.locator(".step")
    expect(steps.filter(has_text="Grants").first).to_have_class("step allow")
    taken = steps.filter(has_text="Overwrites").first
    expect(taken).to_have_class("step deny")
    expect(taken).to_contain_text("Everyone: allowed → denied")
    expect(steps.last).to_contain_text("Verdict")
    expect(drawn.locator(".changes li").first).to_contain_text("affects at most 1")
    screenshot(page, "permissions-denied-1280")
    assert_accessible(page)
    drawn = ask_why(page, "tomas", "message.send", "general")
    expect(drawn.locator(".card-head .badge")).to_have_text("Allowed")
    expect(drawn.get_by_role("heading", name="How to deny this")).to_be_visible()
    expect(drawn.locator(".step").filter(has_text="Verdict")).to_have_class("step allow")


def test_an_empty_form_has_recent_questions_and_a_remedy_leads_to_its_form_filled_in(
    page: Page,
) -> None:
    drawn = ask_why(page, "tomas", "message.manage", "announcements")
    remedy = drawn.locator(".changes [data-remedy=grant]").first
    expect(remedy).to_have_attribute("href", re.compile(r"tab=matrix.*&try=\d+:|try=\d+%3A"))
    page.goto(page.url.split("?")[0] + "?tab=explain")
    recent = page.get_by_role("button", name=re.compile("tomas · message.manage"))
    recent.first.click()
    expect(drawn.get_by_role("heading", level=2)).to_contain_text("tomas · message.manage")
    remedy.click()
    tried = page.get_by_role("dialog", name=re.compile("message.manage"))
    expect(tried).to_contain_text("Gains", timeout=20_000)


def test_circumstances_bring_policies_in_and_what_cannot_be_asked_is_told(page: Page) -> None:
    page.get_by_text("Request context (JSON)").click()
    page.locator(".context textarea").fill("{")
    ask_why(page, "tomas", "message.send", "general")
    alert = page.locator("form.question").first.get_by_role("alert")
    expect(alert).to_contain_text("Request context")
    page.locator(".context textarea").fill('{"number": 1}')
    drawn = ask_why(page, "tomas", "message.send", "general")
    asked = drawn.locator(".step").filter(has_text="Policies").first
    expect(asked.locator("code").first).to_be_visible()


def test_who_can_and_where_somebody_can_are_searched_and_lead_to_why(page: Page) -> None:
    page.get_by_role("button", name="Who and where").click()
    who = page.locator("section").filter(has=page.get_by_role("heading", name="Who can"))
    fill(who, permission="message.send", server=SERVER, channel=channel(page, "announcements"))
    who.get_by_role("button", name="Find").click()
    rows = who.locator("tbody tr")
    expect(rows).to_have_count(3)  # the owner, a moderator, and a steward, who inherits
    expect(who.get_by_role("rowheader", name="mara")).to_be_visible()
    what = page.locator("section").filter(has=page.get_by_role("heading", name="Where a user"))
    fill(what, user="tomas", permission="message.send")
    what.get_by_role("button", name="Find").click()
    expect(what.get_by_role("rowheader", name="general")).to_be_visible()
    expect(what.get_by_role("rowheader", name="announcements")).to_have_count(0)
    rows.filter(has_text="dana").get_by_role("button", name="Why?").click()
    expect(page.locator(".derivation .card-head .badge")).to_have_text("Allowed")


def test_the_matrix_is_filtered_and_shows_groups_inheritance_and_overwrites(page: Page) -> None:
    page.get_by_role("button", name="Role matrix").click()
    fill(page.locator("form.question"), server=SERVER)
    page.get_by_role("button", name="Show", exact=True).click()
    matrix = page.get_by_role("region", name="Role matrix").locator("table")
    expect(matrix.locator("thead th")).to_have_count(6)
    pin = matrix.locator("tr").filter(has=page.get_by_text("message.pin", exact=True))
    expect(pin).to_contain_text("allow, by group moderation")
    expect(pin).to_contain_text("through Moderator")
    screenshot(page, "permissions-matrix-1280")
    assert_accessible(page)
    page.get_by_label("Filter permissions").fill("pin")
    expect(matrix.locator("tbody tr:not(:first-child)")).to_have_count(1)
    page.get_by_label("Role", exact=True).select_option("Guest chef")
    expect(matrix.locator("thead th")).to_have_count(2)
    groups = page.get_by_role("table", name="Permission groups")
    moderation = groups.get_by_role("row").filter(has_text="moderation")
    expect(moderation).to_contain_text("message.pin")
    expect(moderation).to_contain_text("Moderator: allow")
    laid = page.get_by_role("table", name="Overwrites of one resource")
    page.get_by_label("Resource", exact=True).select_option(channel(page, "announcements"))
    send = laid.get_by_role("row").filter(has_text="message.send")
    expect(send.get_by_role("cell").first).to_contain_text("deny")
    expect(laid.locator("thead th").nth(1)).to_contain_text("@everyone")
    listed = page.get_by_role("table", name="Overwrites", exact=True)
    announcements = listed.get_by_role("row").filter(has_text="announcements")
    expect(announcements.filter(has_text="@everyone")).to_contain_text("message.send")


def test_a_change_is_tried_in_the_matrix_and_two_people_are_put_side_by_side(page: Page) -> None:
    page.get_by_role("button", name="Role matrix").click()
    fill(page.locator("form.question"), server=SERVER)
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_label("Role", exact=True).select_option("Guest chef")
    matrix = page.get_by_role("region", name="Role matrix").locator("table")
    line = matrix.locator("tr").filter(has=page.get_by_text("channel.manage", exact=True))
    line.get_by_role("button").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=2)).to_contain_text("channel.manage of Guest chef")
    cells = dialog.get_by_role("table", name="The matrix before and after")
    row = cells.get_by_role("row").filter(has_text="Guest chef")
    expect(row.get_by_role("cell").nth(1)).to_have_text("not set")
    expect(row.get_by_role("cell").nth(2)).to_contain_text("allow")
    people = dialog.get_by_role("table", name="Who would gain or lose what")
    expect(people.get_by_role("row").filter(has_text="fatou")).to_contain_text(SERVER)
    expect(dialog.get_by_role("status")).to_contain_text("1 would gain, 0 would lose")
    screenshot(page, "permissions-what-if-1280")
    assert_accessible(page)
    # The trial is in the address, and comes again with it.
    page.reload()
    expect(people.get_by_role("row").filter(has_text="fatou")).to_be_visible()
    dialog.get_by_label("Change").select_option("Deny it")
    expect(dialog.get_by_role("status")).to_contain_text("0 would gain")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Who and where").click()
    heading = page.get_by_role("heading", name="Two people side by side")
    section = page.locator("section").filter(has=heading)
    section.get_by_label("User", exact=True).fill("fatou")
    section.get_by_label("Other user", exact=True).fill("tomas")
    fill(section, server=SERVER, channel=channel(page, "general"))
    section.get_by_role("button", name="Compare").click()
    only = section.get_by_role("table", name="Only fatou")
    expect(only.get_by_role("row").filter(has_text="message.pin")).to_contain_text(
        "no role grants it"
    )
    screenshot(page, "permissions-compare-1280")
    assert_accessible(page)


@pytest.fixture
def families(yoto: RunningYoto, neighbour: Flask, page: Page) -> Iterator[None]:
    """Roles of the demo's server that inherit: through one that is off, and from a global one."""
    (server,) = api(page, f"/servers?search={SERVER}")["items"]
    world = World(neighbour)
    everywhere = world.role(None, "message.manage", name="Everywhere")
    asleep = world.role(None, "message.pin", name="Asleep", active=False)
    made = [everywhere, asleep]
    for name, parent in (("Sleeper's child", asleep), ("Heir of all", everywhere)):
        role = {"home": f"server:{server['id']}", "name": name, "position": 1, "parent_id": parent}
        made.append(world.add(Role(**role)))
    yield
    for role_id in reversed(made):
        world.run(delete(Role).where(Role.id == role_id))


def test_the_matrix_shows_what_a_role_has_from_global_ones_and_nothing_through_one_that_is_off(
    page: Page, families: None
) -> None:
    page.get_by_role("button", name="Role matrix").click()
    fill(page.locator("form.question"), server=SERVER)
    page.get_by_role("button", name="Show", exact=True).click()
    matrix = page.get_by_role("region", name="Role matrix").locator("table")
    for role, permission, said in (
        ("Heir of all", "message.manage", "allow, through Everywhere"),
        ("Heir of all", "message.pin", "not set"),
        ("Sleeper's child", "message.pin", "not set"),
    ):
        page.get_by_label("Role", exact=True).select_option(role)
        line = matrix.locator("tr").filter(has=page.get_by_text(permission, exact=True))
        expect(line.locator("td .hidden-text")).to_have_text(said)


def test_of_two_questions_only_the_last_is_answered(page: Page) -> None:
    waiting: list[Route] = []
    page.route("**/explain", lambda route: waiting.append(route), times=1)
    with page.expect_request("**/explain"):
        ask_why(page, "tomas", "message.send", "announcements")
    # As "Why?" does from another list, while the first answer is still under way.
    fill(page.locator("form.question").first, user="mara")
    page.locator("form.question").first.evaluate("form => form.requestSubmit()")
    heading = page.locator(".derivation").get_by_role("heading", level=2)
    expect(heading).to_contain_text("mara")
    with page.expect_response("**/explain"):
        waiting[0].continue_()
    expect(heading).to_contain_text("mara")
    fill(page.locator("form.question").first, channel="no such channel")
    page.get_by_role("button", name="Explain").click()
    expect(page.locator("form.question").first.get_by_role("alert")).to_be_visible()
    expect(page.locator(".derivation")).to_have_count(0)


def test_a_review_is_shown_and_exported(page: Page, tmp_path: Path) -> None:
    page.get_by_role("button", name="Who and where").click()
    form = page.locator("section").filter(has=page.get_by_role("heading", name="Who can"))
    fill(form, permission="message.pin", server=SERVER, channel=channel(page, "general"))
    form.get_by_role("button", name="Find").click()
    fatou = page.get_by_role("row").filter(has_text="fatou")
    expect(fatou).to_contain_text("Guest chef")
    names = page.locator("table.rows tbody th")
    shown = {text.strip() for text in names.all_inner_texts()}
    for button, read in (("All as CSV", usernames_in_csv), ("All as JSON", usernames_in_json)):
        with page.expect_download() as download:
            page.get_by_role("link", name=button).click()
        target = tmp_path / download.value.suggested_filename
        download.value.save_as(target)
        assert read(target.read_text(encoding="utf-8")) == shown


def usernames_in_csv(text: str) -> set[str]:
    return {row["username"] for row in csv.DictReader(io.StringIO(text, newline=""))}


def usernames_in_json(text: str) -> set[str]:
    return {line["username"] for line in json.loads(text)}


def test_on_a_telephone_in_the_dark_and_in_chinese_one_role_is_chosen(
    browser: Browser, yoto: RunningYoto
) -> None:
    options = {"viewport": NARROW, "color_scheme": "dark", "locale": "zh-CN"}
    with watched_page(browser, yoto.url, **options) as (page, watch):
        sign_in(page, yoto, path=PATH)
        form = page.locator("form.question")
        for label, text in (("用户", "tomas"), ("权限", "message.send"), ("社区", SERVER)):
            form.get_by_label(label, exact=True).fill(text)
        form.get_by_label("频道", exact=True).fill(channel(page, "announcements"))
        form.get_by_role("button", name="解释").click()
        expect(page.locator(".derivation .card-head .badge")).to_have_text("拒绝")
        screenshot(page, "permissions-denied-390-dark-zh")
        assert fits(page)
        assert_accessible(page)
        page.get_by_role("button", name="角色矩阵").click()
        page.locator("form.question").get_by_label("社区", exact=True).fill(f"{SERVER} #1")
        page.get_by_role("button", name="显示", exact=True).click()
        expect(page.locator("table.matrix thead").first.locator("th")).to_have_count(2)
        screenshot(page, "permissions-matrix-390-dark-zh")
        assert fits(page)
        assert_accessible(page)
        watch.assert_quiet()


@pytest.fixture
def onlooker(browser: Browser, yoto: RunningYoto) -> Iterator[str]:
    """Somebody of the demo who is made an operator without the right to audit."""
    with watched_page(browser, yoto.url) as (page, _):
        body = {"username": "admin", "password": yoto.accounts["admin"]}
        made = page.request.post(f"{yoto.url}/api/v1/auth/login", data=body).json()
        headers = {"Authorization": f"Bearer {made['access_token']}"}
        listed = page.request.get(f"{yoto.url}/api/v1/roles", headers=headers).json()["items"]
        (role,) = [one["id"] for one in listed if one["name"] == "Operator"]
        found = page.request.get(f"{yoto.url}/api/v1/users?username=tomas", headers=headers)
        (user,) = [one["id"] for one in found.json()["items"]]
        address = f"{yoto.url}/api/v1/roles/{role}/members/{user}"
        given = page.request.put(address, headers=headers, data={"reason": "a test"})
        assert given.ok, given.text()
        yield "tomas"
        assert page.request.delete(f"{address}?reason=over", headers=headers).ok


def test_who_may_only_look_is_told_which_right_is_lacking(
    browser: Browser, yoto: RunningYoto, onlooker: str
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, watch):
        sign_in(page, yoto, onlooker, PATH)
        form = page.locator("form.question")
        fill(form, user="mara", permission="message.send", server=SERVER, channel="#1")
        form.get_by_role("button", name="Explain").click()
        expect(form.get_by_role("alert")).to_contain_text("server.audit")
        # The browser itself reports the refusal, and nothing else.
        watch.allow("403")
