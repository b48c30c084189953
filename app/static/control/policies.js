// Policies and the documents that they read: what is in force, editing, trying, going back.

import { h, replace } from "./dom.js";
import { t } from "./page.js";
import { entryView } from "./policies/entry.js";
import { KINDS } from "./policies/kinds.js";
import { listView } from "./policies/list.js";

const place = document.getElementById("policies");
let view = null;

/** The address tells what is open: #policy/time, #document/hours, or nothing for the list. */
function open() {
  const [kind, name] = location.hash.slice(1).split("/");
  if (view?.at === location.hash) {
    return;
  }
  if (view?.dirty?.() && !confirm(t("policies.leave"))) {
    history.replaceState(null, "", view.at);
    return;
  }
  view?.close?.();
  view = KINDS[kind] && name ? entryView(kind, decodeURIComponent(name)) : listView();
  view.at = location.hash;
  replace(place, KINDS[kind] ? h("p", { class: "back" }, h("a", { href: "#" }, "← ", t("policies.back"))) : null, view.element);
  document.getElementById("content").scrollIntoView();
}

addEventListener("hashchange", open);
addEventListener("beforeunload", (event) => {
  if (view?.dirty?.()) {
    event.preventDefault();
  }
});
open();
