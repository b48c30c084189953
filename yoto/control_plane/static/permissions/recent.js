// Questions in the empty form: those that were asked in this tab, and those of optional
// features.

import { recents } from "../additions.js";
import { h } from "../dom.js";
import { subject } from "../format.js";
import { named, t } from "../page.js";

const KEY = "yoto.questions";
export const MOST = 6; // of each list

function asked() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return []; // the browser keeps nothing, or something else wrote there
  }
}

/** Keep a question `{username, permission, scope, scope_id}` for as long as the tab is open. */
export function remember({ username, permission, scope, scope_id }) {
  const question = { username, permission, scope, scope_id };
  const others = asked().filter((one) => JSON.stringify(one) !== JSON.stringify(question));
  try {
    sessionStorage.setItem(KEY, JSON.stringify([question, ...others].slice(0, MOST)));
  } catch {
    // Without storage there are only the other lists.
  }
}

/** The lists; `ask(question)` asks one of them. */
export function recentQuestions(ask) {
  const own = asked().filter(({ username }) => username);
  return h("div", {}, recentList(t("permissions.recent_questions"), own, ask), recents.map((one) => one(ask)));
}

/** A list of questions; null: there are none. */
export const recentList = (title, questions, ask) =>
  questions.length ? h("section", { class: "card" }, h("h3", {}, title), h("ul", { class: "plain" }, questions.map((one) => h("li", {}, h("button", { type: "button", class: "small", onclick: () => ask(one) }, words(one)))))) : null;

const words = ({ username, permission, scope, scope_id: id }) => [username, " · ", h("code", {}, permission), " · ", id === null ? named("scope", scope) : subject(`${scope}:${id}`, { link: false })];
