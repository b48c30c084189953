// A form made from what the server says of a kind's fields. A field says where its value is from,
// and goes back to what lies under it by one button.

import { h, replace, uniqueId } from "../dom.js";
import { subject } from "../format.js";
import { named, t } from "../page.js";

// The fields with buttons that halve and double them.
const PRESET = new Set(["limit", "max_concurrent"]);

/**
 * The form of an entry: `{element, values(), showErrors(errors), fill(override), focus(name)}`.
 *
 * fields: as `/config/<kind>` describes them. entry: values in force, defaults, override. changed: is
 * called at each change. `values()` holds what operators would set, and nothing else.
 */
export function settingsForm(fields, entry, { changed, readOnly }) {
  const shown = fields.filter((field) => !field.tuners_own);
  const settings = shown.map((field) => setting(field, entry, { changed: () => (fold(), changed()), readOnly }));
  const element = h("div", { class: "editor-fields" }, settings.map((one) => one.element));
  const divided = shown.find((field) => field.type === "dimensions");

  /** Hide the fields that every dimension sets for itself. */
  function fold() {
    const dimensions = divided ? Object.values(settings.find((one) => one.name === divided.name).value() ?? {}) : [];
    for (const part of divided?.fields ?? []) {
      settings.find((one) => one.name === part.name)?.unused(dimensions.length > 0 && dimensions.every((one) => part.name in one));
    }
  }

  fold();
  return {
    element,
    values: () => Object.fromEntries(settings.filter((one) => one.isSet()).map((one) => [one.name, one.value()])),
    /** Shows each error at its field; returns those that belong to none. */
    showErrors(errors) {
      const left = { ...errors };
      for (const one of settings) {
        one.showErrors(left[one.name] ?? []);
        delete left[one.name];
      }
      return left;
    },
    fill(override) {
      settings.forEach((one) => one.fill(override));
      fold();
    },
    focus(name) {
      settings.find((one) => one.name === name)?.focus();
    },
  };
}

function setting(field, entry, { changed, readOnly }) {
  const id = uniqueId("setting");
  const beneath = entry.tuned?.values?.[field.name] ?? entry.defaults[field.name];
  const label = named("guard_field", field.name);
  const control = (CONTROLS[field.type] ?? json)(field, id, typedIn);
  const problems = h("p", { class: "problems", id: `${id}-problems`, hidden: true });
  const back = h("button", { type: "button", class: "small revert", title: t("guards.revert", { field: label }), "aria-label": t("guards.revert", { field: label }), onclick: revert }, "↶");
  const from = h("span", {});
  let set = false;
  const presets = PRESET.has(field.name) && !readOnly ? [presetOf("½", t("guards.halve", { field: label }), 0.5), presetOf("×2", t("guards.double", { field: label }), 2)] : [];
  const element = h(
    "div",
    { class: `field setting${control.wide ? " wide-field" : ""}`, dataset: { field: field.name } },
    h("div", { class: "check" }, h("label", { for: id }, label), presets, back),
    control.element,
    h("p", { class: "hint" }, rangeOf(field), " ", from),
    problems,
  );
  control.enable(!readOnly);

  function presetOf(text, title, factor) {
    const scaled = () => {
      const value = Math.max(field.minimum ?? 0, Math.min(field.maximum ?? Infinity, Math.round(Number(control.value()) * factor)));
      control.put(value);
      typedIn();
    };
    return h("button", { type: "button", class: "small", title, "aria-label": title, onclick: scaled }, text);
  }

  function typedIn() {
    set = true;
    shown();
    changed();
  }

  function revert() {
    set = false;
    control.put(beneath);
    shown();
    changed();
    control.focus();
  }

  /** Whether the field is set: typing the value that it had anyway sets nothing. */
  const isSet = () => set && (field.name in (entry.override?.values ?? {}) || JSON.stringify(control.value()) !== JSON.stringify(beneath));

  function shown() {
    const layer = set && field.name in (entry.override?.values ?? {}) ? entry.override : null;
    replace(from, layer ? [t("guards.set_by_short"), " ", subject(layer.author), " · "] : null, t("guards.beneath", { value: asText(beneath, field) }));
    back.hidden = !isSet() || readOnly;
  }

  function fill(override) {
    set = field.name in (override ?? {});
    control.put(set ? override[field.name] : beneath);
    shown();
  }

  fill(entry.override?.values);
  return {
    name: field.name,
    element,
    fill,
    isSet,
    /** Hide the field as unused, unless it is set: a set one can be taken back. */
    unused(is) {
      element.hidden = is && !set;
    },
    value: control.value,
    focus: () => control.focus(),
    showErrors(texts) {
      problems.textContent = [texts].flat().join(" ");
      problems.hidden = problems.textContent === "";
      control.mark(!problems.hidden, problems.id);
    },
  };
}

function rangeOf(field) {
  if (field.minimum === undefined) {
    return "";
  }
  const unit = field.unit ? ` ${named("guard_unit", field.unit)}` : "";
  return t("guards.range", { low: field.minimum, high: field.maximum, unit });
}

