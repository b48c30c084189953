"""The events: live as they happen, held back, looked for in the past, exported, and removed."""

from __future__ import annotations

import json
import time
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fill_in, fits, sign_in
from tests.support.process import RunningYoto
from yoto.events import Events, TaskProgressed
from yoto.permission.outbox.notifying import PermissionsChanged

OFFLINE = "ERR_INTERNET_DISCONNECTED"
LIVE = 20_000  # ms in which what happened is on the page


def flask(neighbour: Flask, *arguments: str) -> None:
    """A command of an operator at a terminal, on the same database and Redis."""
    ran = neighbour.test_cli_runner().invoke(args=arguments)
    assert ran.exit_code == 0, ran.output


def publish(neighbour: Flask, folder: Path, *names: str) -> None:
    """Change data that policies may read. None of the demo reads these, so no rights change."""
    file = folder / "regulars.json"
    file.write_text(json.dumps({"names": names}))
    flask(neighbour, "policy", "push", str(file), "--comment", "an event for a test")


def isolate(neighbour: Flask, why: str) -> None:
    """A breaker is forced open for a moment."""
    flask(neighbour, "resilience", "isolate", "message.search", "--for", "3s", "--reason", why)


def follow(page: Page, yoto: RunningYoto, username: str = "admin") -> None:
    """Open the page, and wait until it is told what happens."""
    sign_in(page, yoto, username, path="/events")
    expect(page.locator("#connection .badge.ok")).to_be_visible(timeout=LIVE)
    expect(page.locator(".skeleton")).to_have_count(0)


def lines(page: Page, kind: str) -> Locator:
    return page.locator(f".tail > li[data-type^='{kind}']")


@pytest.mark.parametrize(
    ("theme", "size", "language"), [("light", WIDE, "en"), ("dark", NARROW, "zh")]
)
def test_the_page_is_readable_in_every_dress(
    browser: Browser, yoto: RunningYoto, theme: str, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, yoto.url, viewport=size, locale=language) as (page, _):
        page.goto(f"{yoto.url}/control/sign-in?theme={theme}")
        follow(page, yoto)
        page.locator(".tail summary").first.click()
        expect(page.locator(".tail pre").first).to_contain_text('"source"')
        page.locator(".types > summary").click()
        expect(page.locator(".types fieldset").first).to_be_visible()
        assert fits(page)
        assert_accessible(page)
        page.keyboard.press("Escape")
        expect(page.locator(".types fieldset").first).to_be_hidden()


