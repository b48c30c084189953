// Where the focus goes when what had it is gone, so that a keyboard need not begin at the top again.

const ACTS = "button:not(:disabled), a[href], summary, input:not(:disabled), select:not(:disabled), textarea:not(:disabled)";

/** Whether nothing has the focus. */
export const isLost = () => document.activeElement === null || document.activeElement === document.body;

/** Focus the first thing inside `node` that can be used; whether there was one. */
export function enter(node) {
  const found = node ? [...node.querySelectorAll(ACTS)].find((one) => one.getClientRects().length > 0) : null;
  found?.focus();
  return Boolean(found);
}

/** Focus the heading of the part of the page that `node` is in. */
export function toHeading(node) {
  const part = node?.closest("section, dialog, main") ?? document.querySelector("main");
  const heading = part?.querySelector("h1, h2, h3") ?? document.querySelector("main h1") ?? document.querySelector("main");
  if (heading) {
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }
}

/**
 * Remember where `element` is: the function that is returned goes back to it or, once it is gone, to
 * what is nearest to where it was.
 */
export function placeOf(element) {
  const around = [];
  for (let node = element; node; node = node.parentElement) {
    around.push(node);
  }
  return () => {
    if (element?.isConnected) {
      element.focus();
    } else if (isLost()) {
      const near = around.find((node) => node.isConnected && node !== document.body && node !== document.documentElement);
      if (!near?.closest("tbody, li") || !enter(near)) {
        toHeading(near);
      }
    }
  };
}
