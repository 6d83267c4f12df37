// Above the text line: the message that the next words answer. A bot's question chooses itself, a person chooses any.

import { byId } from "/page/dom.js";

export class Asking {
  #message = null;
  #forced = false;
  #dismissed = null;

  constructor(text) {
    this.text = text;
    byId("answering-off").addEventListener("click", () => this.dismiss());
    text.addEventListener("keydown", (event) => event.key === "Escape" && this.dismiss());
  }

  get id() {
    return this.#message?.id ?? null;
  }

  // A question stands until this person has written something after it, or it is gone.
  look(messages, me) {
    const mine = messages.findLastIndex((one) => one.author.id === me);
    const question = messages.slice(mine + 1).findLast((one) => one.placeholder !== null) ?? null;
    const there = messages.some((one) => one.id === this.id);
    if (question && question.id !== this.id && question.id !== this.#dismissed) this.#answer(question, true);
    else if (!there || (this.#forced && !question)) this.drop();
  }

  choose(message) {
    this.#answer(message, false);
  }

  dismiss() {
    if (this.#forced) this.#dismissed = this.id;
    this.drop();
  }

  drop() {
    this.#message = null;
    this.#forced = false;
    byId("answering").hidden = true;
    this.text.placeholder = "Message";
  }

  #answer(message, forced) {
    this.#message = message;
    this.#forced = forced;
    byId("answering").hidden = false;
    byId("answering-name").textContent = message.author.name;
    byId("answering-text").textContent = message.text.split("\n")[0] || "Picture";
    this.text.placeholder = message.placeholder || "Answer";
    this.text.focus({ preventScroll: true });
  }
}
