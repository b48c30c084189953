// The acts on guards, by their kind. Each is asked for in a dialog, with its reason.

import { post } from "../api.js";
import { act } from "../dialog.js";
import { h } from "../dom.js";
import { t } from "../page.js";

const EXPIRY = { standard: 3600 }; // s

/** The acts that make sense for a guard now: `[{title, danger, run(guard)}]`. */
export function actsOf(guard) {
  if (guard.breaker) {
    return guard.breaker.operable ? [ISOLATE, CLOSE, RESET] : [];
  }
  return guard.limiter ? [RESET_KEY] : [RELEASE];
}

/** The warning that a state forced without an end stays. */
const endOf = ({ expires_in: seconds }) => (seconds === null ? h("p", { class: "notice warning" }, t("guards.without_end")) : "");

const path = (area, guard, what) => `/${area}/${encodeURIComponent(guard.name)}/${what}`;

const ISOLATE = {
  key: "isolate",
  title: t("guards.isolate"),
  danger: true,
  run: (guard) =>
    act({
      title: t("guards.isolate_title", { name: guard.name }),
      intro: t("guards.isolate_intro"),
      submit: t("guards.isolate"),
      danger: true,
      expiry: EXPIRY,
      preview: endOf,
      run: (values, options) => post(path("breakers", guard, "isolate"), values, options),
      done: t("guards.isolated", { name: guard.name }),
    }),
};

const CLOSE = {
  key: "close",
  title: t("guards.close"),
  run: (guard) =>
    act({
      title: t("guards.close_title", { name: guard.name }),
      intro: t("guards.close_intro"),
      submit: t("guards.close"),
      expiry: EXPIRY,
      preview: endOf,
      run: (values, options) => post(path("breakers", guard, "close"), values, options),
      done: t("guards.closed", { name: guard.name }),
    }),
};

const RESET = {
  key: "reset",
  title: t("guards.reset"),
  run: (guard) =>
    act({
      title: t("guards.reset_title", { name: guard.name }),
      intro: t("guards.reset_intro"),
      submit: t("guards.reset"),
      run: (values, options) => post(path("breakers", guard, "reset"), values, options),
      done: t("guards.was_reset", { name: guard.name }),
    }),
};

const RESET_KEY = {
  key: "reset_key",
  title: t("guards.reset_key"),
  run: (guard) => {
    const known = (guard.limiter.top?.keys ?? []).find((use) => use.rejected && use.user !== null);
    return act({
      title: t("guards.reset_key_title", { name: guard.name }),
      intro: t("guards.reset_key_intro"),
      submit: t("guards.reset_key"),
      fields: [
        { name: "user", label: t("guards.part_user"), value: known?.user ?? "", maxlength: 200 },
        { name: "server", label: t("guards.part_server"), maxlength: 200 },
        { name: "address", label: t("guards.part_address"), maxlength: 200 },
        { name: "text", label: t("guards.part_text"), hint: t("guards.part_text_hint"), maxlength: 200 },
        { name: "everyone", label: t("guards.part_everyone"), type: "checkbox" },
        { name: "all", label: t("guards.part_all"), type: "checkbox" },
      ],
      run: (values, options) => {
        const given = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value === "" ? null : value]));
        return post(path("limiters", guard, "reset-key"), given, options);
      },
      done: ({ dimensions, complete }) => t(complete === false ? "guards.keys_are_left" : "guards.key_was_reset", { dimensions: dimensions.join(", ") }),
    });
  },
};

const RELEASE = {
  key: "release",
  title: t("guards.release"),
  run: (guard) =>
    act({
      title: t("guards.release_title", { name: guard.name }),
      intro: t("guards.release_intro"),
      submit: t("guards.release"),
      fields: guard.bulkhead.strategy === "name" ? [] : [{ name: "partition", label: t("guards.partition") }],
      run: (values, options) => post(path("bulkheads", guard, "release"), values, options),
      done: ({ released }) => t("guards.were_released", { n: released }),
    }),
};
