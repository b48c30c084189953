// Every action is asked for in a dialog: why, for how long, and, where it is grave, by typing.

import { newKey, signInLink } from "./api.js";
import { h, placeOf, replace, toast, uniqueId } from "./dom.js";
import { page, t } from "./page.js";

const REASON_LENGTH = 500;
const SIGNED_OUT = 401;
const PREVIEW_DELAY = 250; // ms without typing
const EXPIRIES = [[300, "unit.minutes", 5], [900, "unit.minutes", 15], [3600, "unit.hours", 1], [14400, "unit.hours", 4], [86400, "unit.days", 1], [604800, "unit.days", 7]];

/**
 * Ask before an action. Resolves with what `run` returned, or with null when it was left. While `run`
 * acts it cannot be left: the outcome is always told.
 *
 * title, intro: what it is, what it does. submit: the text of the button. danger: a red button.
 * reason: false leaves the reason away, which is required otherwise (`values.reason`).
 * expiry: {required, standard, longest} in seconds adds the choice `values.expires_in` (s, or null).
 * confirm: a text to type before the button works.
 * fields: [{name, label, type: "text"|"number"|"textarea"|"select"|"checkbox"|"password", value,
 *   options: [[value, label]], hint, required, min, max, step, maxlength}].
 * preview(values, signal): a node or text that tells what will happen; asked for at each change.
 * run(values, {key}): acts; a Problem that it throws is shown, with its fields' errors at the fields, and
 *   its `details`, a node, below.
 *   `key` is the Idempotency-Key: it stays the same while the values do.
 * done: the words of a toast afterwards; a text, or a function of the result.
 */
export function act({ title, intro, submit, danger = false, reason = true, expiry = null, confirm = null, fields = [], preview = null, run, done = null, wide = false }) {
  const all = [...fields];
  if (expiry) {
    all.push(expiryField(expiry));
  }
  if (reason) {
    all.push({ name: "reason", label: t("dialog.reason"), hint: t("dialog.reason_hint"), required: true, maxlength: REASON_LENGTH });
  }
  const parts = all.map(build);
  const typed = confirm ? build({ name: "", label: t("dialog.type", { text: confirm }), required: true }) : null;
  const alert = h("div", { class: "notice failed", role: "alert", hidden: true });
  const shown = h("div", { class: "preview", "aria-live": "polite" });
  const go = h("button", { class: danger ? "danger" : "primary", type: "submit" }, submit);
  const status = h("p", { class: "quiet", role: "status" });
  const { dialog, ended, close, unless } = modal(title, wide, escape);
  const inputs = h("fieldset", { class: "bare" }, parts.map((part) => part.element), preview ? shown : null, typed?.element);
  const form = h(
    "form",
    { method: "dialog", novalidate: true, onsubmit: send, oninput: changed },
    intro ? h("div", { class: "quiet" }, intro) : null,
    inputs,
    alert,
    status,
    h("div", { class: "dialog-end" }, h("button", { type: "button", onclick: leave }, t("dialog.cancel")), go),
  );
  let busy = false;
  let key = newKey();
  let sent = "";
  let waiting = null;
  let asking = null;

  const values = () => Object.fromEntries(parts.map((part) => [part.name, part.value()]));
  const entered = () => JSON.stringify([values(), typed?.value()]);
  const untouched = entered();

  const mayGo = () => {
    go.disabled = typed !== null && typed.value() !== confirm;
  };

  function changed() {
    mayGo();
    if (preview) {
      clearTimeout(waiting);
      waiting = setTimeout(look, PREVIEW_DELAY);
    }
  }

  function lookNoMore() {
    clearTimeout(waiting);
    asking?.abort();
  }

  async function look() {
    asking?.abort();
    asking = new AbortController();
    try {
      replace(shown, (await preview(values(), asking.signal)) ?? "");
    } catch (problem) {
      if (problem.name !== "AbortError") {
        replace(shown, Object.values(problem.errors ?? {}).flat().join(" ") || problem.message);
      }
    }
  }

  function leave() {
    if (busy) {
      status.textContent = t("dialog.busy");
    } else {
      close(null);
    }
  }

  /** Escape is pressed by mistake too: typed text is not dropped for that. */
  function escape() {
    if (busy || entered() === untouched) {
      leave();
    } else {
      unless(leave);
    }
  }

  function become(acting) {
    busy = acting;
    status.textContent = "";
    form.setAttribute("aria-busy", String(acting));
    go.setAttribute("aria-disabled", String(acting));
    if (acting) {
      go.focus(); // a field that is disabled would lose it
    }
    inputs.disabled = acting;
  }

  async function send(event) {
    event.preventDefault();
    if (busy) {
      return;
    }
    const lacking = parts.filter((part) => part.lacks());
    parts.forEach((part) => part.showErrors(lacking.includes(part) ? [t("dialog.required")] : []));
    if (lacking.length) {
      lacking[0].focus();
      return;
    }
    const given = values();
    if (sent !== "" && sent !== JSON.stringify(given)) {
      key = newKey();
    }
    sent = JSON.stringify(given);
    alert.hidden = true;
    lookNoMore(); // a preview that is read while it happens is of what comes after it
    become(true);
    try {
      const result = await run(given, { key });
      become(false);
      close(result ?? true);
      if (done) {
        toast(typeof done === "function" ? done(result) : done);
      }
    } catch (problem) {
      become(false);
      showProblem(problem);
      changed(); // the preview, too, is of now
    }
  }

  function showProblem(problem) {
    const errors = { ...problem.errors };
    let first = null;
    for (const part of parts) {
      part.showErrors(errors[part.name] ?? []);
      if (errors[part.name]) {
        first ??= part;
        delete errors[part.name];
      }
    }
    const others = Object.entries(errors).map(([name, texts]) => `${name}: ${[texts].flat().join(", ")}`);
    alert.textContent = first && !others.length ? "" : others.length ? others.join("; ") : problem.message;
    alert.hidden = alert.textContent === "";
    if (problem.details) {
      alert.append(problem.details);
    }
    if (problem.status === SIGNED_OUT) {
      alert.append(" ", signInLink());
    }
    if (problem.name !== "Problem") {
      console.error(problem);
    }
    first?.focus();
  }

  dialog.append(form);
  dialog.showModal();
  parts[0]?.focus();
  mayGo();
  if (preview) {
    look();
  }
  return ended.finally(lookNoMore);
}

