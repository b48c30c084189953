"""The shared modules as pages use them: numbers, tables, dialogs, the order of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import watched_page
from tests.support.control_pages import assert_accessible, sign_in
from tests.support.process import RunningYoto


@pytest.fixture
def page(browser: Browser, yoto: RunningYoto) -> Iterator[Page]:
    """A page with an empty place, on which modules can be called."""
    with watched_page(browser, yoto.url, locale="en-GB", timezone_id="Asia/Shanghai") as (page, _):
        sign_in(page, yoto, path="/status")
        page.evaluate("document.querySelector('main').replaceChildren()")
        yield page


def run(page: Page, module: str, body: str) -> Any:
    """Run ``body``, that of an async function in which the module is ``m``, for its result."""
    modules = {"m": module, "dom": "dom"}
    imports = "".join(
        f"const {name} = await import('/static/control/{file}.js');"
        for name, file in modules.items()
    )
    return page.evaluate(f"async () => {{ {imports} {body} }}")


def test_numbers_have_units_and_what_is_unknown_is_no_zero(page: Page) -> None:
    cases = {
        '0, "ms"': "0 ms",
        '0.034, "ms"': "0.03 ms",
        '1234.5, "per_second"': "1,235/s",
        '0.934, "ratio"': "93.4 %",
        '0.001, "ratio"': "0.1 %",
        '3 * 1024 * 1024, "bytes"': "3 MiB",
        '7200, "s"': "2 h",
        "12": "12",
        'null, "ms"': "–",
        'NaN, "ratio"': "–",
    }
    calls = ", ".join(f"m.quantity({arguments})" for arguments in cases)
    assert run(page, "format", f"return [{calls}]") == list(cases.values())


def test_a_moment_has_its_zone_and_may_come_as_text_ms_or_seconds(page: Page) -> None:
    body = 'return ["2026-11-25T02:40:11Z", 1795574411000, 1795574411].map(m.timestamp)'
    assert run(page, "format", body) == ["2026-11-25 10:40:11 GMT+8"] * 3


def test_events_are_ordered_by_both_parts_of_their_ids(page: Page) -> None:
    body = """
      const ids = ["1795532051474-10", "1795532051474-9", "999-0", "1795532051475-0"];
      return ids.sort(m.compareIds);"""
    assert run(page, "live", body) == [
        "999-0",
        "1795532051474-9",
        "1795532051474-10",
        "1795532051475-0",
    ]


def test_a_role_that_is_too_high_is_named_as_far_as_the_server_names_it(page: Page) -> None:
    said = run(
        page,
        "api",
        """return [[], ["keeper"], ["keeper", "editor"]].map(
          (roles) => new m.Problem(403, { reason: "role_too_high", roles }).message
        );""",
    )
    assert [[name in one for name in ("“keeper”", "“editor”")] for one in said] == [
        [False, False],
        [True, False],
        [True, True],
    ]
    assert all(one.startswith(("This role is too high", "The role “keeper” is")) for one in said)


def test_data_cannot_become_markup(page: Page) -> None:
    body = """
      const node = dom.h("p", {title: "<i>"}, "<b onclick=x>", null, [1, false, "a"]);
      return [node.textContent, node.childElementCount];"""
    assert run(page, "dom", body) == ["<b onclick=x>1a", 0]


TABLE = """
  window.rows = [{id: 1, name: "b", n: 2}, {id: 2, name: "a", n: 9}, {id: 3, name: "c", n: null}];
  window.list = m.table({
    label: "Things",
    columns: [
      {title: "Name", head: true, render: (row) => row.name, sort: (row) => row.name},
      {title: "Number", number: true, render: (row) => row.n, sort: (row) => row.n},
    ],
    actions: [
      {title: "Touch", run: (row) => { window.touched = row.n; }},
      {title: "Never", right: "nothing", run: () => null},
    ],
  });
  document.querySelector("main").append(window.list.element);
  window.list.show(window.rows);"""


def names(page: Page) -> list[str]:
    return page.get_by_role("rowheader").all_inner_texts()


def test_a_table_is_sorted_by_its_heads_and_keeps_focus_when_rows_change(page: Page) -> None:
    run(page, "table", TABLE)
    page.get_by_role("button", name="Number").click()
    assert names(page) == ["b", "a", "c"]
    page.get_by_role("button", name="Number").click()
    assert names(page) == ["a", "b", "c"]
    expect(page.get_by_role("columnheader", name="Number")).to_have_attribute(
        "aria-sort", "descending"
    )
    touch = page.get_by_role("row", name="a 9").get_by_role("button", name="Touch")
    touch.focus()
    page.evaluate("window.list.show(window.rows.map((row) => ({...row, n: 20 - (row.n ?? 0)})))")
    expect(page.get_by_role("row", name="a 11").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.evaluate("window.touched") == 11
    expect(page.get_by_role("button", name="Never")).to_have_count(0)
    page.evaluate("window.list.show([])")
    expect(page.get_by_text("There are no entries.")).to_be_visible()


def test_a_paged_table_goes_on_by_its_cursor_and_says_what_failed(page: Page) -> None:
    body = """
      const api = await import("/static/control/api.js");
      const first = {items: [{id: 1}, {id: 2}], next: "c"};
      const last = {items: [{id: 3}], next: null};
      let fails = true;
      const list = m.pagedTable({
        label: "Pages",
        columns: [{title: "Id", head: true, render: (row) => row.id}],
        fetch: async (after) => {
          if (after === "c" && fails) {
            fails = false;
            throw new api.Problem(503, {detail: "Redis is away"});
          }
          return after === null ? first : last;
        },
      });
      document.querySelector("main").append(list.element);
      await list.reload();"""
    run(page, "table", body)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_role("alert")).to_contain_text("Redis is away")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("3 shown")).to_be_visible()
    assert names(page) == ["1", "2", "3"]


DIALOG = """
  const api = await import("/static/control/api.js");
  window.keys = [];
  const button = dom.h("button", {type: "button", onclick: async () => {
    window.result = await m.act({
      title: "Close the gate", submit: "Close it", danger: true, confirm: "gate",
      expiry: {standard: 3600}, fields: [{name: "size", label: "Size", type: "number", value: 1}],
      preview: async (values) => `${values.size} will go`,
      run: async (values, {key}) => {
        window.keys.push(key);
        if (values.size > 5) {
          throw new api.Problem(422, {detail: "no", errors: {size: ["at most 5"], other: ["odd"]}});
        }
        return values;
      },
      done: "It is closed",
    });
  }}, "Open");
  document.querySelector("main").append(button);"""


def test_an_action_is_asked_for_explained_corrected_and_done_once(page: Page) -> None:
    run(page, "dialog", DIALOG)
    page.get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog", name="Close the gate")
    go = dialog.get_by_role("button", name="Close it")
    expect(dialog.get_by_label("Size")).to_be_focused()
    expect(dialog.get_by_text("1 will go")).to_be_visible()
    expect(go).to_be_disabled()
    dialog.get_by_label("Type “gate”").fill("gate")
    go.click()
    expect(dialog.get_by_label("Reason")).to_be_focused()
    expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)
    dialog.get_by_label("Reason").fill("rebuilding")
    dialog.get_by_label("Size").fill("9")
    expect(dialog.get_by_text("9 will go")).to_be_visible()
    go.click()
    expect(dialog.get_by_text("at most 5")).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_text("other: odd")
    go.click()
    dialog.get_by_label("Size").fill("4")
    go.click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Open")).to_be_focused()
    expect(page.get_by_text("It is closed")).to_be_visible()
    assert page.evaluate("window.result") == {
        "size": 4,
        "expires_in": 3600,
        "reason": "rebuilding",
    }
    first, again, other = page.evaluate("window.keys")
    # The same values sent again are the same act; changed values are another.
    assert first == again and other != first


def test_a_dialog_that_is_left_does_nothing(page: Page) -> None:
    run(page, "dialog", DIALOG)
    page.get_by_role("button", name="Open").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Open")).to_be_focused()
    assert (page.evaluate("window.result"), page.evaluate("window.keys")) == (None, [])


def test_what_was_typed_is_dropped_only_by_who_says_so(page: Page) -> None:
    run(page, "dialog", DIALOG)
    page.get_by_role("button", name="Open").click()
    dialog = page.get_by_role("dialog")
    why = dialog.get_by_label("Reason")
    why.fill("long in the making")
    page.keyboard.press("Escape")
    expect(dialog.get_by_role("alert").last).to_contain_text("Discard what you typed?")
    expect(dialog.get_by_role("button", name="Keep editing")).to_be_focused()
    # Browsers do not ask at a second Escape: they close.
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Keep editing").click()
    expect(why).to_have_value("long in the making")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Discard").click()
    expect(dialog).to_have_count(0)
    assert page.evaluate("window.keys") == []


SLOW = """
  window.runs = 0;
  window.secret = m.act({
    title: "Make a thing", submit: "Make it", reason: false,
    fields: [{name: "name", label: "Name", value: "a"}],
    run: () => {
      window.runs += 1;
      return new Promise((done, fail) => Object.assign(window, {done, fail}));
    },
  });
  window.secret.then((made) => { window.made = made; });"""


def test_while_it_acts_a_dialog_is_neither_sent_again_nor_left(page: Page) -> None:
    run(page, "dialog", SLOW)
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name")
    name.press("Enter")
    expect(dialog.get_by_role("button", name="Make it")).to_be_focused()
    expect(name).to_be_disabled()
    # Neither of these ends it or does it once more; browsers do not ask about a second Escape.
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog.get_by_role("status")).to_contain_text("In progress.")
    assert (page.evaluate("window.runs"), page.evaluate("window.made")) == (1, None)
    page.evaluate("window.fail(Object.assign(new Error('no room'), {name: 'Problem'}))")
    expect(dialog.get_by_role("alert")).to_have_text("no room")
    expect(name).to_be_enabled()
    expect(name).to_have_value("a")
    dialog.get_by_role("button", name="Make it").click()
    page.evaluate("window.done({token: 'seen'})")
    expect(dialog).to_have_count(0)
    assert (page.evaluate("window.runs"), page.evaluate("window.made")) == (2, {"token": "seen"})


def test_what_was_loaded_once_stays_and_is_marked_as_old(page: Page) -> None:
    body = """
      const api = await import("/static/control/api.js");
      const [node, other] = [dom.h("div"), dom.h("div")];
      const all = dom.h("section", {}, node, other);
      document.querySelector("main").append(all);
      const away = async () => { throw new api.Problem(0, {}); };
      const draw = (n) => { dom.replace(other, `other ${n}`); return dom.h("p", {}, n); };
      const look = (one) => [one.classList.contains("stale"), one.textContent];
      const seen = () => [node, other].map(look);
      await m.load([node, other], away, draw);
      const first = seen();
      await m.load([node, other], async () => 7, draw);
      await m.load([node, other], away, draw);
      dom.replace(node, dom.h("p", {}, "filtered"));
      const old = [seen(), all.textContent];
      await m.load([node, other], async () => 8, draw);
      return {first, old, fresh: [seen(), all.textContent]};"""
    found = run(page, "states", body)
    (first, said), (_, beside) = found["first"]
    assert not first and "The server did not respond." in said
    assert beside == "Loading failed."
    # The mark stays where a part of it is drawn anew, and stands at each part that is old.
    assert found["old"][0] == [[True, "filtered"], [True, "other 7"]]
    assert found["old"][1].count("Not up to date") == 2
    assert found["fresh"] == [[[False, "8"], [False, "other 8"]], "8other 8"]


def test_an_answer_that_was_overtaken_is_dropped(page: Page) -> None:
    body = """
      const node = dom.h("div");
      document.querySelector("main").append(node);
      const draw = (n) => dom.h("p", {}, n);
      let late;
      const slow = m.load(node, () => new Promise((done) => { late = done; }), draw);
      await m.load(node, async () => "new", draw);
      late("old");
      return [await slow === undefined, node.textContent];"""
    assert run(page, "states", body) == [True, "new"]


PAGES = """
  const api = await import("/static/control/api.js");
  window.all = [1, 2, 3, 4, 5].map((id) => ({id, name: `n${id}`}));
  window.asked = [];
  window.away = false;
  window.list = m.pagedTable({
    label: "Pages",
    columns: [{title: "Name", head: true, render: (row) => row.name}],
    actions: [{title: "Remove", run: () => null}],
    fetch: async (after) => {
      window.asked.push(after);
      if (window.away) {
        throw new api.Problem(503, {detail: "Redis is away"});
      }
      const [from, to] = [after ?? 0, (after ?? 0) + 2];
      return {items: window.all.slice(from, to), next: to < window.all.length ? to : null};
    },
  });
  const card = dom.h("section", {}, dom.h("h2", {}, "Things"), window.list.element);
  document.querySelector("main").append(card);
  await window.list.reload();"""


def test_reading_a_paged_table_again_keeps_the_pages_that_are_open_and_the_focus(
    page: Page,
) -> None:
    run(page, "table", PAGES)
    page.get_by_role("button", name="Show more").click()
    expect(page.get_by_text("4 shown")).to_be_visible()
    third = page.get_by_role("row", name="n3").get_by_role("button")
    third.focus()
    page.evaluate("window.all[3].name = 'changed'; window.asked = []")
    # Asked for many times while it reads, it reads once more, not many times.
    page.evaluate("() => Promise.all([1, 2, 3, 4].map(() => window.list.reload()))")
    assert page.evaluate("window.asked") == [None, 2, None, 2]
    assert names(page) == ["n1", "n2", "n3", "changed"]
    expect(third).to_be_focused()
    page.evaluate("() => { window.away = true; return window.list.reload(); }")
    assert names(page) == ["n1", "n2", "n3", "changed"]
    expect(page.get_by_text("Not up to date")).to_be_visible()
    page.evaluate("() => { window.away = false; return window.list.restart(); }")
    assert names(page) == ["n1", "n2"]
    expect(page.get_by_text("Not up to date")).to_have_count(0)


def test_who_removes_a_row_by_keyboard_goes_on_at_its_neighbour(page: Page) -> None:
    run(page, "table", PAGES)
    page.get_by_role("row", name="n1").get_by_role("button").focus()
    page.evaluate("() => { window.all.shift(); return window.list.reload(); }")
    expect(page.get_by_role("row", name="n2").get_by_role("button")).to_be_focused()
    page.evaluate("() => { window.all = []; return window.list.reload(); }")
    expect(page.get_by_role("heading", name="Things")).to_be_focused()


def test_a_dialog_whose_row_is_gone_gives_the_focus_to_the_next_one(page: Page) -> None:
    run(page, "table", PAGES)
    page.get_by_role("row", name="n1").get_by_role("button").focus()
    run(page, "dialog", "m.show({title: 'Look', body: dom.h('p', {}, 'here')});")
    page.evaluate("() => { window.all.shift(); return window.list.reload(); }")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("row", name="n2").get_by_role("button")).to_be_focused()


def test_what_failed_is_said_until_it_is_closed_also_by_keyboard(page: Page) -> None:
    run(page, "dom", 'm.toast("not delivered", "failed")')
    close = page.locator(".toast").get_by_role("button", name="Close")
    close.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_have_count(0)


def test_a_chart_breaks_its_lines_where_points_are_missing_and_tells_its_zone(page: Page) -> None:
    body = """
      const made = m.chart({title: "Things", series: [{key: "n", title: "n"}]});
      document.querySelector("main").append(made.element);
      made.element.querySelector("details").open = true;
      const at = Date.UTC(2026, 10, 25, 2, 40, 0);
      made.show([0, 1, 2, 30].map((s) => ({at: at + s * 1000, n: 1})), "10m", 1);
      made.push({at: at + 31_000, n: 1});
      made.push({at: at + 60_000, n: 1});"""
    run(page, "chart", body)
    # The newest first; the dashes are the holes.
    expect(page.locator("tbody td")).to_have_text(["1", "–", "1", "1", "–", "1", "1", "1"])
    expect(page.get_by_role("columnheader", name="Time (GMT+8)")).to_be_visible()


NAMES = """
  window.asked = [];
  const fetch = window.fetch;
  window.fetch = (address, options) => {
    if (address.includes("/names?")) {
      window.asked.push(new URL(address, location.origin).searchParams.getAll("of"));
    }
    return fetch(address, options);
  };
  const of = ["user:1", "channel:1", "user:1", "user:99999", "cli:anna", "guard:rate_limit:x"];
  window.drawn = of.map((one) => m.subject(one));
  document.querySelector("main").append(dom.h("p", {}, window.drawn));
  await m.nameOf("user:1");
  window.drawn.push(m.subject("user:1"));
  return window.drawn.map((one) => one.textContent);"""


def test_what_a_page_names_at_once_is_asked_for_once_and_an_id_stays_as_a_hint(
    page: Page,
) -> None:
    person, channel, again, nobody, terminal, guard, later = run(page, "format", NAMES)
    assert person == again == later and person != "user:1"
    assert channel.startswith("#")
    assert (nobody, terminal) == ("user:99999", "anna at a terminal")
    assert page.evaluate("window.asked") == [["user:1", "channel:1", "user:99999"]]
    titles = page.evaluate("window.drawn.map((one) => one.title)")
    assert "user:1" in titles[0] and titles[3] == "Nothing is known about user:99999"
    assert not page.evaluate("window.drawn[3].hasAttribute('href')"), "there is no page of it"
    address = page.evaluate(
        "new URL(window.drawn[5].href).pathname + new URL(window.drawn[5].href).search"
    )
    assert (guard, address) == ("rate_limit:x", "/control/guards?guard=rate_limit%3Ax")


def test_the_state_of_a_page_is_in_its_query_and_old_fragments_are_carried_there(
    page: Page, yoto: RunningYoto
) -> None:
    body = """
      m.keep({tab: "who", user: 31, from: null});
      m.keep({tab: "", question: "a b"});
      return [location.search, m.state()];"""
    assert run(page, "page", body) == [
        "?user=31&question=a+b",
        {"user": "31", "question": "a b"},
    ]
    for old, new in {
        "queues#mail": "queues?kind=mail",
        "settings#maintenance": "settings?part=maintenance",
        "guards#rate_limit:message.send": "guards?guard=rate_limit:message.send",
    }.items():
        page.goto(f"{yoto.url}/control/{old}")
        page.wait_for_url(f"{yoto.url}/control/{new}")
