"""The inbox of access requests: three clicks to a grant, whose end the open page sees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from yoto.api.people import number_called
from yoto.extensions import permissions

ASKER, OWNER = "tomas", "mara"


@pytest.fixture
def lending_operator(yoto: RunningYoto, neighbour: Flask) -> Iterator[str]:
    """The owner of the demo's first server, who operates the platform for a while."""
    with neighbour.app_context():
        [role] = permissions.register_role("operator who lends").ids
        rights = ["platform.view", "platform.operate", "admin.audit"]
        permissions.assign_permissions_to_role(role, rights)
        owner = number_called(OWNER)
        assert owner is not None
        permissions.assign_roles_to_user(owner, [role])
    yield OWNER
    with neighbour.app_context():
        permissions.delete_role(role)


@pytest.mark.journey("access_requests")
def test_a_request_arrives_is_granted_and_ends_under_the_eyes_of_the_operator(
    browser: Browser, yoto: RunningYoto, lending_operator: str
) -> None:
    with watched_page(browser, yoto.url, viewport=WIDE, locale="en-GB") as (page, _):
        sign_in(page, yoto, lending_operator)
        loading: list[Route] = []
        page.route("**/vendor/socket*", lambda route: loading.append(route))
        page.get_by_role("link", name="Access requests").click()
        expect(page.get_by_text("No requests are waiting for you.")).to_be_visible()
        # Somebody asks elsewhere. The page, which has no connection yet, hears of it by that.
        api = f"{yoto.url}/api/v1"
        signed = page.request.post(
            f"{api}/auth/login", data={"username": ASKER, "password": yoto.accounts[ASKER]}
        )
        headers = {"Authorization": f"Bearer {signed.json()['access_token']}"}
        asked = page.request.post(
            f"{api}/access-requests",
            headers=headers,
            data={
                "permission": "channel.manage",
                "scope": "channel",
                "scope_id": 1,
                "reason": "a name for the channel",
                "seconds": 3600,
            },
        )
        assert asked.status == 201, asked.text()
        for route in loading:
            route.continue_()
        row = page.get_by_role("table", name="Waiting for you").get_by_role("row", name=ASKER)
        expect(row).to_contain_text("a name for the channel")
        expect(page.locator("[data-count=access_requests]").first).to_contain_text("1")
        row.get_by_role("button", name="Grant").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Duration (s)").fill("3")
        dialog.get_by_label("Reason").fill("a test of this page")
        dialog.get_by_role("button", name="Grant").click()
        expect(page.get_by_text("No requests are waiting for you.")).to_be_visible()
        below = page.get_by_role("table", name="All requests").get_by_role("row", name=ASKER)
        # Nobody does anything any more.
        expect(below).to_contain_text("Ended")
        expect(page.locator("[data-count=access_requests]").first).to_be_empty()
        assert_accessible(page)
        page.set_viewport_size(NARROW)
        assert fits(page)
