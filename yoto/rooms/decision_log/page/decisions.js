// Decisions about one resource, on its page.

import { opened } from "../control/additions.js";
import { replace } from "../control/dom.js";
import { decisionList } from "./list.js";

opened.push((one) => {
  const list = decisionList({ place: one.place });
  replace(document.getElementById("decisions"), list.element);
  list.reload();
});
