"""The overview: values that move under load, what is not as usual, and doing without a socket."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Locator, Page, Route, WebSocketRoute, expect

from tests.support.browser import watched_page
from tests.support.control_pages import NARROW, WIDE, assert_accessible, fits, sign_in
from tests.support.process import RunningYoto
from tests.support.waiting import wait_until


def chart(page: Page, title: str) -> Locator:
    return page.locator("figure").filter(has=page.locator("figcaption", has_text=title))


@pytest.mark.parametrize(
    ("theme", "size", "language"),
    [
        pytest.param("light", WIDE, "en", marks=pytest.mark.journey("overview")),
        ("dark", NARROW, "zh"),
    ],
)
def test_values_move_while_people_use_it(
    browser: Browser, busy: RunningYoto, theme: str, size: dict[str, int], language: str
) -> None:
    with watched_page(browser, busy.url, viewport=size, locale=language) as (page, _):
        page.goto(f"{busy.url}/control/sign-in?theme={theme}")
        sign_in(page, busy)
        live = {"en": "Live", "zh": "实时"}[language]
        expect(page.locator("#connection").get_by_text(live, exact=True)).to_be_visible()
        strip = page.locator(".strip > li")
        expect(strip.locator(".badge.ok").first).to_be_visible()
        expect(strip.locator("time").first).to_be_visible()
        decisions = chart(page, {"en": "Decisions", "zh": "权限判定"}[language])
        allowed = decisions.locator(".legend b").first
        expect(allowed).to_have_text(re.compile(r"[1-9]"), timeout=15_000)
        expect(decisions.locator("canvas")).to_be_visible()
        before = allowed.text_content()
        expect(allowed).not_to_have_text(before or "", timeout=15_000)
        assert page.locator("html").get_attribute("data-theme") == theme
        assert fits(page)
        assert_accessible(page)


def test_longer_times_are_read_from_summaries_and_a_chart_can_be_read_as_a_table(
    browser: Browser, busy: RunningYoto
) -> None:
    with watched_page(browser, busy.url, locale="en-GB") as (page, _):
        sign_in(page, busy)
        decisions = chart(page, "Decisions")
        expect(decisions.locator("canvas")).to_be_visible(timeout=15_000)
        with page.expect_response(lambda answer: "performance?range=6h" in answer.url) as answered:
            page.get_by_role("button", name="6 hours").click()
        assert answered.value.json()["resolution_s"] > 1
        page.get_by_role("button", name="10 minutes").click()
        decisions.get_by_text("Show as a table").click()
        first = decisions.get_by_role("row").nth(1)
        expect(first.get_by_role("rowheader")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))

        # An explanation of the figure, and what to make of it.
        mark = decisions.get_by_role("button", name="What is “Decisions”?")
        mark.click()
        explained = page.locator(".hint-text")
        expect(explained).to_contain_text("Permission checks per second")
        page.keyboard.press("Escape")
        expect(explained).to_be_hidden()
        expect(mark).to_be_focused()
        mark.click()
        explained.get_by_role("link", name="Read more").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("What the figures mean")


POINTS = """async () => {
  const { get } = await import("/static/control/api.js");
  return (await get("/stats/performance", { range: "10m" })).points.length;
}"""


def test_a_stretch_of_time_is_dragged_kept_in_the_address_and_leads_to_its_events(
    browser: Browser, busy: RunningYoto
) -> None:
    with watched_page(browser, busy.url, locale="en-GB") as (page, watch):
        sign_in(page, busy)
        decisions = chart(page, "Decisions")
        plot = decisions.locator(".u-over")
        expect(decisions.locator(".legend b").first).to_have_text(re.compile(r"[1-9]"))
        # The worker began within the ten minutes that are shown.
        expect(decisions.locator(".chart-when")).to_contain_text(re.compile(r"\d+ marks"))
        # Sections below the charts are read once they are in view.
        page.get_by_role("link", name="Status of this worker").scroll_into_view_if_needed()
        by_area = page.get_by_role("table", name="Requests by area and status")
        expect(by_area.get_by_role("row").nth(1)).to_contain_text(re.compile(r"[1-9]"))
        errors = chart(page, "Error rate").locator(".plot")
        expect(errors).to_have_attribute("aria-label", re.compile("Warning 5 %"))
        plot.scroll_into_view_if_needed()
        still, box = decisions.bounding_box(), plot.bounding_box()
        assert still is not None and box is not None
        middle = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 0.6 * box["width"], middle)
        expect(decisions.locator(".chart-when")).to_have_text(re.compile(r"\d\d:\d\d:\d\d"))
        assert decisions.bounding_box() == still, "what is pointed at must not move"
        # The stretch is to hold some values.
        wait_until(lambda: page.evaluate(POINTS) > 3)

        def dragged() -> bool:
            """A value that comes while the mouse is held may end the stretch."""
            page.mouse.move(box["x"] + 0.6 * box["width"], middle)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] - 1, middle, steps=4)
            page.mouse.up()
            return "from=" in page.url

        with page.expect_response(lambda answer: "performance?from=" in answer.url):
            wait_until(dragged)
        expect(page).to_have_url(re.compile(r"from=\d{4}-.*&to=\d{4}-"))
        page.reload()
        expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
        expect(decisions.locator("canvas")).to_be_visible()
        decisions.get_by_text("Show as a table").click()
        in_table = decisions.get_by_role("rowheader").first.get_by_role("link")
        expect(in_table).to_have_attribute("href", re.compile(r"/control/events\?from=.*&to="))
        plot.click()
        page.wait_for_url(re.compile(r"/control/events\?from="))
        expect(page.locator("#from")).to_have_value(re.compile(r"\d{4}-\d\d-\d\d \d\d"))
        page.go_back()
        page.get_by_role("button", name="Reset zoom").click()
        expect(page).not_to_have_url(re.compile("from="))
        watch.assert_quiet()


def test_what_is_not_as_usual_is_on_top_of_the_page_until_it_ends(
    browser: Browser, yoto: RunningYoto, neighbour: Flask
) -> None:
    with watched_page(browser, yoto.url, viewport=NARROW, locale="en-GB") as (page, _):
        sign_in(page, yoto)
        banner = page.locator("#banner")
        expect(banner).to_be_empty()
        why = "the index <b>is rebuilt</b>"
        isolate = ("resilience", "isolate", "message.search", "--for", "15s", "--reason", why)
        assert neighbour.test_cli_runner().invoke(args=isolate).exit_code == 0
        expect(banner).to_contain_text("forced breaker message.search", timeout=60_000)
        # Every page tells it at a glance, and leads to where it is ended.
        cause = page.locator("#causes li[data-kind=breaker_isolated]")
        expect(cause).to_contain_text("message.search is isolated")
        expect(cause.locator("time").last).to_contain_text("left")
        expect(page.locator("#headline")).not_to_contain_text("All systems normal")
        expect(cause.locator("a.what")).to_have_attribute(
            "href", "/control/guards?guard=circuit_breaker:message.search"
        )
        # It is read out once: the countdown is in no live region.
        spoken = page.locator("#banner-spoken")
        expect(spoken).to_contain_text("forced breaker message.search")
        expect(banner.locator("time")).to_contain_text("left")
        expect(spoken).not_to_contain_text("left")
        expect(page.locator(":is([aria-live], [role=status], [role=alert]) time")).to_have_count(0)
        expect(banner).to_contain_text(why)
        assert fits(page)
        assert_accessible(page)
        expect(banner).to_be_empty(timeout=30_000)
        expect(page.locator("#causes li[data-kind=breaker_isolated]")).to_have_count(0)


def test_without_what_set_up_installs_the_page_polls_and_shows_numbers(
    browser: Browser, busy: RunningYoto
) -> None:
    with watched_page(browser, busy.url, locale="en-GB") as (page, watch):
        page.route("**/control/vendor/*.js", lambda route: route.abort())
        sign_in(page, busy)
        expect(page.locator("#connection").get_by_text("Polling")).to_be_visible(timeout=15_000)
        expect(page.locator(".strip .badge.ok").first).to_be_visible()
        decisions = chart(page, "Decisions")
        expect(decisions.get_by_text("make charts")).to_be_visible()
        expect(decisions.locator(".legend b").first).to_have_text(re.compile(r"[1-9]"))
        watch.allow("control/vendor")


def test_a_connection_that_is_cut_is_told_and_comes_back_by_itself(
    browser: Browser, yoto: RunningYoto
) -> None:
    offline = "ERR_INTERNET_DISCONNECTED"
    with watched_page(browser, yoto.url, [offline], locale="en-GB") as (page, _):
        sign_in(page, yoto)
        connection = page.locator("#connection")
        expect(connection.get_by_text("Live", exact=True)).to_be_visible()
        page.context.set_offline(True)
        page.evaluate("dispatchEvent(new Event('offline'))")
        expect(connection.get_by_text("No connection")).to_be_visible(timeout=30_000)
        page.context.set_offline(False)
        expect(connection.get_by_text("Live", exact=True)).to_be_visible(timeout=30_000)


SNAPSHOT = "42/control,"


def test_alerts_that_nobody_can_list_are_unknown_and_not_none(
    browser: Browser, yoto: RunningYoto
) -> None:
    """The socket's messages are those of the server, but for the list of alerts."""
    away = [True]

    def between(page_side: WebSocketRoute) -> None:
        server_side = page_side.connect_to_server()

        def down(message: str | bytes) -> None:
            if not (away[0] and isinstance(message, str) and message.startswith(SNAPSHOT)):
                page_side.send(message)
                return
            event = json.loads(message.removeprefix(SNAPSHOT))
            if event[0] != "snapshot" or "alerts" not in event[1]["topics"]:
                page_side.send(message)
                return
            event[1]["topics"]["alerts"] = None
            page_side.send(SNAPSHOT + json.dumps(event))
            at = event[1]["at"]
            told = {
                "alert_id": 10**6,
                "rule": "memory",
                "level": "warning",
                "text": "news",
                "labels": {},
            }
            news = {"id": f"{at}-0", "type": "alert.raised", "at": at, "source": "x", "data": told}
            page_side.send(SNAPSHOT + json.dumps(["alert", news]))

        server_side.on_message(down)

    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        page.route_web_socket(re.compile("/socket.io/"), between)
        sign_in(page, yoto)
        count = page.locator("[data-count=alerts]").first
        expect(count).to_contain_text("unknown how many are open", timeout=20_000)
        away[0] = False
        # It is asked for again by itself.
        expect(count).not_to_contain_text("unknown", timeout=20_000)


