// Calls of /control/api or, on pages of an application, of the API that `page.api` names, with an
// access token in place of the session's cookie. Every failure is a Problem.

import { h } from "./dom.js";
import { has, page, t } from "./page.js";

const CSRF_HEADER = "X-CSRF-Token";
const SAFE = new Set(["GET", "HEAD"]);
const SIGNED_OUT = 401;

/**
 * The problem, as the server described it (RFC 9457); `status` is 0 when there was no answer.
 *
 * `type` is the last part of the problem's URN ("validation-failed"), `errors` maps fields to lists
 * of texts, `fields` is the whole document (for example `current` and `version` of a conflict).
 */
export class Problem extends Error {
  constructor(status, fields) {
    const refused = refusal(fields);
    super(refused ?? (fields.detail || fields.title || t("problem.no_answer")));
    this.name = "Problem";
    this.status = status;
    this.type = String(fields.type ?? "no-answer").split(":").at(-1);
    this.title = fields.title ?? "";
    this.errors = refused ? {} : (fields.errors ?? {});
    this.requestId = fields.request_id ?? null;
    this.fields = fields;
  }
}

/**
 * Why a write was refused, in the language of the page, with the permission as it is `called` there; null
 * where there are no words for the reason. Where a role is too high, it names the role and one's own
 * highest one, as far as the server does.
 */
export function refusal({ reason, permission, roles = [] }, called = permission ?? "") {
  const named = `refusal.${reason}.${roles.length}`;
  const key = has(named) ? named : `refusal.${reason}`;
  return has(key) ? t(key, { permission: called, role: roles[0], own: roles[1] }) : null;
}

/** A fresh `Idempotency-Key`: the same key makes a repeated action one action. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// The data that came with the page, by address: each answers the first request for it, and no other.
const brought = new Map(Object.entries(page.brought ?? {}));

/** The data at `path`, below the API's address; `query` values that are null are left away. */
export async function get(path, query = {}, options = {}) {
  const asked = address(path, query);
  const found = brought.get(asked);
  brought.delete(asked);
  return found ?? (await read(path, query, options)).data;
}

/** The data with its version: `{data, etag}`; give `etag` back to `put` or `remove`. */
export const read = (path, query = {}, options = {}) => call("GET", address(path, query), options);

/** Act: `await post("/prefetch/pause", {reason}, {key: newKey()})`. */
export const post = async (path, body, options = {}) =>
  (await call("POST", path, { ...options, body })).data;

/** The same for a change of rights: `{data, position}`, its place in the invalidation log. */
export const change = (path, body, options = {}) => call("POST", path, { ...options, body });

/** Put a new version: `{etag}` is that of the version it was made from. Returns `{data, etag}`. */
export const put = (path, body, options = {}) => call("PUT", path, { ...options, body });

/** The same for a change of some fields. */
export const patch = (path, body, options = {}) => call("PATCH", path, { ...options, body });

/** Take away. */
export const remove = async (path, body, options = {}) =>
  (await call("DELETE", path, { ...options, body })).data;

/** The address of `path` with parameters, for links and downloads: `href: apiAddress("/x", {})`. */
export const apiAddress = (path, query = {}) => page.api + address(path, query);

function address(path, query) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const parameters = new URLSearchParams();
  for (const [name, value] of given) {
    for (const one of Array.isArray(value) ? value : [value]) {
      parameters.append(name, String(one));
    }
  }
  return given.length ? `${path}?${parameters}` : path;
}

