// The forms in which questions are asked: inputs that offer what there is, by name.

import { get } from "../api.js";
import { h, replace, uniqueId } from "../dom.js";
import { named, t } from "../page.js";

const TYPING = 200; // ms without a key before names are looked up
const OFFERED = 20;

/**
 * An input with suggestions: `find(text)` brings [[value, label]]. Returns {element, input, value,
 * set}. What is typed need not be among them: an id after # does too.
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

/** A picker of things that have ids; `id()` is that of what was typed, also of a whole name. */
function idPicker({ label, find, required }) {
  const part = picker({ label, required, find: async (text) => (await find(text)).map((one) => [`${one.name} #${one.id}`, one.category ?? ""]) });

  async function id() {
    const typed = part.value();
    const number = idOf(typed);
    if (number !== null || typed === "") {
      return number;
    }
    const called = (await find(typed)).filter((one) => one.name.toLowerCase() === typed.toLowerCase());
    return called.length === 1 ? called[0].id : null;
  }

  return { ...part, id };
}

/** The number behind the last # of a text, or that it is: "Harbour #7", "7"; null without one. */
export function idOf(text) {
  const found = /(?:^|#)(\d{1,18})$/.exec(text.trim());
  return found ? Number(found[1]) : null;
}

const search = (path, text) => get(path, { search: text.replace(/ ?#\d+$/, ""), limit: OFFERED });

export const userPicker = () =>
  picker({ label: t("permissions.user"), find: async (text) => (await search("/users", text)).items.map((one) => [one.username, one.display_name]) });

export const serverPicker = (required = true) =>
  idPicker({ label: t("permissions.server"), required, find: async (text) => (await search("/servers", text)).items });

const channelPicker = (server) =>
  idPicker({
    label: t("permissions.channel"),
    async find(text) {
      const at = await server.id();
      return at === null ? [] : (await search(`/servers/${at}/channels`, text)).items;
    },
  });

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
 * as `form` does. Returns {element, fill(question), submit()}.
 */
export function questionForm({ user = false, submit, ask, found, extra = [] }) {
  const who = user ? userPicker() : null;
  const permission = permissionPicker();
  const scope = select(t("permissions.scope"), ["channel", "server", "global"].map((one) => [one, named("scope", one)]));
  const server = serverPicker(false);
  const channel = channelPicker(server);
  scope.input.addEventListener("change", shape);
  const { element, send } = form([who, permission, scope, server, channel, ...extra], submit, found, async () => {
    const kind = scope.value();
    const place = kind === "server" ? server : channel;
    const id = kind === "global" ? null : await place.id();
    if (kind !== "global" && id === null) {
      place.input.focus();
      throw new Error(t("permissions.no_place"));
    }
    return ask({ ...(who ? named_user(who.value()) : {}), permission: permission.value(), scope: kind, scope_id: id });
  });

  function shape() {
    server.element.hidden = scope.value() === "global";
    channel.element.hidden = scope.value() !== "channel";
    channel.input.required = scope.value() === "channel";
    server.input.required = scope.value() === "server";
  }

  shape();
  return {
    element,
    submit: send,
    fill(question) {
      who?.set(question.username);
      permission.set(question.permission);
      scope.set(question.scope);
      server.set(question.server ?? (question.scope === "server" ? String(question.scope_id) : ""));
      channel.set(question.channel ?? (question.scope === "channel" ? String(question.scope_id) : ""));
      shape();
    },
  };
}

/** "#42" is an id, anything else a name. */
export const named_user = (text) => (/^#\d+$/.test(text) ? { user_id: idOf(text) } : { username: text });

/**
 * A form of pickers. When it is sent `ask()` brings what `found` then shows; of several questions
 * only the last is answered. A problem that it throws is told in the form, and `found` is emptied.
 */
export function form(parts, submit, found, ask) {
  const alert = h("p", { class: "notice failed", role: "alert", hidden: true });
  const button = h("button", { class: "primary", type: "submit" }, submit);
  const element = h("form", { class: "card question", onsubmit: sent }, h("div", { class: "tools" }, parts.map((part) => part?.element), button), alert);

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
      alert.textContent = told(problem);
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

/** A problem in words: what is wrong with which field, or which right is lacking. */
export function told(problem) {
  if (problem.status === 403) {
    return t("permissions.no_insight", { permission: problem.fields.permission ?? "" });
  }
  const errors = Object.entries(problem.errors ?? {});
  return errors.length ? errors.map(([field, texts]) => `${field}: ${[texts].flat().join(", ")}`).join("; ") : problem.message;
}
