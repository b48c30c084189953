// The channels that one may read, by category, beside the one that is open. People who may manage
// channels make, change, move and delete them and their categories here.

import { get, patch, post, put, remove } from "../control/api.js";
import { h, isLost, replace } from "../control/dom.js";
import { keep, state, t } from "../control/page.js";
import { empty, failed, loading } from "../control/states.js";
import { denied, doing } from "./denied.js";
import { all } from "./pages.js";
import { openRoom } from "./room.js";

const HIGHEST = 10_000; // positions, as the API bounds them
const MANAGE = "channel.manage";
const OVERWRITE = "channel.overwrite";

const byPlace = (a, b) => a.position - b.position || a.id - b.id;

export function channelsTab(place) {
  const list = h("nav", { class: "card channels", "aria-label": t("tab.channels") }, loading());
  const room = h("section", { class: "card room" });
  const side = h("div", {}, list, place.can(MANAGE) && h("div", { class: "buttons spaced" }, h("button", { type: "button", onclick: () => makeChannel() }, t("channel.new")), h("button", { type: "button", onclick: () => makeCategory() }, t("category.new"))));
  let channels = [];
  let categories = [];
  let end = null;
  let shown = null; // the channel that is open

  async function start() {
    try {
      await read();
      const wanted = Number(state().channel);
      open(channels.find((one) => one.id === wanted) ?? drawn()[0]);
    } catch (problem) {
      replace(list, problem.status === 403 ? await denied(place, problem) : failed(problem, start));
    }
  }

  async function read() {
    const [found, headings] = await Promise.all([get(`${place.path}/channels`), all(`${place.path}/categories`)]);
    channels = found.items;
    categories = headings.items;
    drawList();
  }

  /** Read anew after a change; `id`: the channel to be in. */
  async function reread(id = shown?.id) {
    await read();
    open(channels.find((one) => one.id === id) ?? drawn()[0]);
    if (isLost()) {
      list.querySelector("[aria-current]")?.focus();
    }
  }

  const grouped = () => [{ id: null, name: null }, ...[...categories].sort(byPlace)].map((category) => ({ category, own: channels.filter((one) => one.category_id === category.id).sort(byPlace) }));
  const drawn = () => grouped().flatMap(({ own }) => own);

  function drawList() {
    const groups = grouped().filter(({ category, own }) => own.length || (category.id !== null && place.can(MANAGE)));
    replace(list, channels.length || groups.length ? groups.map(({ category, own }) => [category.name && heading(category), own.length ? h("ul", {}, own.map((one) => h("li", {}, entry(one)))) : h("p", { class: "quiet small" }, t("category.empty"))]) : empty(t("channel.none"), { compact: true }));
  }

  const entry = (one) => h("button", { type: "button", dataset: { channel: one.id }, "aria-current": one.id === shown?.id ? "true" : null, onclick: () => open(one) }, `#\u00a0${one.name}`);

  const heading = (category) => h("div", { class: "category" }, h("h2", {}, category.name), place.can(MANAGE) && h("span", { class: "buttons" }, h("button", { type: "button", "aria-label": t("category.change_named", { name: category.name }), onclick: () => changeCategory(category) }, t("channel.change")), h("button", { type: "button", class: "dangerous", "aria-label": t("category.drop_named", { name: category.name }), onclick: () => dropCategory(category) }, t("channel.drop"))));

  function open(channel) {
    end?.();
    end = null;
    shown = channel ?? null;
    keep({ channel: shown?.id ?? null });
    for (const button of list.querySelectorAll("button[data-channel]")) {
      button.toggleAttribute("aria-current", false);
      if (button.dataset.channel === String(shown?.id)) {
        button.setAttribute("aria-current", "true");
      }
    }
    room.hidden = shown === null;
    if (shown) {
      end = openRoom(place, shown, room, (can) => can(MANAGE) && [h("button", { type: "button", "aria-label": t("channel.change_named", { name: shown.name }), onclick: () => changeChannel(shown, can(OVERWRITE)) }, t("channel.change")), h("button", { type: "button", class: "dangerous", "aria-label": t("channel.drop_named", { name: shown.name }), onclick: () => dropChannel(shown) }, t("channel.drop"))]);
    }
  }

  const nameField = (value = "") => ({ name: "name", label: t("community.name"), required: true, maxlength: 100, value });
  const positionField = (value) => ({ name: "position", label: t("channel.position"), hint: t("channel.position_hint"), type: "number", min: 0, max: HIGHEST, required: true, value });
  const channelFields = (one) => [
    nameField(one?.name),
    { name: "topic", label: t("channel.topic"), maxlength: 500, value: one?.topic ?? "" },
    { name: "kind", label: t("channel.kind"), type: "select", options: [["text", t("channel.kind_text")], ["announcement", t("channel.kind_announcement")]], value: one?.kind ?? "text" },
    { name: "category_id", label: t("channel.category"), type: "select", number: true, options: [["", t("channel.no_category")], ...[...categories].sort(byPlace).map((category) => [category.id, category.name])], value: one ? (one.category_id ?? "") : (shown?.category_id ?? "") },
    positionField(one?.position ?? Math.max(0, ...channels.map((other) => other.position)) + 1),
  ];

  async function makeChannel() {
    const made = await doing(place, {
      title: t("channel.new"),
      intro: t("channel.new_does"),
      submit: t("channel.make"),
      fields: channelFields(),
      run: (values, { key }) => post(`${place.path}/channels`, values, { key }),
    });
    if (made) {
      await reread(made.id);
    }
  }

  async function changeChannel(channel, mayFollow) {
    const follow = mayFollow && categories.length ? [{ name: "synced", label: t("channel.follow"), hint: t("channel.follow_hint"), type: "checkbox", value: channel.synced }] : [];
    const followsIn = (category, synced) => synced && category !== null && (mayFollow || category === channel.category_id);
    const done = await doing(place, {
      title: t("channel.change_named", { name: channel.name }),
      submit: t("channel.save"),
      fields: [...channelFields(channel), ...follow],
      preview: ({ category_id: category, synced = channel.synced }) => t(moveWords(channel, category, followsIn(category, synced))),
      async run({ category_id: category, synced = channel.synced, ...values }) {
        const follows = followsIn(category, synced);
        if (category !== channel.category_id || follows !== channel.synced) {
          await put(`/channels/${channel.id}/category`, { category_id: category, synced: follows });
        }
        return (await patch(`/channels/${channel.id}`, values)).data;
      },
      done: t("channel.saved"),
    });
    if (done) {
      await reread();
    }
  }

  async function dropChannel(channel) {
    const done = await doing(place, {
      title: t("channel.drop_named", { name: channel.name }),
      intro: t("channel.drop_does"),
      submit: t("channel.drop"),
      danger: true,
      confirm: channel.name,
      run: (_, { key }) => remove(`/channels/${channel.id}`, undefined, { key }),
      done: t("channel.dropped"),
    });
    if (done) {
      await reread(null);
    }
  }

  async function makeCategory() {
    const made = await doing(place, {
      title: t("category.new"),
      submit: t("channel.make"),
      fields: [nameField(), positionField(Math.max(0, ...categories.map((one) => one.position)) + 1)],
      run: (values, { key }) => post(`${place.path}/categories`, values, { key }),
    });
    if (made) {
      await read();
    }
  }

  async function changeCategory(category) {
    const done = await doing(place, {
      title: t("category.change_named", { name: category.name }),
      submit: t("channel.save"),
      fields: [nameField(category.name), positionField(category.position)],
      run: async (values) => (await patch(`${place.path}/categories/${category.id}`, values)).data,
      done: t("channel.saved"),
    });
    if (done) {
      await read();
    }
  }

  async function dropCategory(category) {
    const done = await doing(place, {
      title: t("category.drop_named", { name: category.name }),
      intro: t("category.drop_does"),
      submit: t("channel.drop"),
      danger: true,
      run: (_, { key }) => remove(`${place.path}/categories/${category.id}`, undefined, { key }),
      done: t("category.dropped"),
    });
    if (done) {
      await reread();
    }
  }

  start();
  return { element: h("div", { class: "talk" }, side, room), close: () => end?.() };
}

/** The effect of a channel's move on its rights, in words. */
function moveWords(channel, category, synced) {
  if (category === null || !synced) {
    return channel.synced ? "channel.keeps_copied" : "channel.keeps";
  }
  return category === channel.category_id && channel.synced ? "channel.keeps" : "channel.takes_over";
}
