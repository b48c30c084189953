// The forms in which questions are asked: inputs that offer what there is, by name.

import { get, jsonId } from "../api.js";
import { h, replace, uniqueId } from "../dom.js";
import { keep, named, page, state, t } from "../page.js";

const TYPING = 200; // ms without a key before names are looked up
const OFFERED = 20;

/**
 * An input with suggestions: `find(text)` brings [[value, label]]. Returns {element, input, value,
 * set}. The text need not be among them: an id after # does too.
 */
export function picker({ label, find, required = true }) {
  const id = uniqueId("pick");
  const list = h("datalist", { id: `${id}-list` });
  const input = h("input", { id, list: list.id, autocomplete: "off", spellcheck: "false", required, oninput: wait, onfocus: look });
  let waiting = null;
  let turn = 0;

  function wait() {
    clearTimeout(waiting);
    waiting = setTimeout(look, TYPING);
  }

  async function look() {
    const mine = (turn += 1);
    // Without suggestions names can still be typed, and the answer says what is wrong.
    const found = await find(input.value.trim()).catch(() => []);
    if (mine === turn) {
      replace(list, found.map(([value, text]) => h("option", { value }, text)));
    }
  }

  const element = h("div", {}, h("label", { for: id }, label), input, list);
  return { element, input, value: () => input.value.trim(), set: (text) => (input.value = text ?? "") };
}

/** The types of resources that one can ask about: {type, ids, named, members, homes, below}. */
export const TYPES = page.resources.filter((one) => one.askable);
const GLOBAL = "global";
const typeOf = (name) => TYPES.find((one) => one.type === name);

/** A resource in words: "Harbour #7", or its id alone. */
export const called = (one) => (one.name === null ? `#${one.id}` : `${one.name} #${one.id}`);

/**
 * A picker of resources of one type; `id()` is that of what was typed, also of a whole name, as JSON
 * has it. `within()` says below which, as TYPE:ID, "" for any.
 */