/**
 * Show something in a dialog: `{title, body: node, wide}`. Resolves when it is closed.
 *
 * holds: tells whether something was typed in it, which is dropped only by who says so.
 */
export function show({ title, body, wide = false, holds = () => false }) {
  const leave = () => (holds() ? unless(() => close(null)) : close(null));
  const { dialog, ended, close, unless } = modal(title, wide, leave);
  dialog.append(body, h("div", { class: "dialog-end" }, h("button", { type: "button", onclick: leave }, t("dialog.close"))));
  dialog.showModal();
  return ended;
}

/** A dialog; `leave` is called when Escape is pressed. `unless(drop)` asks before it drops. */
function modal(title, wide, leave) {
  const heading = uniqueId("dialog");
  const dialog = h("dialog", { class: wide && "wide", "aria-labelledby": heading }, h("h2", { id: heading }, title));
  const { promise: ended, resolve } = Promise.withResolvers?.() ?? resolvers();
  const back = placeOf(document.activeElement);
  const close = (result) => {
    resolve(result);
    dialog.close();
    dialog.remove();
    // The browser gives the focus back to where it was, unless that is gone.
    back();
  };
  let asked = null;
  const keep = () => {
    asked?.remove();
    asked = null;
  };
  const unless = (drop) => {
    if (asked) {
      return; // until it is answered
    }
    const stay = h("button", { type: "button", onclick: keep }, t("dialog.keep_editing"));
    asked = h("div", { class: "notice warning drop", role: "alert" }, h("p", {}, t("dialog.drop_typed")), h("div", { class: "buttons" }, stay, h("button", { type: "button", class: "dangerous", onclick: drop }, t("dialog.drop"))));
    dialog.append(asked);
    stay.focus();
  };
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  // Browsers do not ask at a second Escape: they close.
  dialog.addEventListener("close", () => {
    if (dialog.isConnected) {
      dialog.showModal();
      leave();
    }
  });
  document.body.append(dialog);
  return { dialog, ended, close, unless };
}

function resolvers() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function expiryField({ required = false, standard = null, longest = Infinity }) {
  const offered = EXPIRIES.filter(([seconds]) => seconds <= longest);
  const options = offered.map(([seconds, key, n]) => [String(seconds), t(key, { n })]);
  if (!required) {
    options.unshift(["", t("dialog.no_expiry")]);
  }
  return { name: "expires_in", label: t("dialog.expiry"), type: "select", options, value: standard === null ? options[0][0] : String(standard), number: true };
}

function build(field) {
  const id = uniqueId("field");
  const attributes = { id, name: field.name || null, required: field.required, min: field.min, max: field.max, step: field.step, maxlength: field.maxlength, autocomplete: "off", "aria-describedby": `${id}-hint ${id}-problems` };
  const input = inputOf(field, attributes);
  const problems = h("p", { class: "problems", id: `${id}-problems`, hidden: true });
  const hint = field.hint ? h("p", { class: "hint", id: `${id}-hint` }, field.hint) : null;
  const check = field.type === "checkbox";
  const element = check
    ? h("div", { class: "field" }, h("label", { class: "check", for: id }, input, field.label), hint, problems)
    : h("div", { class: "field" }, h("label", { for: id }, field.label), input, hint, problems);
  const numeric = field.number || field.type === "number";
  return {
    name: field.name,
    element,
    focus: () => input.focus(),
    lacks: () => Boolean(field.required) && !check && input.value.trim() === "",
    value() {
      if (check) {
        return input.checked;
      }
      const text = field.type === "password" ? input.value : input.value.trim();
      return numeric ? (text === "" ? null : Number(text)) : text;
    },
    showErrors(texts) {
      problems.textContent = [texts].flat().join(" ");
      problems.hidden = problems.textContent === "";
      input.toggleAttribute("aria-invalid", !problems.hidden);
      if (!problems.hidden) {
        input.setAttribute("aria-invalid", "true");
      }
    },
  };
}

function inputOf(field, attributes) {
  switch (field.type) {
    case "select": {
      const options = field.options.map(([value, label]) => h("option", { value, selected: String(value) === String(field.value) }, label));
      return h("select", attributes, options);
    }
    case "textarea":
      return h("textarea", { ...attributes, spellcheck: "false" }, field.value ?? "");
    case "checkbox":
      return h("input", { ...attributes, type: "checkbox", checked: Boolean(field.value) });
    default:
      return h("input", { ...attributes, type: field.type ?? "text", value: field.value ?? "", lang: page.language });
  }
}
