// The channels that one may read, and the messages of one of them, live.

import { get, post, put, remove } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { age } from "../control/format.js";
import { keep, state, t } from "../control/page.js";
import { empty, failed, loading } from "../control/states.js";
import { denied, doing, lacking, trying } from "./denied.js";
import { all } from "./pages.js";
import { nameOf } from "./place.js";
import { follow } from "./socket.js";

const SHOWN = 50; // messages a page
const LONGEST = 4000; // characters of a message
const LOOKS = { live: "ok", connecting: "neutral", off: "warning" };

/** The tab: channels by category beside the one that is open. */
export function channelsTab(place) {
  const list = h("nav", { class: "card channels", "aria-label": t("tab.channels") }, loading());
  const room = h("section", { class: "card room" });
  let end = null;

  async function start() {
    try {
      const [{ items: channels }, { items: categories }] = await Promise.all([get(`${place.path}/channels`), all(`${place.path}/categories`)]);
      if (!channels.length) {
        replace(list, empty(t("channel.none"), { compact: true }));
        return;
      }
      drawList(channels, categories);
      const wanted = Number(state().channel);
      open(channels.find((one) => one.id === wanted) ?? channels[0]);
    } catch (problem) {
      replace(list, failed(problem, start));
    }
  }

  function drawList(channels, categories) {
    const byPlace = (a, b) => a.position - b.position || a.id - b.id;
    const groups = [{ id: null, name: null }, ...[...categories].sort(byPlace)].map((category) => {
      const own = channels.filter((one) => one.category_id === category.id).sort(byPlace);
      return own.length ? [category.name && h("h2", {}, category.name), h("ul", {}, own.map((one) => h("li", {}, h("button", { type: "button", dataset: { channel: one.id }, onclick: () => open(one) }, `# ${one.name}`))))] : null;
    });
    replace(list, groups);
  }

  function open(channel) {
    end?.();
    keep({ channel: channel.id });
    for (const button of list.querySelectorAll("button")) {
      button.toggleAttribute("aria-current", false);
      if (button.dataset.channel === String(channel.id)) {
        button.setAttribute("aria-current", "true");
      }
    }
    end = openRoom(place, channel, room);
  }

  start();
  return { element: h("div", { class: "talk" }, list, room), close: () => end?.() };
}

