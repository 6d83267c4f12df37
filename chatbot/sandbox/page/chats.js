// Which chats there are: the list as a phone shows it, the topics of a group, and what waits unread.

import { byId, el, icon } from "/page/dom.js";

export class Chats {
  #chats = [];
  #shown = "";
  #rings = new Map();

  // `enter(chat, topic)` is called with a choice, `open()` when the list itself is wanted.
  constructor(botName, enter, open) {
    this.botName = botName;
    this.enter = enter;
    byId("open-list").addEventListener("click", open);
  }

  titleOf(chat) {
    return chat?.title || this.botName;
  }

  find(id) {
    return this.#chats.find((one) => one.id === id);
  }

  // Another person's counts are another story: nothing blinks for them.
  forget() {
    this.#rings.clear();
  }

  // `here` is {chat, topic}, or chat null while the list is shown.
  show(chats, here, me) {
    const shown = JSON.stringify([chats, here, me.id]);
    if (shown === this.#shown) return; // what blinks goes on blinking
    this.#shown = shown;
    this.#chats = chats;
    this.#showList(here, me);
    this.#showTopics(this.find(here.chat), here.topic);
    const unread = chats.reduce((sum, one) => sum + one.unread, 0);
    const rings = chats.reduce((sum, one) => sum + one.rings, 0);
    byId("elsewhere").replaceChildren(...this.#badge("all", { unread, rings }));
    byId("open-list").setAttribute("aria-label", unread ? `All chats, ${unread} unread` : "All chats");
    document.title = unread ? `(${unread}) ${this.botName}` : this.botName;
  }

  #showList(here, me) {
    const entries = here.chat === null ? this.#chats.map((one) => el("li", {}, this.#entry(one, me))) : [];
    replaceKeepingFocus(byId("chats"), entries);
  }

  #entry(chat, me) {
    const title = this.titleOf(chat);
    const author = chat.author && `${chat.author === me.name ? "You" : chat.author}: `;
    return el(
      "button",
      { type: "button", className: "chat", onclick: () => this.enter(chat.id, 0), "data-key": `chat${chat.id}` },
      el("span", { className: chat.members.length ? "avatar group" : "avatar", ariaHidden: "true" }, title.slice(0, 1)),
      el("b", {}, title),
      el("span", { className: "when" }, chat.time ? clock(chat.time) : ""),
      el("span", { className: "last" }, chat.line ? `${author}${chat.line}` : "Nothing here yet"),
      ...this.#badge(`chat${chat.id}`, chat),
    );
  }

  #showTopics(chat, current) {
    const topics = chat?.topics ?? [];
    byId("topics").hidden = !topics.length;
    replaceKeepingFocus(byId("topics"), topics.map((one) => this.#tab(chat, one, one.id === current)));
  }

  #tab(chat, topic, current) {
    return el(
      "button",
      {
        type: "button",
        role: "tab",
        tabIndex: current ? 0 : -1,
        "aria-selected": String(current),
        "aria-controls": "messages",
        "data-key": `topic${topic.id}`,
        onclick: () => this.enter(chat.id, topic.id),
        onkeydown: toNeighbour,
      },
      el("span", {}, topic.title),
      ...this.#badge(`topic${chat.id} ${topic.id}`, topic),
    );
  }

  // What rang blinks once; what came silently only counts, with a struck bell beside it.
  #badge(key, { unread, rings }) {
    const rang = rings > (this.#rings.get(key) ?? rings);
    this.#rings.set(key, rings);
    if (!unread) return [];
    const badge = el("span", { className: "badge", title: `${unread} unread` }, String(unread));
    badge.classList.toggle("rang", rang);
    badge.classList.toggle("silent", !rings);
    if (!rings) badge.prepend(icon("quiet"));
    return [badge];
  }
}

function replaceKeepingFocus(parent, made) {
  const key = parent.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  parent.replaceChildren(...made);
  if (key) parent.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true });
}

function toNeighbour(event) {
  const side = { ArrowLeft: "previousElementSibling", ArrowRight: "nextElementSibling" }[event.key];
  const neighbour = side && event.currentTarget[side];
  if (!neighbour) return;
  neighbour.focus();
  neighbour.click();
}

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
