// What the server tells of this page, and the texts of its language.

const read = (id) => JSON.parse(document.getElementById(id)?.textContent || "{}");

/** {language, rights, csrf, api, token, sign_in, socket_path, vendor: {charts, socket}, now} */
export const page = read("page-data");

const texts = read("texts");

/** The text of `key` with `{name}`s replaced; the key itself where there is none, so it is seen. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The same for values that are elements, such as names that are links: a list of texts and these. */
export const parts = (key, values) => (texts[key] ?? key).split(/(\{\w+\})/).map((one) => (/^\{\w+\}$/.test(one) ? (values[one.slice(1, -1)] ?? one) : one));

/** Whether there is such a text: for names that come from data. */
export const has = (key) => key in texts;

/** The text of `${prefix}.${name}`, else the name as it came from the data. */
export const named = (prefix, name) => (has(`${prefix}.${name}`) ? t(`${prefix}.${name}`) : String(name));

/** Whether whoever looks has the right: "view", "operate" or "admin". The server checks again. */
export const may = (right) => page.rights.includes(`platform.${right}`);