function resourcePicker(kind, required = true, within = async () => "") {
  async function find(text) {
    const search = text.replace(/ ?#[^ ]*$/, "");
    return (await get("/resources", { scope: kind.type, search, within: (await within()) || null, limit: OFFERED })).items;
  }

  const part = picker({ label: named("scope", kind.type), required, find: async (text) => (await find(text)).map((one) => [called(one), one.home ? called(one.home) : ""]) });

  async function id() {
    const typed = part.value();
    const spelled = idOf(typed, kind.ids);
    if (spelled !== null || typed === "") {
      return spelled;
    }
    const found = (await find(typed)).filter((one) => String(one.id) === typed || one.name?.toLowerCase() === typed.toLowerCase());
    return found.length === 1 ? found[0].id : null;
  }

  return { ...part, id };
}

const NUMBER = /^\d{1,19}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id behind the last # of a text, or that it is: "Harbour #7", "7"; null without one. */
function idOf(text, ids = "integer") {
  const behind = /(?:^|\s)#(\S+)$/.exec(text.trim())?.[1];
  const id = behind ?? text.trim();
  if (ids === "integer") {
    return NUMBER.test(id) ? jsonId(id) : null;
  }
  return behind !== undefined || (ids === "uuid" && UUID.test(id)) ? id : null;
}

const search = (path, text) => get(path, { search: text.replace(/ ?#\d+$/, ""), limit: OFFERED });

export const userPicker = (label = t("permissions.user")) =>
  picker({ label, find: async (text) => (await search("/users", text)).items.map((one) => [one.username, one.display_name]) });

/** The names of the types, what is below others first: most questions are about these. */
export const narrowestFirst = () => [...TYPES].sort((a, b) => b.homes.length - a.homes.length).map((one) => one.type);

/** A picker for each type that people belong to, by its name. */
export const homePickers = () => new Map(TYPES.filter((one) => one.members).map((one) => [one.type, resourcePicker(one, false)]));

/** The home of a `type` that was picked, as TYPE:ID; "" without one. */
export async function pickedHome(homes, type) {
  for (const above of typeOf(type)?.homes ?? []) {
    const id = await homes.get(above).id();
    if (id !== null) {
      return `${above}:${id}`;
    }
    if (homes.get(above).value() !== "") {
      throw new Error(t("permissions.no_place"));
    }
  }
  return "";
}

/** Show the homes that a `type` can be below, and itself if it is one. */
export function showHomes(homes, type) {
  for (const [name, one] of homes) {
    one.element.hidden = name !== type && !typeOf(type)?.homes.includes(name);
    one.input.required = name === type;
  }
}

/**
 * A resource of a type that is chosen: a select, and a picker for each type. Returns {parts, value,
 * fill}; `value()` is {scope, scope_id}.
 */
export function placePicker() {
  const scope = select(t("permissions.scope"), [...narrowestFirst(), GLOBAL].map((one) => [one, named("scope", one)]));
  // The home, which people belong to, is picked before a resource below it, or alone.
  const homes = homePickers();
  const home = () => pickedHome(homes, scope.value());
  const others = new Map(TYPES.filter((one) => !one.members).map((one) => [one.type, resourcePicker(one, true, home)]));
  scope.input.addEventListener("change", shape);

  function shape() {
    showHomes(homes, scope.value());
    for (const [type, one] of others) {
      one.element.hidden = type !== scope.value();
      one.input.required = type === scope.value();
    }
  }

  async function value() {
    const kind = scope.value();
    if (kind === GLOBAL) {
      return { scope: kind, scope_id: null };
    }
    const place = homes.get(kind) ?? others.get(kind);
    const id = await place.id();
    if (id === null) {
      place.input.focus();
      throw new Error(t("permissions.no_place"));
    }
    return { scope: kind, scope_id: id };
  }

  shape();
  return {
    parts: [scope, ...homes.values(), ...others.values()],
    value,
    fill(place) {
      scope.set(place.scope);
      homes.forEach((one) => one.set(""));
      if (place.home) {
        homes.get(place.home.scope)?.set(called(place.home));
      }
      (homes.get(place.scope) ?? others.get(place.scope))?.set(place.scope_id === null ? "" : `#${place.scope_id}`);
      shape();
    },
  };
}

let registry = null;

/** All registered permissions: {name, scope, group, description, abac}. */
export function registered() {
  registry ??= everyPage((after) => get("/permissions", { after, limit: 100 })).catch((problem) => {
    registry = null;
    throw problem;
  });
  return registry;
}

/** The items of all pages of a list that is known to be short. */
export async function everyPage(fetch) {
  const items = [];
  let after = null;
  do {
    const page = await fetch(after);
    items.push(...page.items);
    after = page.next;
  } while (after !== null);
  return items;
}

export const permissionPicker = () =>
  picker({ label: t("permissions.permission"), find: async () => (await registered()).map((one) => [one.name, one.description]) });

export function select(label, options) {
  const id = uniqueId("select");
  const input = h("select", { id }, options.map(([value, text]) => h("option", { value }, text)));
  return { element: h("div", {}, h("label", { for: id }, label), input), input, value: () => input.value, set: (value) => (input.value = value) };
}

/**
 * A permission in a place, of somebody with `user`. `ask(values)` is called when the form is sent,
 * as `form` does, and by itself with the question of the address. Returns {element, fill(question),
 * submit()}.
 */
export function questionForm({ user = false, submit, ask, found, extra = [], addressed = true }) {
  const who = user ? userPicker() : null;
  const permission = permissionPicker();
  const place = placePicker();
  const { element, send } = form([who, permission, ...place.parts, ...extra], submit, found, async () => {
    const values = { permission: permission.value(), ...(await place.value()) };
    keep({ find: null, username: who?.value(), ...values });
    return ask({ ...(who ? named_user(who.value()) : {}), ...values });
  });

  // A question that the address has is asked at once, as soon as it is whole.
  const given = state();
  if (addressed && (given.permission || given.username)) {
    who?.set(given.username);
    permission.set(given.permission);
    if (given.scope) {
      place.fill({ scope: given.scope, scope_id: given.scope_id ?? null });
    }
    if (given.permission && given.scope && (!who || given.username)) {
      send();
    }
  }

  return {
    element,
    submit: send,
    fill(question) {
      who?.set(question.username);
      permission.set(question.permission);
      place.fill(question);
    },
  };
}

/** "#42" is an id, anything else a name. */
export const named_user = (text) => (/^#\d+$/.test(text) ? { user_id: idOf(text) } : { username: text });

/**
 * A form of pickers. When it is sent, `ask()` brings the content of `found`; only the last of several
 * questions is answered. A problem that it throws is told in the form, and `found` is emptied.
 */
export function form(parts, submit, found, ask) {
  const alert = h("p", { class: "notice failed", role: "alert", hidden: true });
  const button = h("button", { class: "primary", type: "submit" }, submit);
  const element = h("form", { class: "card question", onsubmit: sent }, h("div", { class: "tools" }, parts.map((part) => part?.element), button), alert);
  if (!found.childElementCount) {
    const first = parts.find((part) => part?.input?.required)?.element.querySelector("label")?.textContent;
    replace(found, first ? h("p", { class: "quiet start" }, t("permissions.start_here", { field: first, button: submit })) : null);
  }

  let turn = 0;

  async function send() {
    const mine = (turn += 1);
    alert.hidden = true;
    button.disabled = true;
    element.setAttribute("aria-busy", "true");
    try {
      const answer = await ask();
      if (mine === turn) {
        replace(found, answer);
      }
    } catch (problem) {
      if (mine !== turn) {
        return;
      }
      replace(found);
      alert.textContent = messageOf(problem);
      alert.hidden = false;
      if (problem.name === "TypeError") {
        console.error(problem);
      }
    } finally {
      if (mine === turn) {
        button.disabled = false;
        element.removeAttribute("aria-busy");
      }
    }
  }

  function sent(event) {
    event.preventDefault();
    send();
  }

  return { element, send };
}

/** The notice for a list that may lack people; null where nobody is missing. */
export const missing = (page) => (page.incomplete === null ? null : h("p", { class: "notice warning" }, t("permissions.unasked")));

/** A problem in words: what is wrong with which field, or which right is lacking. */
export function messageOf(problem) {
  if (problem.status === 403) {
    return t("permissions.no_insight", { permission: problem.fields.permission ?? "" });
  }
  const errors = Object.entries(problem.errors ?? {});
  return errors.length ? errors.map(([field, texts]) => `${field}: ${[texts].flat().join(", ")}`).join("; ") : problem.message;
}
