// What the bot is doing just now: typing, or sending a picture. Telegram shows it for five seconds.

import { el, icon } from "/page/dom.js";

const LASTS_MS = 5000;
const WORDS = { upload_photo: "sending a picture…" };

export class Busy {
  #since = 0;
  #timer;

  constructor() {
    this.bubble = el("div", { className: "bubble", role: "img" });
    this.item = el("li", { className: "message theirs typing", hidden: true }, this.bubble);
  }

  // `action` is {kind, since} or null. One that ran out here stays hidden until the bot says it anew.
  show(action) {
    clearTimeout(this.#timer);
    const over = !action || (action.since === this.#since && this.item.hidden);
    this.#since = action?.since ?? 0;
    this.item.hidden = over;
    if (over) return;
    const words = WORDS[action.kind];
    this.bubble.setAttribute("aria-label", words ? "The bot is sending a picture" : "The bot is typing");
    const dots = [el("i"), el("i"), el("i")];
    this.bubble.replaceChildren(...(words ? [icon("picture"), el("span", {}, words)] : []), ...dots);
    this.#timer = setTimeout(() => (this.item.hidden = true), LASTS_MS);
  }
}
