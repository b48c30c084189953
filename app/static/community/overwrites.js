// The overwrites of roles and members in a channel, or in all that follow a category: a matrix of who and
// what. A choice in it is a draft, until it was tried and set.

import { get, put, remove } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { keep, state, t } from "../control/page.js";
import { empty, failed, loading } from "../control/states.js";
import { denied, trying } from "./denied.js";
import { all } from "./pages.js";
import { IN_CHANNEL } from "./permissions.js";
import { label, nameOf } from "./place.js";
import { peopleOf } from "./preview.js";
import { changeRights } from "./rights-act.js";

const EFFECTS = ["", "allow", "deny"];
const words = (effect) => t(`overwrites.${effect || "inherit"}`);

export function overwritesTab(place) {
  const choice = h("select", { id: "overwrites-channel", onchange: () => open(choice.value) });
  const body = h("div", {}, loading());
  let people = new Map();
  let channels = [];
  let categories = [];

  async function start() {
    try {
      const [found, members, headings] = await Promise.all([get(`${place.path}/channels`), peopleOf(place), all(`${place.path}/categories`)]);
      people = new Map(members.items.map((one) => [one.id, one]));
      channels = found.items;
      categories = place.can("channel.overwrite") ? headings.items : [];
      if (!channels.length && !categories.length) {
        replace(body, empty(t("channel.none")));
        return;
      }
      const option = (kind, one, name) => h("option", { value: `${kind}:${one.id}` }, name);
      replace(
        choice,
        h("optgroup", { label: t("tab.channels") }, channels.map((one) => option("channel", one, `# ${one.name}`))),
        categories.length ? h("optgroup", { label: t("overwrites.categories") }, categories.map((one) => option("category", one, one.name))) : null,
      );
      const { channel, category } = state();
      choice.value = category ? `category:${category}` : `channel:${channel}`;
      choice.selectedIndex = Math.max(0, choice.selectedIndex);
      await open(choice.value);
    } catch (problem) {
      replace(body, problem.status === 403 ? await denied(place, problem) : failed(problem, start));
    }
  }

  const open = trying(place, async (wanted) => {
    const [kind, id] = wanted.split(":");
    const at = { scope: kind, scope_id: Number(id) };
    const inChannel = kind === "channel";
    choice.value = wanted;
    keep({ channel: inChannel ? id : null, category: inChannel ? null : id });
    const path = inChannel ? `/channels/${id}/overwrites` : `${place.path}/categories/${id}/overwrites`;
    const asked = inChannel ? at : { scope: "server", scope_id: place.id };
    const [{ items, synced }, allowed] = await Promise.all([get(path), get("/permissions/me", asked)]);
    const rights = new Set(allowed.permissions);
    const rows = items.map((one) => ({ ...one, name: targetName(one) }));
    const channel = inChannel ? channels.find((one) => one.id === at.scope_id) : null;
    const parts = Object.fromEntries(categories.map((one) => [one.id, one.name]));
    const around = { at, path, rights, synced, channel, reread: () => open(wanted), category: channel && (parts[channel.category_id] ?? null) };
    replace(body, synced ? follows(around) : null, inChannel ? null : h("p", { class: "quiet" }, t("overwrites.of_category")), matrix(around, rows));
  });

  const targetName = (one) => (one.target_type === "role" ? place.role(one.target_id)?.name : people.get(one.target_id) && nameOf(people.get(one.target_id))) ?? `${one.target_type} #${one.target_id}`;

  /** A channel that follows its category says so, and offers both ways to change what counts in it. */
  function follows({ channel, category, rights, reread }) {
    const apart = trying(place, async () => {
      await put(`/channels/${channel.id}/category`, { category_id: channel.category_id, synced: false });
      await reread();
    });
    return h(
      "div",
      { class: "notice warning" },
      h("p", {}, t(rights.has("channel.manage") ? "overwrites.synced" : "overwrites.synced_until")),
      h(
        "div",
        { class: "buttons" },
        category && h("button", { type: "button", onclick: () => open(`category:${channel.category_id}`) }, t("overwrites.to_category", { name: category })),
        rights.has("channel.manage") && h("button", { type: "button", onclick: apart }, t("overwrites.apart")),
      ),
    );
  }

  /** A role that is not below one's own, or a right that one lacks, is only shown. */
  function offered({ rights, synced }, row, permission) {
    const settled = synced && rights.has("channel.manage"); // it goes its own way first
    return !settled && rights.has("channel.overwrite") && rights.has(permission) && (row.target_type !== "role" || (place.role(row.target_id) && place.changes(place.role(row.target_id))));
  }

  function matrix(around, rows) {
    const heads = [t("overwrites.who"), ...IN_CHANNEL.map(label)].map((title) => h("th", { scope: "col" }, title));
    heads.push(h("th", { scope: "col" }, h("span", { class: "hidden-text" }, t("shared.actions"))));
    const lines = h("tbody", {}, rows.map((row) => line(around, row)));
    const table = h("div", { class: "scroll spaced", hidden: !rows.length }, h("table", { class: "rows matrix", "aria-label": t("tab.overwrites") }, h("thead", {}, h("tr", {}, heads)), lines));
    const none = rows.length ? null : empty(t("overwrites.none"));
    return [none, table, adder(around, rows, (added) => {
      table.hidden = false;
      none?.remove();
      lines.prepend(added);
      (added.querySelector("select") ?? added).focus();
    })];
  }

  /** A choice of a role or member to add a row for: `add(row)`. */
  function adder(around, rows, add) {
    const isThere = (type, id) => rows.some((row) => row.target_type === type && row.target_id === id);
    const roles = place.roles.filter((role) => place.changes(role) && !isThere("role", role.id)).map((role) => ({ target_type: "role", target_id: role.id, name: role.name }));
    const members = [...people.values()].filter((one) => !isThere("user", one.id)).map((one) => ({ target_type: "user", target_id: one.id, name: nameOf(one) }));
    const settled = around.synced && around.rights.has("channel.manage");
    if (settled || !around.rights.has("channel.overwrite") || !(roles.length || members.length)) {
      return null;
    }
    const offers = [...roles, ...members];
    const option = (one) => h("option", { value: offers.indexOf(one) }, one.name);
    const group = (title, own) => (own.length ? h("optgroup", { label: title }, own.map(option)) : null);
    const select = h("select", { id: "overwrites-target", onchange: () => {
      const one = offers[Number(select.value)];
      select.selectedOptions[0].remove();
      select.value = "";
      add(line(around, { ...one, allow: [], deny: [] }, true));
    } }, h("option", { value: "" }, t("overwrites.choose")), group(t("tab.roles"), roles), group(t("tab.members"), members));
    return h("div", { class: "tools spaced" }, h("div", {}, h("label", { for: "overwrites-target" }, t("overwrites.add")), select));
  }

  /**
   * The overwrite of one role or member. `editing`: whether it can be chosen anew at once; a choice is
   * a draft until it is set.
   */
  function line(around, row, editing = false) {
    const changeable = IN_CHANNEL.some((permission) => offered(around, row, permission));
    const element = h("tr");
    const stored = (permission) => (row.allow.includes(permission) ? "allow" : row.deny.includes(permission) ? "deny" : "");
    const draft = new Map();
    const acts = h("div", { class: "buttons" });
    const selects = new Map();

    function choose(permission, effect) {
      if (effect === stored(permission)) {
        draft.delete(permission);
      } else {
        draft.set(permission, effect);
      }
      selects.get(permission).classList.toggle("changed", draft.has(permission));
      if (Boolean(acts.childElementCount) !== Boolean(draft.size)) {
        drawActs();
      }
    }

    function drawActs() {
      replace(
        acts,
        !editing && changeable && h("button", { type: "button", "aria-label": t("overwrites.change_of", { who: row.name }), onclick: () => edit() }, t("overwrites.change")),
        draft.size > 0 && h("button", { type: "button", class: "primary", "aria-label": t("overwrites.try_of", { who: row.name }), onclick: attempt }, t("overwrites.try")),
        draft.size > 0 && h("button", { type: "button", "aria-label": t("overwrites.undo_of", { who: row.name }), onclick: undo }, t("overwrites.undo")),
      );
    }

    function edit() {
      editing = true;
      draw();
      element.querySelector("select").focus();
    }

    function undo() {
      const [first] = draft.keys();
      [...draft.keys()].forEach((permission) => {
        selects.get(permission).value = stored(permission);
        choose(permission, stored(permission));
      });
      selects.get(first).focus();
    }

    async function attempt() {
      if (await set(around, row, draft, stored)) {
        await around.reread();
        const again = t("overwrites.change_of", { who: row.name });
        ([...body.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === again) ?? choice).focus();
      }
    }

    function cell(permission) {
      const effect = stored(permission);
      if (!editing || !offered(around, row, permission)) {
        return effect ? badge(effect, words(effect)) : h("span", { class: "quiet", title: words("") }, "–");
      }
      const select = h("select", { "aria-label": t("overwrites.cell", { who: row.name, permission: label(permission) }), onchange: () => choose(permission, select.value) }, EFFECTS.map((one) => h("option", { value: one, selected: one === effect }, words(one))));
      selects.set(permission, select);
      return select;
    }

    function draw() {
      replace(element, h("th", { scope: "row" }, row.name), IN_CHANNEL.map((permission) => h("td", { dataset: { title: label(permission) } }, cell(permission))), h("td", { class: "acts" }, acts));
      drawActs();
    }

    draw();
    return element;
  }

  function set(around, row, draft, stored) {
    const names = (effect) => [...new Set([...row.allow, ...row.deny, ...draft.keys()])].filter((one) => (draft.get(one) ?? stored(one)) === effect);
    const next = { allow: names("allow"), deny: names("deny") };
    const empties = !next.allow.length && !next.deny.length;
    const path = `${around.path}/${row.target_type}/${row.target_id}`;
    const about = { ...around.at, target: `${row.target_type}:${row.target_id}` };
    return changeRights(place, {
      title: t("overwrites.set", { who: row.name }),
      intro: h("ul", {}, [...draft].map(([permission, effect]) => h("li", {}, `${label(permission)}: `, words(stored(permission)), " → ", badge("draft", words(effect), effect === "deny" ? "failed" : effect === "allow" ? "ok" : "neutral")))),
      submit: t("overwrites.set_do"),
      // A channel in sync goes its own way with the first change, which is more than one act.
      tries: () => (around.synced ? null : empties ? { act: "overwrite.clear", ...about } : { act: "overwrite.set", ...about, ...next }),
      async run() {
        if (empties) {
          await remove(path);
          return true;
        }
        return (await put(path, next)).data;
      },
      done: t("overwrites.done"),
    });
  }

  start();
  return { element: h("section", { class: "card" }, h("h2", {}, t("tab.overwrites")), h("p", { class: "quiet" }, t("overwrites.intro")), h("div", { class: "tools" }, h("div", {}, h("label", { for: "overwrites-channel" }, t("overwrites.where")), choice)), body) };
}
