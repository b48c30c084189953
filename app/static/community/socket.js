// Live messages of one channel: the namespace /community of Socket.IO, with an access token.

import { forget, signedIn } from "../control/api.js";
import { page } from "../control/page.js";

const RETRY = 5; // s between tries where the server refused the token

/**
 * Follow a channel. `heard(event, data)` gets message, message_edited, message_deleted, removed and rights;
 * `mode("live" | "connecting" | "off")` whether it does. Returns a function that ends it.
 */
export function follow(channelId, { heard, mode, joined }) {
  let socket = null;
  let over = false;
  const tell = (now) => over || mode(now);
  tell("connecting");
  start();

  async function start() {
    const library = page.vendor?.socket ? await import(page.vendor.socket).catch(() => null) : null;
    if (!library || over) {
      tell("off");
      return;
    }
    const auth = (give) => signedIn().then(({ access_token: token }) => give({ token }), () => give({}));
    socket = library.io("/community", { path: page.socket_path, transports: ["websocket"], auth, forceNew: true, reconnectionDelayMax: 5000 });
    socket.on("connect", () => {
      if (over) {
        socket.disconnect();
        return;
      }
      socket.emit("join", { channel_id: channelId }, (answer) => {
        tell(answer?.ok ? "live" : "off");
        joined(answer);
      });
    });
    socket.on("disconnect", (reason) => {
      tell("connecting");
      if (reason === "io server disconnect") {
        again(); // the token has run out, or was taken back
      }
    });
    socket.on("connect_error", () => {
      tell("connecting");
      if (over) {
        socket.disconnect();
      } else if (!socket.active) {
        again();
      }
    });
    socket.on("rights", () => over || heard("rights"));
    for (const name of ["message", "message_edited", "message_deleted", "removed"]) {
      socket.on(name, (data) => data.channel_id === channelId && !over && heard(name, data));
    }
  }

  function again() {
    forget();
    setTimeout(() => over || socket.connect(), RETRY * 1000);
  }

  return () => {
    over = true;
    if (socket?.connected) {
      socket.disconnect(); // one that is on its way is ended when it has arrived
    }
  };
}
