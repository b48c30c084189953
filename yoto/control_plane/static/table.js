// Lists: columns, actions of a row, sorting of what is complete, "more" for what is paged. On a
// narrow screen each row is a card (CSS), with the titles of the columns beside the values.

import { enter, h, isLost, replace, toHeading } from "./dom.js";
import { now } from "./format.js";
import { menu } from "./menu.js";
import { may, state, t } from "./page.js";
import { empty, failed, hint, loading, stale, unstale } from "./states.js";

/**
 * A table. Returns `{element, show(rows), append(rows), rows()}`; `show` keeps what did not change,
 * so focus and selection stay where they are.
 *
 * label: what it lists, for screen readers. columns: [{title, render(row) -> node or text,
 * number: right-aligned, head: the row's heading, sort(row) -> what to sort by, help: what the "?"
 * beside the title is about}]. key(row): what makes it the same row. actions: [{title | title(row), run(row), right: "operate" (null: whoever
 * sees the table), when(row) -> whether it is offered, danger}]. menuOf(row): what the menu of a row is called where it has
 * several of them; without it each is a button. none: the sentence for an empty
 * list. addressed: the parameter of the address whose row, by its key, is gone to as soon as it is
 * there: "alert".
 */
export function table({ label, columns, key = (row) => row.id, actions = [], menuOf = null, none = t("shared.none"), addressed = null }) {
  const shown = new Map();
  let wanted = addressed === null ? null : (state()[addressed] ?? null);
  const allowed = actions.filter((action) => action.right === null || may(action.right ?? "operate"));
  let sorting = null;
  let data = [];

  const heads = columns.map((column) => {
    const head = h("th", { scope: "col", class: column.number && "number" });
    head.append(column.sort ? h("button", { type: "button", class: "sorter", onclick: () => sortBy(column, head) }, column.title) : column.title, ...(column.help ? [" ", hint(column.help, column.title)] : []));
    return head;
  });
  if (allowed.length) {
    heads.push(h("th", { scope: "col" }, h("span", { class: "hidden-text" }, t("shared.actions"))));
  }
  const body = h("tbody");
  const grid = h("table", { class: "rows", "aria-label": label }, h("thead", {}, h("tr", {}, heads)), body);
  const element = h("div", { class: "scroll" }, grid);

  function sortBy(column, head) {
    const descending = sorting?.column === column && !sorting.descending;
    sorting = { column, descending };
    heads.forEach((one) => one.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", descending ? "descending" : "ascending");
    draw();
  }

  function ordered() {
    if (!sorting) {
      return data;
    }
    const { column, descending } = sorting;
    const sign = descending ? -1 : 1;
    return [...data].sort((a, b) => compare(column.sort(a), column.sort(b), sign));
  }

  function cellsOf(row) {
    return columns.map((column) =>
      h(column.head ? "th" : "td", { scope: column.head && "row", class: column.number && "number", dataset: column.head ? {} : { title: column.title } }, h("div", {}, column.render(row) ?? "–")),
    );
  }

  function actsOf(entry) {
    const offered = allowed.filter((action) => !action.when || action.when(entry.row));
    const titles = offered.map((action) => (typeof action.title === "function" ? action.title(entry.row) : action.title));
    if (entry.acts && entry.titles.join("\n") === titles.join("\n")) {
      return;
    }
    entry.titles = titles;
    const run = (action) => () => action.run(entry.row);
    const folded = menuOf !== null && offered.length > 1;
    const buttons = folded ? menu(t("shared.actions"), menuOf(entry.row), offered.map((action, at) => ({ title: titles[at], danger: action.danger, run: run(action) }))) : offered.map((action, at) =>
      h("button", { type: "button", class: action.danger && "dangerous", onclick: run(action) }, titles[at]),
    );
    const acts = h("td", { class: "acts" }, h("div", { class: "buttons" }, buttons));
    entry.acts?.replaceWith(acts);
    entry.acts = acts;
  }

  function update(entry, row) {
    entry.row = row;
    const fresh = cellsOf(row);
    entry.cells.forEach((cell, at) => {
      if (!cell.isEqualNode(fresh[at])) {
        cell.replaceWith(fresh[at]);
        entry.cells[at] = fresh[at];
      }
    });
    if (allowed.length) {
      actsOf(entry);
    }
  }

  function make(row) {
    const entry = { row, cells: cellsOf(row), acts: null, titles: [] };
    entry.line = h("tr", {}, entry.cells);
    if (allowed.length) {
      actsOf(entry);
      entry.line.append(entry.acts);
    }
    return entry;
  }

  function goToRow() {
    const entry = [...shown].find(([name]) => String(name) === wanted)?.[1];
    if (entry?.line.isConnected) {
      wanted = null;
      entry.line.tabIndex = -1;
      entry.line.focus();
    }
  }

  function draw() {
    const rows = ordered();
    const focused = body.contains(document.activeElement) ? document.activeElement : null;
    const line = focused?.closest("tr");
    const place = [...body.children].indexOf(line);
    const keys = new Set(rows.map(key));
    for (const [name, entry] of shown) {
      if (!keys.has(name)) {
        entry.line.remove();
        shown.delete(name);
      }
    }
    rows.forEach((row, at) => {
      const entry = shown.get(key(row));
      if (entry) {
        update(entry, row);
      } else {
        shown.set(key(row), make(row));
      }
      const { line } = shown.get(key(row));
      if (body.children[at] !== line) {
        body.insertBefore(line, body.children[at] ?? null);
      }
    });
    replace(element, rows.length ? grid : empty(none));
    if (focused?.isConnected && document.activeElement !== focused) {
      focused.focus(); // its row was moved
    } else if (focused && !focused.isConnected && !(line.isConnected && enter(line)) && !enter(body.children[Math.min(place, rows.length - 1)])) {
      toHeading(element);
    }
    if (wanted) {
      requestAnimationFrame(goToRow); // whoever draws puts the table into the page afterwards
    }
  }

  return {
    element,
    rows: () => data,
    show(rows) {
      data = rows;
      draw();
    },
    append(rows) {
      data = [...data, ...rows];
      draw();
    },
  };
}

/**
 * A table of a list that is paged by cursor. `fetch(after)` returns `{items, next}`; `after` is null
 * for the first page. Returns `{element, reload(), restart()}`.
 *
 * `reload` reads again as many pages as are open, and marks what is shown as old where that fails;
 * asked for while it reads, it reads once more afterwards. `restart` is for another list, such as
 * after a choice: it begins at the first page, and nothing of the one before stays.
 */
export function pagedTable({ fetch, ...options }) {
  const key = options.key ?? ((row) => row.id);
  const list = table({ ...options, key });
  const content = h("div", {}, loading());
  const element = h("div", {}, content);
  const count = h("span", { class: "quiet small" });
  const more = h("button", { type: "button", onclick: readMore }, t("shared.more"));
  const foot = h("div", { class: "more" });
  let turn = 0; // grows when another list is wanted
  let wanted = 1; // pages
  let next = null;
  let shownAt = null;
  let reading = null;
  let again = false;
  let adding = false;

  function show(problem = null, retry = null) {
    const focused = content.contains(document.activeElement);
    const n = list.rows().length;
    count.textContent = t("shared.count", { n });
    replace(foot, next === null ? null : more, count);
    replace(content, list.element, n || next !== null ? foot : null, problem && failed(problem, retry));
    if (focused && isLost() && !enter(foot)) {
      toHeading(element);
    }
  }

  async function read() {
    const mine = turn;
    const found = new Map(); // a row that slipped to the next page meanwhile is there once
    let after = null;
    try {
      for (let page = 0; page < wanted; page += 1) {
        const { items, next: following } = await fetch(after);
        if (mine !== turn) {
          return;
        }
        items.forEach((row) => found.set(key(row), row));
        after = following ?? null;
        if (after === null) {
          break;
        }
      }
    } catch (problem) {
      if (mine === turn && shownAt !== null) {
        stale(content, shownAt);
      } else if (mine === turn) {
        replace(content, failed(problem, reload));
      }
      return;
    }
    next = after;
    shownAt = now();
    unstale(content);
    list.show([...found.values()]);
    show();
  }

  /** The next page; a reading that began before takes it along. */
  async function readMore() {
    if (adding) {
      return;
    }
    const mine = turn;
    adding = true;
    wanted += 1;
    const after = next;
    try {
      const found = await fetch(after);
      if (mine === turn && after === next) {
        next = found.next ?? null;
        const known = new Set(list.rows().map(key));
        list.append(found.items.filter((row) => !known.has(key(row))));
        show();
      }
    } catch (problem) {
      if (mine === turn) {
        wanted -= 1;
        show(problem, readMore);
      }
    } finally {
      adding = adding && mine !== turn;
    }
  }

  async function readOn() {
    const mine = turn;
    do {
      again = false;
      await read();
    } while (again && mine === turn);
    if (mine === turn) {
      reading = null;
    }
  }

  function reload() {
    again = reading !== null;
    return (reading ??= readOn());
  }

  function restart() {
    turn += 1;
    wanted = 1;
    next = null;
    shownAt = null;
    adding = false;
    return (reading = readOn());
  }

  return { element, reload, restart };
}

/** Compare two values; a missing one comes last, in whichever direction is sorted. */
function compare(a, b, sign) {
  const missing = (value) => value === null || value === undefined;
  if (missing(a) || missing(b)) {
    return Number(missing(a)) - Number(missing(b));
  }
  return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
}
