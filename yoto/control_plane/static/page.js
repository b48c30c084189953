// The server's data about this page, the texts of its language, and its state, which is in the query
// of its address, so that it can be reloaded, sent and linked to: never behind `#`, which signing in
// loses. A record is named by its kind (`alert=17`), a section by `part`, a tab by `tab`, a filter as the
// API calls it.

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

/** {language, rights, csrf, api, token, sign_in, socket_path, vendor: {charts, socket}, now} */
export const page = read("page-data");

/** The address of the pages, with a "/" at its end. */
export const home = (page.api ?? "").replace(/api$/, "");

const texts = read("texts");

/** The text of `key` with `{name}`s replaced; the key itself where there is none, so it is seen. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The same for values that are elements, such as names that are links: a list of texts and these. */
export const parts = (key, values) => (texts[key] ?? key).split(/(\{\w+\})/).map((one) => (/^\{\w+\}$/.test(one) ? (values[one.slice(1, -1)] ?? one) : one));

/** Whether there is such a text: for names that come from data. */
export const has = (key) => key in texts;

/** The text of `${prefix}.${name}`, else the name as it came from the data. */
export const named = (prefix, name) => (has(`${prefix}.${name}`) ? t(`${prefix}.${name}`) : String(name));

/** Whether the application has an optional feature. */
export const room = (name) => page.rooms.includes(name);

/** Whether whoever looks has the right: "view", "operate" or "admin". The server checks again. */
export const may = (right) => page.rights.includes(`platform.${right}`);

// The address

/** Parameters that are choices of whoever looks, and not for others. */
export const OWN = ["lang", "theme"];
// Where the link past the navigation leads.
const MAIN = "content";
// The parts behind `#` in old addresses that may still be about, by page.
const FRAGMENTS = {
  guards: (text) => (text === "degradation" ? { part: text } : { guard: text }),
  alerts: (text) => ({ alert: text }),
  queues: (text) => ({ kind: text }),
  settings: (text) => ({ part: text }),
  permissions: (text) => ({ tab: text }),
  policies: (text) => (/^(policy|document)\/[^/]+$/.test(text) ? Object.fromEntries([text.split("/")]) : {}),
};

/** The parameters of the address, as texts: `state().guard`. */
export const state = () => Object.fromEntries(new URLSearchParams(location.search));

/** Whether the address asks for `act`, such as a dialog, which it does but once. */
export function asksFor(act) {
  const wanted = state().act === act;
  if (wanted) {
    keep({ act: null });
  }
  return wanted;
}

/** Put `{name: value}` into the address of this page; null and "" go out of it, all else stays. */
export const keep = (values) => history.replaceState(null, "", addressWith(values));

/** The same as a step that the browser's button goes back from; the page hears of both by `popstate`. */
export function step(address) {
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** Listener of a link to another state of its page, which need not be loaded again for it. */
export function stay(event) {
  if (event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    step(event.currentTarget.href);
  }
}

/** The address of this page with other parameters. */
export function addressWith(values, from = location.href) {
  const address = new URL(from);
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "") {
      address.searchParams.delete(name);
    } else {
      address.searchParams.set(name, value);
    }
  }
  address.search = address.search.replaceAll("%3A", ":"); // as the server writes it, and people read it
  return address.href;
}

/** Take what stands behind `#` into the query; whether there was any. */
function carry() {
  const text = decoded(location.hash.slice(1));
  const found = text && text !== MAIN ? FRAGMENTS[location.pathname.split("/").at(-1)]?.(text) : null;
  if (!found || !Object.keys(found).length) {
    return false;
  }
  const address = new URL(addressWith(found));
  address.hash = "";
  history.replaceState(null, "", address);
  return true;
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // no fragment of ours
  }
}

carry();
addEventListener("hashchange", () => carry() && location.reload());
