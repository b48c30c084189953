// Names in the place of ids, each a link where there is a page of it. What a page asks for at once
// is one request, and nothing is asked for twice.

import { get } from "./api.js";
import { h, replace } from "./dom.js";
import { has, page, t } from "./page.js";

const MOST = 100; // names a request
const named = new Set(["guard", "policy", "worker", "request", "alert"]); // an id is a name
const home = page.api.replace(/api$/, "");
const RESOURCES = new Set((page.resources ?? []).map((one) => one.type));
// What has a name on the server; everything else is called what it is. Pages of an application, which
// call another API, say the names that they know (`introduce`).
const ASKED = new Set(page.token ? [] : ["user", "application", "team", "role", ...RESOURCES]);
// Whoever acts without an account.
const NOBODY = { break_glass: "author.break_glass", system: "author.system", public: "author.public" };

const known = new Map(); // what the server answered, by what it was asked for
const drawn = new Map(); // the elements that wait for it
let waiting = null;

/**
 * An element with the name of `of`, such as "user:31", "role:5", "channel:2", "guard:rate_limit:x",
 * "policy:hours", "alert:17", "worker:ab12" or "request:…"; also an author, such as "cli:anna".
 *
 * text: what it says instead of the name, if that is known already. link: false for a name alone.
 */
export function subject(of, { text = null, link = true } = {}) {
  const key = String(of ?? "");
  const element = h(link && addressOf(key) ? "a" : "span", { class: "subject", title: key, href: link ? addressOf(key) : null, dataset: { of: key } });
  const [kind, id] = parts(key);
  const answer = text === null ? known.get(key) : null;
  if (answer) {
    return show(element, answer);
  }
  if (text !== null || !ASKED.has(kind) || !id) {
    return replace(element, text ?? spoken(kind, id, key));
  }
  replace(element, key);
  wait(key, element);
  return element;
}

/** `of` has that name, which the server is not asked for then. */
export function introduce(of, name) {
  const [kind, id] = parts(of);
  known.set(of, { of, kind, id, name, hint: null, known: true });
}

/** A list of them, with what stands between two. */
export const subjects = (all, options = {}) => all.flatMap((one, at) => (at ? [t("shared.between"), subject(one, options)] : [subject(one, options)]));

/** The name of `of` as a text, for what can be no element; `of` itself where nobody knows it. */
export async function nameOf(of) {
  const [kind, id] = parts(of);
  if (!ASKED.has(kind) || !id) {
    return spoken(kind, id, of);
  }
  if (!known.has(of)) {
    await new Promise((done) => wait(of, done));
  }
  return known.get(of)?.name ?? of;
}

/** The address of the page of something, or null where there is none. */
export function addressOf(of) {
  const [kind, id] = parts(of);
  if (!id || page.token) {
    return null;
  }
  const name = encodeURIComponent(id);
  const opens = (page.opens ?? []).includes.bind(page.opens ?? []);
  switch (kind) {
    case "user":
      return opens("person") ? `${home}people/${name}` : null;
    case "guard":
      return opens("guard") && !id.includes(":") ? `${home}guards/${name}` : `${home}guards?guard=${name}`;
    case "policy":
      return `${home}policies?policy=${name}`;
    case "alert":
      return `${home}alerts?alert=${name}`;
    case "worker":
      return `${home}instances?worker=${name}`;
    case "request":
      return `${home}permissions?tab=decisions&request=${name}`;
    default:
      return RESOURCES.has(kind) && opens("resource") ? `${home}resources/${kind}/${name}` : null;
  }
}

function parts(of) {
  const text = String(of);
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

function spoken(kind, id, of) {
  if (NOBODY[kind]) {
    return t(NOBODY[kind]);
  }
  if (kind === "cli") {
    return t("author.cli", { name: id });
  }
  return named.has(kind) ? id : of;
}

function show(element, { of, kind, id, name, hint, known: there }) {
  element.title = [hint, of].filter(Boolean).join(" · ");
  if (!there) {
    // What is not there has no page; nor has a digest, which limits against guessing count by.
    element.removeAttribute("href");
    element.classList.add("unknown-subject");
    element.title = t("subject.unknown", { of });
    return replace(element, of);
  }
  const prefix = kind === "channel" && name !== null ? "#" : "";
  return replace(element, name === null ? `${has(`scope.${kind}`) ? t(`scope.${kind}`) : kind} ${id}` : prefix + name);
}

function wait(of, what) {
  drawn.set(of, [...(drawn.get(of) ?? []), what]);
  waiting ??= setTimeout(ask, 0);
}

async function ask() {
  waiting = null;
  const asked = [...drawn.keys()];
  const whoWaits = new Map(drawn);
  drawn.clear();
  for (let at = 0; at < asked.length; at += MOST) {
    const some = asked.slice(at, at + MOST);
    // Where nobody can say now, the ids stay, and whoever draws next asks again.
    const { items } = await get("/names", { of: some }).catch(() => ({ items: [] }));
    items.forEach((one) => known.set(one.of, one));
    for (const of of some) {
      const answer = known.get(of);
      for (const what of whoWaits.get(of)) {
        if (typeof what === "function") {
          what();
        } else if (answer) {
          show(what, answer);
        }
      }
    }
  }
}
