// Elements are built, never parsed: data cannot become markup.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element: `h("button", {class: "primary", onclick: act, "aria-label": name}, "Close")`.
 *
 * Attributes: functions are listeners (`onclick`); true is an empty attribute; null, undefined and
 * false leave it away; `dataset` is an object. Children: nodes, texts, numbers, lists of them;
 * null, undefined and false are left away.
 */
export const h = (name, attributes, ...children) =>
  fill(document.createElement(name), attributes, children);

/** The same for SVG. */
export const svg = (name, attributes, ...children) =>
  fill(document.createElementNS(SVG, name), attributes, children);

/** Put `children` in the place of what `node` holds; what is there already keeps the focus. */
export function replace(node, ...children) {
  const wanted = nodes(children);
  const there = node.childNodes;
  if (there.length !== wanted.length || wanted.some((child, at) => child !== there[at])) {
    // A figure that is drawn anew has its "?" anew, which whoever reaches it by keyboard must not lose.
    const help = node.contains(document.activeElement) ? document.activeElement.dataset.help : null;
    node.replaceChildren(...wanted);
    if (help) {
      node.querySelector(`[data-help="${help}"]`)?.focus({ preventScroll: true });
    }
  }
  return node;
}

/** Have `node` say `text`; what it says already is not written again, so nothing is read out twice. */
export function say(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** A number that no other call on this page returns, for ids. */
export const uniqueId = (prefix) => `${prefix}-${(counter += 1)}`;

let counter = 0;

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (typeof value === "function") {
      element.addEventListener(name.slice(2), value);
    } else if (name === "dataset") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

const nodes = (children) =>
  children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
