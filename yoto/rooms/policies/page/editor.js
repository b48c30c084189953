// A text area with line numbers over a layer of the same text in colours. The layer is built of
// text nodes: nothing in a policy can become markup.

import { h, replace, uniqueId } from "../control/dom.js";
import { t } from "../control/page.js";

/** {element, value(), set(text), mark(line, text), focus()}; `tokens(text)` gives [kind, part]s. */
export function editor({ label, tokens, readonly = false, changed = () => {} }) {
  const id = uniqueId("editor");
  const numbers = h("div", { class: "numbers", "aria-hidden": "true" });
  const paint = h("pre", { class: "paint", "aria-hidden": "true" });
  const area = h("textarea", { id, class: "source", wrap: "off", spellcheck: "false", autocomplete: "off", autocapitalize: "off", readonly, "aria-describedby": `${id}-hint ${id}-problem`, oninput: typed, onkeydown: key });
  const problem = h("p", { class: "problems", id: `${id}-problem`, role: "alert", hidden: true });
  let leaving = false;
  let wrong = null;

  function typed() {
    mark(null, "");
    draw();
    changed();
  }

  function draw() {
    const parts = tokens(area.value).map(([kind, part]) => (kind ? h("span", { class: kind }, part) : part));
    // The last line has no height of its own without something in it.
    replace(paint, parts, "\n");
    const lines = area.value.split("\n").length;
    if (numbers.children.length !== lines) {
      replace(numbers, Array.from({ length: lines }, (_, at) => h("span", {}, String(at + 1))));
    }
    [...numbers.children].forEach((line, at) => line.classList.toggle("wrong", at + 1 === wrong));
  }

  // Tab indents, as in Rego; Escape first, and it goes on to the next field.
  function key(event) {
    if (event.key === "Escape") {
      leaving = true;
      return;
    }
    if (event.key === "Tab" && !event.shiftKey && !leaving && !readonly) {
      event.preventDefault();
      area.setRangeText("\t", area.selectionStart, area.selectionEnd, "end");
      typed();
    }
    leaving = false;
  }

  /** Show what is wrong, and in which line (from 1, or null). */
  function mark(line, text) {
    wrong = line;
    problem.textContent = text;
    problem.hidden = text === "";
    if (text === "") {
      area.removeAttribute("aria-invalid");
    } else {
      area.setAttribute("aria-invalid", "true");
    }
    draw();
    if (line !== null) {
      const start = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.setSelectionRange(start, start);
      numbers.children[line - 1]?.scrollIntoView({ block: "nearest" });
    }
    if (text !== "") {
      area.focus({ preventScroll: true });
    }
  }

  const element = h(
    "div",
    { class: "field editor-field" },
    h("label", { for: id }, label),
    h("div", { class: "editor" }, numbers, h("div", { class: "sheet" }, paint, area)),
    problem,
    readonly ? null : h("p", { class: "hint", id: `${id}-hint` }, t("policies.tab_hint")),
  );
  draw();
  return {
    element,
    value: () => area.value,
    set(text) {
      area.value = text;
      mark(null, "");
    },
    mark,
    focus: () => area.focus(),
  };
}
