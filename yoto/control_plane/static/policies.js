// Policies and the documents that they read: what is in force, editing, trying, going back.

import { h, replace } from "./dom.js";
import { t } from "./page.js";
import { entryView } from "./policies/entry.js";
import { entryAt } from "./policies/kinds.js";
import { listView } from "./policies/list.js";

const place = document.getElementById("policies");
let view = null;

/** The address tells what is open: #policy/time, #document/hours, or nothing for the list. */
function open() {
  const wanted = entryAt(location.hash);
  if (view?.at === location.hash) {
    return;
  }
  if (view?.dirty?.() && !confirm(t("policies.leave"))) {
    history.replaceState(null, "", view.at);
    return;
  }
  view?.close?.();
  view = wanted ? entryView(wanted.kind, wanted.name) : listView();
  view.at = location.hash;
  const bad = !wanted && location.hash.length > 1;
  replace(
    place,
    wanted ? h("p", { class: "back" }, h("a", { href: "#" }, "← ", t("policies.back"))) : null,
    bad ? h("p", { class: "notice failed", role: "alert" }, t("policies.bad_address", { address: location.hash.slice(1) })) : null,
    view.element,
  );
  document.getElementById("content").scrollIntoView();
}

addEventListener("hashchange", open);
addEventListener("beforeunload", (event) => {
  if (view?.dirty?.()) {
    event.preventDefault();
  }
});
open();