/** Draw a channel into `room` and follow it; returns a function that ends that. */
function openRoom(place, channel, room) {
  const path = `/channels/${channel.id}`;
  const posts = new Map(); // id -> message
  const lines = h("ol", { class: "messages" });
  const before = h("button", { type: "button", hidden: true, onclick: () => readOlder() }, t("channel.older"));
  const foot = h("div", {});
  const mode = h("span", { role: "status" });
  const scroll = h("div", { class: "history", tabindex: "0", role: "log", "aria-label": t("channel.messages", { name: channel.name }) }, before, lines);
  let rights = new Set();
  let oldest = null;
  let left = false;
  let speaks = null;

  const can = (permission) => rights.has(permission);
  replace(room, h("div", { class: "card-head" }, h("h2", {}, `# ${channel.name}`), mode), channel.topic && h("p", { class: "quiet" }, channel.topic), scroll, foot);
  replace(lines, loading());

  const end = follow(channel.id, {
    mode: (now) => replace(mode, badge(now, t(`channel.${now}`), LOOKS[now])),
    // What was said while nobody listened is read as soon as somebody does.
    joined: () => read(),
    heard(event, data) {
      if (event === "removed") {
        left = true;
        end();
        replace(room, h("p", { class: "notice warning", role: "alert" }, t("channel.removed")));
      } else if (event === "message_deleted") {
        posts.delete(data.id);
        draw();
      } else {
        take([data]);
      }
    },
  });

  async function read() {
    try {
      const [found, allowed] = await Promise.all([get(`${path}/messages`, { limit: SHOWN }), get("/permissions/me", { scope: "channel", scope_id: channel.id })]);
      rights = new Set(allowed.permissions);
      posts.clear();
      oldest = found.next;
      take(found.items, true);
      drawFoot();
    } catch (problem) {
      if (!left) {
        replace(lines, h("li", {}, problem.status === 403 ? await denied(place, problem) : failed(problem, read)));
      }
    }
  }

  const readOlder = trying(place, async () => {
    const found = await get(`${path}/messages`, { limit: SHOWN, before: oldest });
    oldest = found.next;
    found.items.forEach((one) => posts.set(one.id, one));
    draw();
  });

  function take(messages, toEnd = false) {
    const atEnd = toEnd || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    messages.forEach((one) => posts.set(one.id, one));
    draw();
    if (atEnd) {
      scroll.scrollTop = scroll.scrollHeight;
    }
  }

  function draw() {
    before.hidden = oldest === null;
    const ordered = [...posts.values()].sort((a, b) => a.id - b.id);
    replace(lines, ordered.length ? ordered.map(line) : h("li", { class: "quiet" }, t("channel.empty")));
  }

  function line(said) {
    const mine = said.author.id === place.me.id;
    const buttons = [
      can("message.pin") && h("button", { type: "button", onclick: () => pin(said) }, t(said.pinned_at ? "channel.unpin" : "channel.pin")),
      (mine || can("message.manage")) && h("button", { type: "button", class: "dangerous", onclick: () => drop(said) }, t("channel.delete")),
    ];
    return h(
      "li",
      { dataset: { message: said.id } },
      h("div", { class: "said" }, h("b", {}, nameOf(said.author)), " ", age(said.created_at), said.edited_at && h("span", { class: "quiet small" }, ` ${t("channel.edited")}`), said.pinned_at && badge("pinned", t("channel.pinned"), "ok"), h("span", { class: "buttons" }, buttons)),
      h("p", {}, said.content),
    );
  }

  const pin = trying(place, async (said) => {
    if (said.pinned_at) {
      await remove(`${path}/messages/${said.id}/pin`);
      take([{ ...said, pinned_at: null }]);
    } else {
      take([(await put(`${path}/messages/${said.id}/pin`)).data]);
    }
  });

  async function drop(said) {
    const done = await doing(place, {
      title: t("channel.delete"),
      intro: h("blockquote", {}, said.content),
      submit: t("channel.delete"),
      danger: true,
      run: (_, { key }) => remove(`${path}/messages/${said.id}`, undefined, { key }),
    });
    if (done) {
      posts.delete(said.id);
      draw();
    }
  }

  /** What is being typed stays where one may still speak. */
  function drawFoot() {
    const may = can("message.send") && (channel.kind !== "announcement" || can("message.manage"));
    if (may === speaks) {
      return;
    }
    speaks = may;
    if (!may) {
      const missing = can("message.send") ? "message.manage" : "message.send";
      replace(foot, h("p", { class: "quiet" }, t(can("message.send") ? "channel.only_managers" : "channel.no_sending")));
      lacking(place, missing, "channel", channel.id).then((why) => speaks === false && foot.append(why), () => undefined);
      return;
    }
    const refused = h("div", {});
    const text = h("textarea", { id: "say", rows: "2", maxlength: LONGEST, required: true, placeholder: t("channel.say_hint"), onkeydown: (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        form.requestSubmit();
      }
    } });
    const form = h("form", { class: "say", onsubmit: send }, h("label", { for: "say", class: "hidden-text" }, t("channel.say", { name: channel.name })), text, h("button", { type: "submit", class: "primary" }, t("channel.send")));
    replace(foot, form, refused);

    async function send(event) {
      event.preventDefault();
      const content = text.value.trim();
      if (!content) {
        return;
      }
      try {
        replace(refused);
        take([await post(`${path}/messages`, { content })], true);
        text.value = "";
      } catch (problem) {
        replace(refused, problem.status === 403 ? await denied(place, problem) : h("p", { class: "notice failed", role: "alert" }, problem.message));
      }
      text.focus();
    }
  }

  read();
  return end;
}