@pytest.mark.journey("events")
def test_a_change_of_policies_appears_as_it_happens_and_is_exported(
    browser: Browser, yoto: RunningYoto, neighbour: Flask, tmp_path: Path
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB", timezone_id="Asia/Shanghai") as (page, _):
        follow(page, yoto)
        changes = lines(page, "policy.changed")
        before = changes.count()
        publish(neighbour, tmp_path, "mara")
        expect(changes).to_have_count(before + 1, timeout=LIVE)
        newest = changes.first
        expect(newest.locator(".when")).to_contain_text("GMT+8")
        expect(newest.locator(".when")).to_contain_text("ago")
        newest.locator("summary").click()
        expect(newest.locator("pre")).not_to_be_empty()
        told = json.loads(newest.locator("pre").inner_text())
        assert told["type"] == "policy.changed" and "regulars" in json.dumps(told["data"])
        page.locator(".types > summary").click()
        policies = page.get_by_role("group", name="policy", exact=True)
        policies.get_by_label("changed", exact=True).check()
        expect(lines(page, "task.")).to_have_count(0)
        with page.expect_download() as download:
            page.get_by_role("link", name="Export as JSON").click()
        exported = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
        assert told in exported
        assert {one["type"] for one in exported} == {"policy.changed"}
        publish(neighbour, tmp_path)
        expect(changes).to_have_count(before + 2, timeout=LIVE)
        # The filters are in the address.
        page.reload()
        expect(changes).to_have_count(before + 2)
        expect(page.get_by_text("Types: 1 chosen")).to_be_visible()


def test_what_happens_while_it_is_paused_waits_and_is_counted(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        follow(page, yoto)
        page.get_by_role("button", name="Pause").click()
        why = f"held <b>back</b> {time.time_ns()}"
        isolate(neighbour, why)
        on = page.get_by_role("button", name="Resume")
        expect(on).not_to_have_text("Resume (0 waiting)", timeout=LIVE)
        expect(page.locator(".tail")).not_to_contain_text(why)
        on.click()
        expect(page.locator(".tail")).to_contain_text(why, timeout=LIVE)
        text = page.get_by_label("Text")
        text.fill(why.upper())
        expect(page.get_by_text("events here contain").first).to_be_visible()
        shown = page.locator(".tail > li:visible")
        expect(shown.first).to_contain_text(why)
        assert all(why in line for line in shown.all_inner_texts())
        text.fill("there is no such event")
        expect(shown).to_have_count(0)


def test_older_events_are_reached_by_keyboard_while_new_ones_come(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    def happen(times: int) -> None:
        for step in range(times):
            # Those of one task would be one line.
            event = TaskProgressed(task_id=uuid4().hex, task="older", step=str(step))
            assert Events.of(neighbour).stream.publish(event) is not None

    happen(110)
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        follow(page, yoto)
        older = page.get_by_role("button", name="Show older")
        older.focus()
        happen(3)
        shown = page.locator(".tail > li")
        expect(page.get_by_text("103 shown")).to_be_visible(timeout=LIVE)
        expect(older).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("#mode")).to_have_text("Paused")
        expect(shown.nth(110)).to_be_visible()
        # It is where it was, or there is nothing older and the focus is not lost.
        expect(page.locator(":focus")).to_have_count(1)


@pytest.mark.parametrize(
    ("language", "said", "slow"),
    [
        (
            "en-GB",
            "Permissions changed for 40 subjects: role:900, role:901, role:902, role:903, "
            "role:904, role:905 and 34 more",
            "fell too far behind",
        ),
        (
            "zh",
            "40 个主体的权限已变更：role:900、role:901、role:902、role:903、role:904、role:905，另有 34 个",
            "落后太多",
        ),
    ],
    ids=["en", "zh"],
)
def test_a_change_of_permissions_and_a_worker_that_fell_behind_are_told_in_words(
    browser: Browser, yoto: RunningYoto, neighbour: Flask, language: str, said: str, slow: str
) -> None:
    subjects = [f"role:{900 + number}" for number in range(32)]
    with watched_page(browser, yoto.url, locale=language) as (page, _):
        follow(page, yoto)
        Events.of(neighbour).stream.publish(
            PermissionsChanged(subjects=subjects, count=40, position="7", late=True)
        )
        expect(lines(page, "permission.changed").first).to_contain_text(said, timeout=LIVE)
        marker = page.evaluate(
            "async () => (await import('/static/control/events/entry.js'))"
            ".gap({after: '1795532051474-0', reason: 'slow'}).textContent"
        )
        assert slow in marker


SAYS_LINES = """async (events) => {
  const { tail } = await import("/static/control/events/tail.js");
  const list = tail({ label: "here", most: 100 });
  events.forEach(list.add);
  const parts = (line) => [...line.querySelectorAll(".gist, .how-often")];
  const said = (line) => parts(line).map((one) => one.textContent);
  const texts = [...list.element.children].map((line) => said(line).filter(Boolean).join(" "));
  return [texts, list.size(), list.newest(), list.oldest()];
}"""


def test_events_that_say_the_same_are_one_line_with_how_often_and_in_which_time(
    browser: Browser, yoto: RunningYoto
) -> None:
    def event(minute: int, type: str, /, **data: object) -> dict[str, object]:
        ms = 1795532051474 + minute * 60_000
        return {"id": f"{ms}-0", "type": type, "at": ms, "source": "x", "data": data}

    burst = {"kind": "rate_limit", "name": "message.send", "caller": "", "count": 3}
    by_hand = {"kind": "rate_limit", "name": "message.send", "action": "set", "author": "cli:ada"}
    wake = {"source": "alert:redis", "old": "none", "new": "none"}
    events = [
        event(0, "guard.rejections", **burst),
        event(1, "store.lost", store="redis"),
        event(7, "guard.rejections", **burst),
        event(8, "degradation.changed", **wake),
        event(9, "config.changed", **by_hand, version=1),
        event(10, "config.changed", **by_hand, version=2),
        event(30, "guard.rejections", **burst),
        *(
            event(31, "policy.changed", kind=kind, name=name, action="default", author="default")
            for kind, name in (("data", "hours"), ("data", "risk"), ("rego", "risk"))
        ),
        event(32, "permission.changed", subjects=["policy"], count=1, position=""),
    ]
    for at, one in enumerate(events):
        one["id"] = f"{one['at']}-{at}"
    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        follow(page, yoto)
        texts, size, newest, oldest = page.evaluate(SAYS_LINES, events)
    configured = "ada at a terminal configured limiter message.send"
    assert texts == [
        "Permissions changed for 1 subject: what policies judge",
        # A release brings many at once; nobody did it.
        "Bundled policy stored: risk, hours × 3 in 0 s",
        "3 calls rejected by limiter message.send",
        configured,
        configured,
        "6 calls rejected by limiter message.send × 2 in 7 min",
        "Redis is unavailable",
    ]
    assert (size, newest, oldest) == (10, events[-1]["id"], events[0]["id"])


def test_the_past_is_searched_and_the_list_goes_back_to_live(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, locale="en-GB", timezone_id="UTC") as (page, _):
        follow(page, yoto)
        page.get_by_label("From").fill("2020-01-01T00:00:00")
        page.get_by_label("Until").fill("2020-01-02T00:00:00")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_text("No matching events.")).to_be_visible()
        page.get_by_label("Until").fill("2019-01-02T00:00:00")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.get_by_label("Until")).to_be_focused()
        page.get_by_label("Until").fill("2099-01-02T00:00:00")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".tail > li").first).to_be_visible()
        expect(page.locator("#mode")).to_have_text("Search")
        page.get_by_role("button", name="Back to live").click()
        expect(page.locator("#mode")).to_have_text("Following")


