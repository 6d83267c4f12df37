// Taps on the buttons of messages: they shimmer until the bot answers, and the answer is shown.

import * as api from "/page/api.js";
import { byId } from "/page/dom.js";
import { copy, popup, toast } from "/page/toast.js";

const WAIT_MS = 20000;

export class Taps {
  #waiting = new Map();
  #answered = new Set();

  // `where` tells who taps in which chat.
  constructor(where) {
    this.where = where;
  }

  async tap(message, button) {
    if (button.url) return void window.open(button.url, "_blank", "noopener,noreferrer");
    if (button.copy_text) return copy(button.copy_text.text);
    const mark = { message: message.id, key: button.callback_data, tap: null };
    this.#waiting.set(mark, setTimeout(() => this.#done(mark), WAIT_MS));
    this.mark();
    try {
      mark.tap = (await api.tap(this.where(), message.id, button.callback_data)).tap;
      if (this.#answered.has(mark.tap)) this.#done(mark);
    } catch (error) {
      this.#done(mark);
      toast(error.message);
    }
    return undefined;
  }

  hear(answer) {
    this.#answered.add(answer.tap);
    for (const mark of this.#waiting.keys()) if (mark.tap === answer.tap) this.#done(mark);
    if (!answer.text) return;
    if (answer.alert) popup(answer.text);
    else toast(answer.text);
  }

  // Buttons are made anew with every change of their message.
  mark() {
    const open = new Set([...this.#waiting.keys()].map((mark) => `m${mark.message} ${mark.key}`));
    for (const key of byId("messages").querySelectorAll(".key")) {
      const busy = open.has(`${key.closest("li").id} ${key.dataset.key}`);
      key.classList.toggle("waiting", busy);
      key.setAttribute("aria-busy", String(busy));
    }
  }

  forget() {
    for (const mark of [...this.#waiting.keys()]) this.#done(mark);
  }

  #done(mark) {
    clearTimeout(this.#waiting.get(mark));
    this.#waiting.delete(mark);
    this.mark();
  }
}
