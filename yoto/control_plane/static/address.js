// The state of a page in the query of its address, so that it can be reloaded, sent and linked to:
// never behind `#`, which signing in loses. A record is named by its kind (`alert=17`), a section
// by `part`, a tab by `tab`, a filter as the API calls it.

import { h } from "./dom.js";
import { t } from "./page.js";
import { toast } from "./toast.js";

/** Parameters that are choices of whoever looks, and not for others. */
export const OWN = ["lang", "theme"];
// Where the link past the navigation leads.
const MAIN = "content";
// What stood behind `#` in addresses that may still be about, by page.
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

/** A button that copies the address of the page as it is now. */
export const copyLink = () => h("button", { type: "button", class: "small", onclick: copy }, t("page.copy_link"));

async function copy() {
  const address = addressWith(Object.fromEntries(OWN.map((name) => [name, null])));
  try {
    await navigator.clipboard.writeText(address);
    toast(t("page.link_copied"));
  } catch {
    // Only pages that came by HTTPS may, and whoever looks may have forbidden it.
    toast(t("page.link_is", { address }), "failed");
  }
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