/** The thing that a limit counts, with the window where it is a further one. */
export function dimensionNamed(name) {
  const [counted, span] = name.split("/");
  return named("guard_dimension", counted) + (span ? ` / ${span}` : "");
}

/** A value as people read it. */
export function asText(value, field = {}) {
  if (value === null || value === undefined) {
    return "–";
  }
  if (field.type === "choice") {
    return named("guard_choice", value);
  }
  if (field.type === "dimensions") {
    const own = (one) => Object.entries(one).map(([name, n]) => `${named("guard_field", name)} ${n}`).join(", ") || t("guards.as_limit");
    return Object.entries(value).map(([name, one]) => `${named("guard_dimension", name)}: ${own(one)}`).join("\n") || "–";
  }
  if (typeof value === "object") {
    return JSON.stringify(value);
  }
  if (typeof value === "boolean") {
    return t(value ? "guards.yes" : "guards.no");
  }
  return value === "" ? "–" : String(value);
}

const plain = (input, put, value) => ({
  element: input,
  put,
  value,
  focus: () => input.focus(),
  enable: (on) => {
    input.disabled = !on;
  },
  mark: (bad, by) => marked(input, bad, by),
});

function marked(input, bad, by) {
  if (bad) {
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", by);
  } else {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

// A text that is no number is sent as typed, so that the server says what is wrong with it.
const typed = (text) => (text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text));

const numeric = (field, id, changed) => {
  const input = h("input", { id, inputmode: field.type === "whole" ? "numeric" : "decimal", autocomplete: "off", oninput: changed });
  return plain(
    input,
    (value) => {
      input.value = value ?? "";
    },
    () => (field.optional && input.value.trim() === "" ? null : typed(input.value)),
  );
};

const CONTROLS = {
  whole: numeric,
  number: numeric,
  text: (field, id, changed) => {
    const input = h("input", { id, maxlength: field.longest, placeholder: field.example ?? "", autocomplete: "off", spellcheck: "false", oninput: changed });
    return plain(
      input,
      (value) => {
        input.value = value ?? "";
      },
      () => input.value,
    );
  },
  choice: (field, id, changed) => {
    const input = h("select", { id, onchange: changed }, field.choices.map((choice) => h("option", { value: choice }, named("guard_choice", choice))));
    return plain(
      input,
      (value) => {
        input.value = value;
      },
      () => input.value,
    );
  },
  flag: (field, id, changed) => {
    const input = h("select", { id, onchange: changed }, h("option", { value: "true" }, t("guards.yes")), h("option", { value: "false" }, t("guards.no")));
    return plain(
      input,
      (value) => {
        input.value = String(Boolean(value));
      },
      () => input.value === "true",
    );
  },
  dimensions,
};

function json(field, id, changed) {
  const input = h("textarea", { id, spellcheck: "false", oninput: changed });
  return plain(
    input,
    (value) => {
      input.value = JSON.stringify(value ?? null);
    },
    () => {
      try {
        return JSON.parse(input.value);
      } catch {
        return input.value;
      }
    },
  );
}

/** Dimensions of a limit: a row each, with its name and what it has of its own. */
function dimensions(field, id, changed) {
  const rows = h("div");
  const add = h("button", { type: "button", id, onclick: () => (rows.append(rowOf("", {})), rows.lastElementChild.querySelector("input").focus(), changed()) }, t("guards.add_dimension"));
  const element = h("div", { role: "group", "aria-label": named("guard_field", field.name) }, rows, add);
  let on = true;

  function rowOf(name, own) {
    const input = (key, value, title) => {
      const inner = uniqueId("dimension");
      return h("div", {}, h("label", { for: inner }, title), h("input", { id: inner, value: value ?? "", autocomplete: "off", disabled: !on, dataset: { key }, oninput: changed, placeholder: key === "name" ? "user+server" : t("guards.as_limit") }));
    };
    const row = h(
      "div",
      { class: "dimension" },
      input("name", name, t("guards.dimension")),
      field.fields.map((one) => input(one.name, own[one.name], named("guard_field", one.name))),
      h("button", { type: "button", disabled: !on, onclick: () => (row.remove(), changed()) }, t("guards.remove")),
    );
    return row;
  }

  return {
    element,
    wide: true,
    put(value) {
      replace(rows, Object.entries(value ?? {}).map(([name, own]) => rowOf(name, own)));
    },
    value() {
      const found = [...rows.children].map((row) => {
        const given = Object.fromEntries([...row.querySelectorAll("input")].map((input) => [input.dataset.key, input.value.trim()]));
        const own = Object.fromEntries(field.fields.map((one) => one.name).filter((key) => given[key] !== "").map((key) => [key, typed(given[key])]));
        return [given.name, own];
      });
      return Object.fromEntries(found);
    },
    focus: () => (rows.querySelector("input") ?? add).focus(),
    enable(enabled) {
      on = enabled;
      element.querySelectorAll("input, button").forEach((one) => {
        one.disabled = !enabled;
      });
    },
    mark: (bad, by) => rows.querySelectorAll("input").forEach((input) => marked(input, bad, by)),
  };
}
