// The messages of a channel, live.

import { get, patch, post, put, remove } from "../control/api.js";
import { badge, h, replace } from "../control/dom.js";
import { age } from "../control/format.js";
import { t } from "../control/page.js";
import { failed, loading } from "../control/states.js";
import { denied, doing, lacking, trying } from "./denied.js";
import { nameOf } from "./place.js";
import { follow } from "./socket.js";

const SHOWN = 50; // messages a page
const MISSED = 10; // pages that are read anew after a gap, at most
const LONGEST = 4000; // characters of a message
const NAMED = 40; // of them, that tell a message from others
const RIGHTS_DELAY = 1000; // ms within which pages that hear the same read their rights again
const RIGHTS_EVERY = 10_000; // ms between looks at rights where one may not speak, and nothing is heard
const LOOKS = { live: "ok", connecting: "neutral", off: "warning" };

/**
 * Draw a channel into `room` and follow it; returns a function that ends that. `acts(can)` brings the
 * buttons beside its name, for what one may do with it.
 */
export function openRoom(place, channel, room, acts) {
  const path = `/channels/${channel.id}`;
  const posts = new Map(); // id -> message
  const lines = h("ol", { class: "messages" });
  const before = h("button", { type: "button", hidden: true, onclick: () => readOlder() }, t("channel.older"));
  const foot = h("div", {});
  const mode = h("span", { role: "status" });
  const buttons = h("span", { class: "buttons end" });
  const scroll = h("div", { class: "history", tabindex: "0", role: "log", "aria-label": t("channel.messages", { name: channel.name }) }, before, lines);
  let rights = new Set();
  let oldest = null;
  let left = false;
  let speaks = null;
  let typed = ""; // what was not sent when one could no longer
  let looking = null;

  const can = (permission) => rights.has(permission);
  replace(room, h("div", { class: "card-head" }, h("h2", {}, `# ${channel.name}`), mode, buttons), channel.topic && h("p", { class: "quiet" }, channel.topic), scroll, foot);
  replace(lines, loading());

  const end = follow(channel.id, {
    mode: (now) => replace(mode, badge(now, t(`channel.${now}`), LOOKS[now])),
    // Messages sent before the room was joined are read once it is.
    joined: () => read(),
    heard(event, data) {
      if (event === "removed") {
        left = true;
        end();
        replace(room, h("p", { class: "notice warning", role: "alert" }, t("channel.removed")));
      } else if (event === "rights") {
        setTimeout(readRights, Math.random() * RIGHTS_DELAY);
      } else if (event === "message_deleted") {
        posts.delete(data.id);
        draw();
      } else {
        take([data]);
      }
    },
  });

  /** The newest messages; after a gap all that were shown, for any of them may be another by now. */
  async function read() {
    try {
      const [found, allowed] = await Promise.all([newest(), allowedHere()]);
      const first = posts.size === 0;
      rights = allowed;
      posts.clear();
      oldest = found.next;
      take(found.items, first);
      drawRights();
    } catch (problem) {
      if (!left) {
        replace(lines, h("li", {}, problem.status === 403 ? await denied(place, problem) : failed(problem, read)));
      }
    }
  }

  const allowedHere = async () => new Set((await get("/permissions/me", { scope: "channel", scope_id: channel.id })).permissions);

  function drawRights() {
    replace(buttons, acts(can));
    drawFoot();
  }

  /** Read the viewer's rights again, as they may have changed; a failure leaves what is shown. */
  async function readRights() {
    const found = await allowedHere().catch(() => null);
    if (!left && found !== null && (found.size !== rights.size || [...found].some((one) => !rights.has(one)))) {
      rights = found;
      draw();
      drawRights();
    }
  }

  async function newest() {
    const until = Math.min(...posts.keys());
    const items = [];
    let next = null;
    for (let page = 0; page < MISSED; page += 1) {
      const found = await get(`${path}/messages`, { limit: SHOWN, before: next });
      items.push(...found.items);
      next = found.next;
      if (next === null || !(next > until)) {
        break;
      }
    }
    return { items, next };
  }

  const readOlder = trying(place, async () => {
    const found = await get(`${path}/messages`, { limit: SHOWN, before: oldest });
    const below = scroll.scrollHeight - scroll.scrollTop;
    oldest = found.next;
    found.items.forEach((one) => posts.set(one.id, one));
    draw();
    scroll.scrollTop = scroll.scrollHeight - below; // what was read stays where it is
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
      mine && maySpeak() && h("button", { type: "button", "aria-label": t("channel.edit_this", { text: said.content.slice(0, NAMED) }), onclick: () => edit(said) }, t("channel.edit")),
      can("message.pin") && h("button", { type: "button", "aria-label": t(said.pinned_at ? "channel.unpin_this" : "channel.pin_this", { text: said.content.slice(0, NAMED) }), onclick: () => pin(said) }, t(said.pinned_at ? "channel.unpin" : "channel.pin")),
      (mine || can("message.manage")) && h("button", { type: "button", "aria-label": t("channel.delete_this", { text: said.content.slice(0, NAMED) }), onclick: () => drop(said) }, t("channel.delete")),
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

  async function edit(said) {
    const changed = await doing(place, {
      title: t("channel.edit_title"),
      submit: t("channel.edit_do"),
      fields: [{ name: "content", label: t("channel.edit_label"), type: "textarea", value: said.content, required: true, maxlength: LONGEST }],
      run: async (values) => (await patch(`${path}/messages/${said.id}`, values)).data,
    });
    if (changed) {
      take([changed]);
    }
  }

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

  /** The permissions that speaking takes here. */
  const toSpeak = channel.kind === "announcement" ? ["message.send", "message.manage"] : ["message.send"];
  const maySpeak = () => toSpeak.every(can);

  /** Draw the foot; a text being typed stays where one may still speak. */
  function drawFoot() {
    const may = maySpeak();
    if (may === speaks) {
      return;
    }
    typed = foot.querySelector("textarea")?.value ?? typed;
    speaks = may;
    clearInterval(looking);
    if (!may) {
      looking = setInterval(() => document.hidden || readRights(), RIGHTS_EVERY);
      replace(foot, h("p", { class: "quiet" }, t(can("message.send") ? "channel.only_managers" : "channel.no_sending")));
      lacking(place, toSpeak, "channel", channel.id).then((why) => speaks === false && why && foot.append(why), () => undefined);
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
    text.value = typed;
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
        if (problem.status === 403) {
          await readRights();
        }
        if (speaks) {
          replace(refused, problem.status === 403 ? await denied(place, problem) : h("p", { class: "notice failed", role: "alert" }, problem.message));
        }
      }
      text.focus();
    }
  }

  read();
  return () => {
    left = true;
    clearInterval(looking);
    end();
  };
}
