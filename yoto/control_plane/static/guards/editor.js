// The editor of one entry: form, difference before saving, history, and what happens when
// somebody else was faster: they are shown, and nothing that was typed is lost.

import { panels, ways } from "../additions.js";
import { get, newKey, post, put, read, remove } from "../api.js";
import { show } from "../dialog.js";
import { h, replace, toast, uniqueId } from "../dom.js";
import { age, subject, until } from "../format.js";
import { subscribe } from "../live.js";
import { may, named, parts, t } from "../page.js";
import { failed, loading } from "../states.js";
import { conflictNotice } from "./conflict.js";
import { settingsForm } from "./fields.js";
import { differenceOf, historyTable } from "./history.js";

const LOOK_DELAY = 300; // ms without typing
const LOOKS = 5; // for what somebody else changed
const EXPIRIES = [[900, "unit.minutes", 15], [3600, "unit.hours", 1], [14400, "unit.hours", 4], [86400, "unit.days", 1]];
const REASON_LENGTH = 500;

/** Open the editor; resolves with whether something was changed. */
export async function edit(kind, name) {
  const body = h("div", { class: "editor" }, loading());
  const editor = { kind, name, path: `/config/${kind}/${encodeURIComponent(name)}`, body, changed: false, holds: () => false, leave: () => {} };
  const ended = show({ title: t("guards.edit_title", { kind: named("kind", kind), name }), body, wide: true, holds: () => editor.holds() });
  await open(editor);
  await ended;
  editor.leave();
  return editor.changed;
}

async function open(editor) {
  try {
    const [{ data: entry, etag }, { fields }] = await Promise.all([read(editor.path), get(`/config/${editor.kind}`, { limit: 1 })]);
    draw(editor, entry, etag, fields);
  } catch (problem) {
    replace(editor.body, failed(problem, () => open(editor)));
  }
}

function draw(editor, entry, etag, fields) {
  const readOnly = !may("operate");
  const of = Object.fromEntries(fields.map((field) => [field.name, field]));
  const form = settingsForm(fields, entry, { changed, readOnly });
  const conflict = h("div", { role: "alert" });
  const alert = h("p", { class: "notice failed", role: "alert", hidden: true });
  const difference = h("div", { "aria-live": "polite" });
  const reason = reasonField();
  const expiry = expiryField();
  const more = panels.map((one) => one(editor, form)).filter(Boolean);
  const elsewhere = ways.map((one) => one(editor)).filter(Boolean);
  const save = h("button", { type: "submit", class: "primary", disabled: true }, t("guards.save"));
  const back = entry.override ? h("button", { type: "button", class: "dangerous", onclick: takeBack }, t("guards.to_default")) : null;
  let version = etag;
  let key = newKey();
  let sent = "";
  let waiting = null;
  let asking = null;
  let judged = null;
  let busy = false;

  const element = h(
    "form",
    { novalidate: true, onsubmit: (event) => (event.preventDefault(), send()) },
    statusOf(entry),
    conflict,
    form.element,
    h("section", { class: "panel", "aria-label": t("guards.difference") }, h("h3", {}, t("guards.difference")), difference),
    more.map((one) => one.element),
    readOnly ? null : [reason.element, expiry.element, elsewhere.map((one) => one.element), alert, h("div", { class: "dialog-end" }, back, save)],
    historyOf(editor, readOnly, reload),
  );
  replace(editor.body, element);
  const entered = () => JSON.stringify([form.values(), reason.value(), expiry.value()]);
  const untouched = entered();
  editor.holds = () => entered() !== untouched;
  expiry.element.addEventListener("change", () => offer());
  editor.leave();
  editor.leave = subscribe({ events: hear }, { types: ["config.changed"] });
  look();

  function changed() {
    clearTimeout(waiting);
    more.forEach((one) => one.clear());
    save.disabled = true; // until the server has looked at it
    waiting = setTimeout(look, LOOK_DELAY);
  }

  /** Allow saving unless the values are invalid or unchanged; another end is a change too. */
  function offer(verdict = judged) {
    judged = verdict;
    const ends = entry.override !== null && (expiry.value() !== null || entry.override.expires_at !== null);
    save.disabled = busy || (judged !== null && !(judged.valid && (judged.difference.length || ends)));
  }

  /** Ask the server about the values as typed now. */
  async function look() {
    asking?.abort();
    asking = new AbortController();
    const values = form.values();
    try {
      const verdict = await post(`${editor.path}/validate`, { values }, { signal: asking.signal });
      offer(verdict);
      const others = form.showErrors(verdict.errors);
      replace(difference, verdict.valid ? differenceOf(verdict.difference, of) : h("p", { class: "failed notice" }, t("guards.invalid"), " ", Object.values(others).flat().join(" ")));
    } catch (problem) {
      if (problem.name !== "AbortError") {
        offer(null); // nobody knows: the server says when it is sent
        replace(difference, problem.message);
      }
    }
  }

  async function send() {
    if (save.disabled) {
      return;
    }
    const body = { values: form.values(), reason: reason.value(), expires_in: expiry.value() };
    const other = elsewhere.map((one) => one.chosen()).find(Boolean);
    if (other) {
      const begun = { values: body.values, reason: body.reason, ...other.body };
      await change(async () => ({ data: { ...(await post(other.path, begun, { etag: version, key: keyOf(other.path, begun) })), done: other.done } }));
      return;
    }
    await change(() => put(editor.path, body, { etag: version, key: keyOf("put", body) }));
  }

  /** One key as long as the request is the same, so that one repeated after a lost answer is done once. */
  function keyOf(...what) {
    const asked = JSON.stringify([version, ...what]);
    if (asked !== sent) {
      key = newKey();
      sent = asked;
    }
    return key;
  }

  async function takeBack() {
    const body = { reason: reason.value() };
    await change(async () => ({ data: await remove(editor.path, body, { etag: version, key: keyOf("remove", body) }) }));
  }

  async function change(run) {
    alert.hidden = true;
    if (busy || !reason.check()) {
      return;
    }
    element.setAttribute("aria-busy", "true");
    become(true);
    try {
      const { data } = await run();
      editor.changed = true;
      if (data.done) {
        toast(data.done);
      } else {
        toast(t(data.live ? "guards.saved" : "guards.saved_waiting"), data.live ? "ok" : "warning");
      }
      editor.holds = () => false;
      // Closes it, as Escape would.
      editor.body.closest("dialog").dispatchEvent(new Event("cancel", { cancelable: true }));
    } catch (problem) {
      if (problem.status === 412 && problem.fields.current) {
        const notice = collide(problem.fields.current);
        notice.element.scrollIntoView({ block: "nearest" });
        notice.focus();
        return;
      }
      const others = form.showErrors(problem.errors);
      reason.showErrors(others.reason ?? []);
      delete others.reason;
      const texts = Object.entries(others).map(([field, text]) => `${field}: ${[text].flat().join(" ")}`);
      alert.textContent = texts.join("; ") || problem.message;
      alert.hidden = false;
    } finally {
      element.removeAttribute("aria-busy");
      become(false);
    }
  }

  function become(acting) {
    busy = acting;
    back?.toggleAttribute("disabled", acting);
    offer();
  }

  /** Somebody else was faster: show them, and let the operator go on with what is typed, or not. */
  function collide(current) {
    const notice = conflictNotice({ opened: entry, current, typed: form.values(), fields, settle });
    replace(conflict, notice.element);
    return notice;

    function settle(take) {
      version = `"${current.version}"`;
      if (take) {
        form.fill(current.override?.values);
      }
      replace(conflict, h("p", { class: "notice warning" }, t(take ? "guards.took_theirs" : "guards.kept_mine", { version: current.version })));
      look();
      save.focus();
    }
  }

  /** A change by somebody else: the person typing learns of it at once, not when they save. */
  async function hear({ data }, kind, looks = LOOKS) {
    const newer = () => data.version > Number(version.replaceAll('"', ""));
    if (kind !== "delta" || busy || data.kind !== editor.kind || data.name !== editor.name || !newer()) {
      return;
    }
    const found = await read(editor.path).catch(() => null);
    if (busy || !newer()) {
      return;
    }
    if (found && found.data.version >= data.version) {
      collide(found.data);
    } else if (looks > 1 && element.isConnected) {
      setTimeout(hear, LOOK_DELAY, { data }, kind, looks - 1); // another worker answered, which has not heard it
    }
  }

  async function reload() {
    editor.changed = true;
    await open(editor);
  }
}

