// The differences of policies and documents: their paths, and what their text becomes.

import { t } from "../control/page.js";
import { jsonTokens, regoTokens } from "./tokens.js";

export const KINDS = {
  policy: {
    path: "/policies",
    noun: t("policies.policy"),
    tokens: regoTokens,
    textOf: (found) => found.source,
    testsOf: (found) => found.tests,
    bodyOf: ({ source, tests }) => ({ source, tests }),
    fresh: "package yoto.authz\n\n",
  },
  document: {
    path: "/policy-documents",
    noun: t("policies.document"),
    tokens: jsonTokens,
    textOf: (found) => `${JSON.stringify(found.document, null, 2)}\n`,
    testsOf: () => null,
    bodyOf: ({ source }) => ({ document: parsed(source) }),
    fresh: "{}\n",
  },
};

/** A text that the editor cannot send; `line` is where, as far as the browser says. */
export class BadText extends Error {
  constructor(message, line) {
    super(message);
    this.name = "BadText";
    this.line = line;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec(error.message);
    throw new BadText(error.message, at ? text.slice(0, Number(at[1])).split("\n").length : null);
  }
}

/** The names that a policy or document may have, as the server has it. */
export const NAME = /^[a-z][a-z0-9_]{0,47}$/;

/** {kind, name, bad} that the address `?policy=time` names; null for none. */
export function entryAt(given) {
  const kind = Object.keys(KINDS).find((one) => given[one]);
  return kind ? { kind, name: given[kind], bad: !NAME.test(given[kind]) } : null;
}

export const addressOf = (kind, name) => `?${kind}=${encodeURIComponent(name)}`;
