// What stands in the empty form of a question: those that were asked in this tab, and whom something
// was denied of late.

import { get } from "../api.js";
import { h, replace } from "../dom.js";
import { named, room, t } from "../page.js";
import { subject } from "../format.js";
import { foldDecisions } from "./folding.js";

const KEY = "yoto.questions";
const MOST = 6; // of each list
const READ = 100; // denials that are looked through
const NAME = /^[\w.-]+$/; // of a permission; an expression cannot be asked here

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
    // Without storage the list is that of denials alone.
  }
}

/** The lists; `ask(question)` asks one of them. */
export function recentQuestions(ask) {
  const denials = h("div");
  const own = asked().filter(({ username }) => username);
  if (room("decision_log")) {
    get("/decisions", { allowed: false, limit: READ }).then(
      ({ items }) => replace(denials, listOf(t("permissions.recent_denials"), foldDecisions(items).filter(({ user, permission }) => user && NAME.test(permission)).slice(0, MOST).map(questionOf), ask)),
      () => {}, // who may not read the log has the form alone
    );
  }
  return h("div", {}, listOf(t("permissions.recent_questions"), own, ask), denials);
}

function questionOf({ user, permission, place }) {
  const at = place.indexOf(":");
  return { username: user, permission, scope: at < 0 ? place : place.slice(0, at), scope_id: at < 0 ? null : place.slice(at + 1) };
}

const listOf = (title, questions, ask) =>
  questions.length ? h("section", { class: "card" }, h("h3", {}, title), h("ul", { class: "plain" }, questions.map((one) => h("li", {}, h("button", { type: "button", class: "small", onclick: () => ask(one) }, words(one)))))) : null;

const words = ({ username, permission, scope, scope_id: id }) => [username, " · ", h("code", {}, permission), " · ", id === null ? named("scope", scope) : subject(`${scope}:${id}`, { link: false })];