function statusOf(entry) {
  const layer = entry.override;
  return h(
    "p",
    { class: "quiet" },
    t("guards.version", { version: entry.version }),
    " · ",
    layer ? [parts("guards.set_by", { author: subject(layer.author), reason: layer.reason || t("banner.no_reason") }), " ", age(layer.at), " · ", until(layer.expires_at)] : t("guards.nothing_set"),
    entry.tuned ? [" · ", t("guards.tuned")] : null,
  );
}

function historyOf(editor, readOnly, changed) {
  const place = h("div", {});
  const show = () => {
    const list = historyTable({ kind: editor.kind, name: editor.name, label: t("guards.history"), readOnly, changed });
    list.reload();
    replace(place, list.element);
  };
  return h("details", { ontoggle: (event) => event.target.open && !place.childElementCount && show() }, h("summary", {}, t("guards.history")), place);
}

function reasonField() {
  const id = uniqueId("reason");
  const input = h("input", { id, name: "reason", maxlength: REASON_LENGTH, autocomplete: "off", required: true, "aria-describedby": `${id}-problems` });
  const problems = h("p", { class: "problems", id: `${id}-problems`, hidden: true });
  const element = h("div", { class: "field" }, h("label", { for: id }, t("dialog.reason")), input, h("p", { class: "hint" }, t("dialog.reason_hint")), problems);
  const showErrors = (texts) => {
    problems.textContent = [texts].flat().join(" ");
    problems.hidden = problems.textContent === "";
    input.setAttribute("aria-invalid", String(!problems.hidden));
  };
  return {
    element,
    showErrors,
    value: () => input.value.trim(),
    check() {
      const given = input.value.trim() !== "";
      showErrors(given ? [] : [t("dialog.required")]);
      if (!given) {
        input.focus();
      }
      return given;
    },
  };
}

function expiryField() {
  const id = uniqueId("expiry");
  const input = h("select", { id, name: "expires_in" }, h("option", { value: "" }, t("dialog.no_expiry")), EXPIRIES.map(([seconds, key, n]) => h("option", { value: String(seconds) }, t(key, { n }))));
  return { element: h("div", { class: "field" }, h("label", { for: id }, t("dialog.expiry")), input), value: () => (input.value === "" ? null : Number(input.value)) };
}
