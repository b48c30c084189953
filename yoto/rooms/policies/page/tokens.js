// Rego and JSON, told apart as far as colours need it: [kind, text] pairs that join to the text.

const KEYWORDS = new Set(["package", "import", "as", "default", "else", "if", "in", "every", "some", "contains", "not", "with"]);
const VALUES = new Set(["true", "false", "null"]);

// In order: comment, raw text, text, number, name with its dots, operator; the rest is plain.
const REGO = /(#[^\n]*)|(`[^`]*`?)|("(?:[^"\\\n]|\\.)*"?)|(\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(\s*\()?|([:=!<>+\-*/%|&]+)/g;
const JSON_TEXT = /("(?:[^"\\\n]|\\.)*"?)(\s*:)?|(-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|([A-Za-z]+)/g;

export function regoTokens(text) {
  return tokens(text, REGO, ([, comment, raw, string, number, name, call, operator]) => {
    if (name !== undefined) {
      const kind = KEYWORDS.has(name) ? "keyword" : VALUES.has(name) ? "value" : call ? "call" : null;
      return [[kind, name], [null, call ?? ""]];
    }
    return [[comment !== undefined ? "comment" : operator !== undefined ? "operator" : number !== undefined ? "number" : "string", comment ?? raw ?? string ?? number ?? operator]];
  });
}

export function jsonTokens(text) {
  return tokens(text, JSON_TEXT, ([, string, colon, number, word]) => {
    if (string !== undefined) {
      return [[colon ? "keyword" : "string", string], [null, colon ?? ""]];
    }
    return [[number !== undefined ? "number" : VALUES.has(word) ? "value" : null, number ?? word]];
  });
}

function tokens(text, pattern, read) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    found.push([null, text.slice(end, match.index)], ...read(match));
    end = match.index + match[0].length;
  }
  found.push([null, text.slice(end)]);
  return found.filter(([, part]) => part !== "");
}