def test_history_is_removed_on_purpose_and_who_missed_it_is_told(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    with (
        watched_page(browser, yoto.url, locale="en-GB") as (page, _),
        watched_page(browser, yoto.url, [OFFLINE], locale="en-GB") as (away, _),
    ):
        follow(away, yoto)
        old = away.locator(".tail > li").count()
        away.context.set_offline(True)
        away.evaluate("dispatchEvent(new Event('offline'))")
        expect(away.locator("#connection .badge.failed")).to_be_visible(timeout=30_000)
        follow(page, yoto)
        isolate(neighbour, "to be removed")
        page.get_by_role("button", name="Remove history").click()
        dialog = page.get_by_role("dialog", name="Remove the history of events")
        dialog.get_by_label("Reason").fill("a test needs room")
        remove = dialog.get_by_role("button", name="Remove them")
        expect(remove).to_be_disabled()
        dialog.get_by_label("Type “clear events”").fill("clear events")
        assert_accessible(page)
        remove.click()
        expect(page.get_by_text("events were removed")).to_be_visible()
        expect(lines(page, "events.cleared")).to_have_count(1, timeout=LIVE)
        expect(page.get_by_text("This is the oldest event that is kept.")).to_be_visible()
        away.context.set_offline(False)
        gap = away.locator(".tail .gap")
        expect(gap).to_contain_text("Events are missing here.", timeout=30_000)
        expect(lines(away, "events.cleared")).to_have_count(1)
        # Lines that it had seen before stay, below the gap.
        assert away.locator(".tail .gap ~ li").count() == old


def test_the_end_of_the_session_leaves_what_was_typed_and_goes_on_after_signing_in(
    browser: Browser, yoto: RunningYoto
) -> None:
    with watched_page(browser, yoto.url, ["401"], locale="en-GB") as (page, _):
        follow(page, yoto)
        page.get_by_role("button", name="Remove history").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Type “clear events”").fill("clear events")
        dialog.get_by_label("Reason").fill("typed with care")
        page.context.clear_cookies()
        # The page learns it by a request of its own, and nothing is lost.
        page.evaluate("""async () => {
                const { src } = document.querySelector("script[src$='/control/shell.js']");
                const api = await import(new URL("api.js", src));
                await api.get("/session").catch(() => null);
            }""")
        expect(page.locator("#session")).to_contain_text("You are signed out.")
        assert_accessible(page)
        dialog.get_by_role("button", name="Remove them").click()
        expect(dialog.get_by_role("alert")).to_contain_text("You are signed out.")
        expect(dialog.get_by_label("Reason")).to_have_value("typed with care")
        with page.context.expect_page() as opened:
            dialog.get_by_role("link", name="Sign in again").click()
        other = opened.value
        fill_in(other, yoto, "admin")
        expect(other.get_by_role("heading", name="Events")).to_be_visible(timeout=LIVE)
        other.close()
        page.bring_to_front()
        page.evaluate("dispatchEvent(new Event('focus'))")
        expect(page.locator("#session")).to_be_empty()
        dialog.get_by_role("button", name="Remove them").click()
        expect(page.get_by_text("events were removed")).to_be_visible()