def test_what_the_server_does_not_tell_is_said_at_each_part_and_told_when_it_is_known(
    browser: Browser, busy: RunningYoto
) -> None:
    broken = re.compile(r"/control/api/(status|overrides)$")
    one_worker = re.compile(r"/control/api/stats/performance")

    def of_one_worker(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "complete": False})

    allowed = ["control/vendor", "503"]
    with watched_page(browser, busy.url, allowed, locale="en-GB") as (page, _):
        page.route("**/control/vendor/*.js", lambda route: route.abort())
        page.route(broken, lambda route: route.fulfill(status=503, json={"detail": "no store"}))
        page.route(one_worker, of_one_worker)
        sign_in(page, busy)
        expect(page.locator("#health").get_by_role("alert")).to_contain_text("no store")
        # The first came with the page; they are asked for again by and by.
        expect(page.locator("#banner")).to_contain_text("Overrides are unknown", timeout=30_000)
        notice = page.get_by_text("Only this worker's measurements are shown")
        expect(notice).to_be_visible()
        page.unroute(broken)
        page.unroute(one_worker)
        expect(page.locator(".strip > li").first).to_be_visible(timeout=20_000)
        expect(notice).to_be_hidden(timeout=20_000)
        expect(page.locator("#banner")).to_be_empty(timeout=30_000)


def test_each_server_of_redis_is_listed_with_what_is_wrong_with_it(
    browser: Browser, yoto: RunningYoto
) -> None:
    def with_another(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        (one,) = [part for part in found["components"] if part["name"].startswith("redis:")]
        another = {"name": "redis:10.0.0.9:6379", "state": "failed", "detail": "timed out"}
        found["components"].append({**one, **another, "value": None})
        route.fulfill(response=answer, json=found)

    with watched_page(browser, yoto.url, locale="en-GB") as (page, _):
        page.route("**/control/api/status/detailed", with_another)
        sign_in(page, yoto)
        servers = page.get_by_role("table", name="Redis servers")
        lost = servers.get_by_role("row", name="10.0.0.9:6379")
        expect(lost).to_contain_text("Error")
        expect(lost).to_contain_text("timed out")
        expect(lost.get_by_role("cell").last).to_contain_text("ago")
        expect(servers.get_by_role("row").nth(1)).to_contain_text("OK")
