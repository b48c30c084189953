// One policy or document: edited, tried, put, put in shadow, taken out; with its versions below.

import { post, put, read } from "../control/api.js";
import { act } from "../control/dialog.js";
import { badge, h, replace, reported, toast } from "../control/dom.js";
import { age, subject } from "../control/format.js";
import { may, parts, step, t } from "../control/page.js";
import { load } from "../control/states.js";
import { difference, drawn } from "./diff.js";
import { editor } from "./editor.js";
import { history } from "./history.js";
import { BadText, KINDS } from "./kinds.js";
import { trial } from "./trial.js";

const NOTHING = '"0"';

export function entryView(kind, name) {
  const about = KINDS[kind];
  const address = `${about.path}/${name}`;
  const body = h("div", {});
  const element = h("div", {}, h("h2", {}, about.noun, " ", h("code", {}, name)), body);
  // The origin of the text: its version, and the texts themselves.
  let base = { etag: NOTHING, source: about.fresh, tests: "", found: null };
  let source = null;
  let tests = null;

  const texts = () => ({ source: source.value(), tests: tests?.value() ?? "" });
  const dirty = () => source !== null && (source.value() !== base.source || (tests?.value() ?? "") !== base.tests);
  const live = () => Number(base.etag.replaceAll('"', ""));

  const open = () => load(body, current, (found) => (take(found), page()));

  async function current() {
    try {
      const { data, etag } = await read(address);
      return { etag, source: about.textOf(data), tests: about.testsOf(data) ?? "", found: data };
    } catch (problem) {
      if (problem.status !== 404) {
        throw problem;
      }
      return { etag: NOTHING, source: about.fresh, tests: "", found: null };
    }
  }

  function take(found) {
    base = found;
    const options = { readonly: !may("admin"), changed: () => mark() };
    source = editor({ label: t(kind === "policy" ? "policies.source" : "policies.document"), tokens: about.tokens, ...options });
    source.set(base.source);
    tests = kind === "policy" ? editor({ label: t("policies.tests"), tokens: about.tokens, ...options }) : null;
    tests?.set(base.tests);
  }

  const state = h("span", {});
  // Heard when it changes, not with each letter.
  const unsaved = h("span", { role: "status" });
  const conflict = h("div", {});

  function showState() {
    const one = base.found;
    replace(
      state,
      one === null ? badge("unknown", t("policies.not_in_force")) : [badge("live", t("policies.version_n", { n: one.version })), " ", age(one.at), " · ", subject(one.author)],
    );
    mark();
  }

  function mark() {
    if (dirty() !== unsaved.hasChildNodes()) {
      replace(unsaved, dirty() ? [" ", badge("warning", t("policies.unsaved"))] : null);
    }
  }

  /** The warning before an act that opens the entry again, where unsaved text would be lost. */
  const loses = () => (dirty() ? h("p", { class: "notice warning" }, t("policies.loses_unsaved")) : null);

  function page() {
    showState();
    replace(conflict);
    const buttons = [
      h("button", { type: "button", class: "primary", onclick: reported(save) }, t("policies.put")),
      kind === "policy" ? h("button", { type: "button", onclick: reported(shadow) }, t("policies.start_shadow")) : null,
      base.found === null ? null : h("button", { type: "button", onclick: takeOut }, t("policies.remove")),
    ];
    return [
      h(
        "section",
        { class: "card" },
        h("div", { class: "card-head" }, h("span", {}, state, unsaved), may("admin") ? h("div", { class: "buttons" }, buttons) : h("span", { class: "quiet" }, t("policies.read_only"))),
        conflict,
        source.element,
        tests ? h("details", { open: base.tests !== "" }, h("summary", {}, t("policies.tests")), tests.element) : null,
      ),
      base.found === null && !may("admin") ? null : trial({ address, texts: () => (may("admin") ? about.bodyOf(texts()) : null), refused }),
      history({ address, live, loses, changed: open }).element,
    ];
  }

  /** Put what was refused where it is wrong; true if it was about the texts. */
  function refused(problem) {
    if (problem.name === "BadText") {
      if (problem.message) {
        source.mark(problem.line, problem.message);
      }
      return;
    }
    const { errors = {}, fields = {} } = problem;
    const field = "tests" in errors ? tests : source;
    const text = [errors.source ?? errors.tests ?? errors.document ?? problem.message].flat().join(" ");
    if (problem.name !== "Problem") {
      console.error(problem);
    }
    const here = fields.policy === undefined || fields.policy === name;
    field.mark(here ? (fields.line ?? null) : null, text);
  }

  /** Ask, act; a refusal by the engine, or a faster change of somebody else, is shown in the page. */
  async function perform(options, run) {
    let parts;
    try {
      parts = about.bodyOf(texts());
    } catch (error) {
      if (error instanceof BadText) {
        refused(error);
        return;
      }
      throw error;
    }
    const result = await act({
      ...options,
      run: async (values, settings) => {
        try {
          return { done: await run(values, parts, settings) };
        } catch (problem) {
          if (problem.type === "policy-refused" || problem.status === 412) {
            return { problem };
          }
          throw problem;
        }
      },
    });
    if (result?.problem?.status === 412) {
      await collide(result.problem);
    } else if (result?.problem) {
      refused(result.problem);
    }
    return result?.done;
  }

  async function save() {
    const done = await perform(
      {
        title: t("policies.put_title", { name }),
        intro: t("policies.put_intro"),
        submit: t("policies.put"),
        wide: true,
        preview: async () => [drawn(difference(base.source, source.value()), t("policies.difference")), tests && tests.value() !== base.tests ? [h("h3", {}, t("policies.tests")), drawn(difference(base.tests, tests.value()), t("policies.tests"))] : null],
      },
      ({ reason }, parts, options) => put(address, { ...parts, reason }, { ...options, etag: base.etag }),
    );
    if (done) {
      const { version, comparison, warnings } = done.data;
      toast(t("policies.was_put", { version, denied: comparison?.allow_to_deny ?? 0, allowed: comparison?.deny_to_allow ?? 0, n: comparison?.inputs ?? 0 }));
      await open();
      replace(
        conflict,
        warnings.map((one) => h("p", { class: "notice warning", role: "status" }, t(`policies.warning.${one.code}`, { names: one.permissions.join(", ") }))),
      );
    }
  }

  async function shadow() {
    const done = await perform(
      {
        title: t("policies.shadow_title", { name }),
        intro: t("policies.shadow_intro"),
        submit: t("policies.start_shadow"),
        fields: [{ name: "sample", label: t("policies.sample_percent"), type: "number", value: 100, min: 1, max: 100, required: true }],
      },
      ({ reason, sample }, parts, options) => post("/policy-shadow", { ...parts, name, reason, sample: sample / 100 }, options),
    );
    if (done) {
      toast(t("policies.in_shadow", { version: done.version }));
      base = { ...base, ...texts() };
      step(location.pathname);
    }
  }

  async function takeOut() {
    const done = await act({
      title: t("policies.remove_title", { name }),
      intro: [h("p", {}, t("policies.remove_intro")), loses()],
      submit: t("policies.remove"),
      danger: true,
      confirm: name,
      run: ({ reason }, options) => post(`${address}/remove`, { reason }, { ...options, etag: base.etag }),
      done: t("policies.was_removed"),
    });
    if (done) {
      await open();
    }
  }

  /** Somebody was faster: their text beside mine. Mine stays in the editor until it is given up. */
  async function collide(problem) {
    const mine = texts();
    const theirs = await current();
    replace(
      conflict,
      h(
        "div",
        { class: "notice warning conflict", role: "alert", tabindex: "-1" },
        h("h3", {}, parts("policies.conflict", { version: problem.fields.current_version, author: subject(theirs.found?.author ?? "") })),
        h("p", {}, t("policies.conflict_intro")),
        drawn(difference(theirs.source, mine.source), t("policies.difference")),
        theirs.tests === mine.tests ? null : [h("h3", {}, t("policies.tests")), drawn(difference(theirs.tests, mine.tests), t("policies.tests"))],
        h(
          "p",
          { class: "buttons" },
          h("button", { type: "button", onclick: () => goOn(theirs) }, t("policies.keep_mine")),
          h("button", { type: "button", onclick: () => giveUp(theirs) }, t("policies.take_theirs")),
        ),
      ),
    );
    conflict.firstElementChild.focus();
  }

  function goOn(theirs) {
    base = theirs;
    replace(conflict);
    showState();
    source.focus();
  }

  function giveUp(theirs) {
    take(theirs);
    replace(body, page());
  }

  open();
  return { element, dirty };
}