async function call(method, path, { body, etag, key, signal, again = true, always = false } = {}) {
  if (hasEnded() && SAFE.has(method) && !always) {
    throw signedOut({}); // pages read again and again; only what somebody does asks the server
  }
  const headers = { Accept: "application/json" };
  if (!SAFE.has(method)) {
    if (!page.token) {
      headers[CSRF_HEADER] = page.csrf;
    }
    headers["Idempotency-Key"] = key ?? newKey();
  }
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
  }
  if (etag) {
    headers["If-Match"] = etag;
  }
  let answer;
  try {
    if (page.token) {
      headers.Authorization = `Bearer ${(await signedIn()).access_token}`;
    }
    answer = await fetch(page.api + path, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") {
      throw error;
    }
    if (!(error instanceof Response)) {
      throw new Problem(0, {});
    }
    answer = error; // there is no token to be had, for the reason that it says
    again = false;
  }
  const data = await document_of(answer);
  if (answer.ok) {
    learn(false);
    return { data, etag: answer.headers.get("ETag"), position: answer.headers.get("X-Permission-Position") };
  }
  if (answer.status === SIGNED_OUT) {
    if (page.token && again) {
      forget(); // it was taken back, or the session has another by now
      return call(method, path, { body, etag, key: headers["Idempotency-Key"], signal, again: false, always });
    }
    learn(true);
    throw signedOut(data);
  }
  const problem = new Problem(answer.status, data ?? {});
  if (again && problem.type === "forbidden" && !SAFE.has(method) && (await recognise())) {
    return call(method, path, { body, etag, key: headers["Idempotency-Key"], signal, again: false });
  }
  throw problem;
}

async function document_of(answer) {
  const text = await answer.text();
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    // A proxy in between answers in HTML.
    return { title: answer.statusText, detail: `HTTP ${answer.status}` };
  }
}

const signedOut = (fields) => new Problem(SIGNED_OUT, { ...fields, detail: t("session.ended") });

/** Ask who is signed in; whether it is another session by now, begun in another tab. */
export async function recognise() {
  if (page.token) {
    forget();
    return signedIn().then(() => learn(false), () => undefined).then(() => false);
  }
  const session = await get("/session", {}, { always: true }).catch(() => null);
  const found = session?.csrf_token;
  const changed = Boolean(found) && found !== page.csrf;
  page.csrf = found ?? page.csrf;
  return changed;
}

/** An id that was typed, as JSON has it: digits as a number, unless that would be rounded. */
export const jsonId = (text) => (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text);

// Whether somebody is signed in. When the session ends nothing on the page is lost: it says so, asks
// the server nothing more by itself, and goes on once somebody has signed in again in another tab.

const watchers = new Set();
let ended = false;

/** Whether the server said that nobody is signed in. */
export const hasEnded = () => ended;

/** `watcher(ended)` is told of each end and of each return. */
export const watchSession = (watcher) => watchers.add(watcher);

/** The server said whether somebody is signed in. */
export function learn(over) {
  if (over !== ended) {
    ended = over;
    watchers.forEach((watcher) => watcher(ended));
  }
}

/** A link that opens the sign-in page beside this one, which leads to the same page there. */
export const signInLink = () =>
  page.sign_in && h("a", { href: `${page.sign_in}?${new URLSearchParams({ next: location.pathname + location.search })}`, target: "_blank", rel: "noopener" }, t("session.sign_in"));

// Pages of an application call its API with an access token, which the address `page.token` gives to
// who is signed in there. It stays in memory, and is asked for again before it expires.

const EARLY = 30; // s before the end
let found = null;
let asking = null;

/**
 * The signed-in user: {access_token, csrf_token, user}. Any other answer is thrown, as a `Response`:
 * 401 where nobody is signed in.
 */
export async function signedIn() {
  if (found === null || Date.now() >= found.until) {
    found = await (asking ??= ask().finally(() => {
      asking = null;
    }));
  }
  return found;
}

/** The server refused the token: the next call asks for another. */
export function forget() {
  found = null;
}

async function ask() {
  const answer = await fetch(page.token, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) {
    throw answer;
  }
  const data = await answer.json();
  if (!data.user) {
    throw new Response(null, { status: 401 });
  }
  return { ...data, until: Date.now() + (data.expires_in - EARLY) * 1000 };
}
