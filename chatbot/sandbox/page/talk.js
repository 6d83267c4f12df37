// The messages of one place as they come, change and go.

import { Busy } from "/page/busy.js";
import { byId, el } from "/page/dom.js";
import { bubble, day } from "/page/messages.js";

const NEAR_BOTTOM = 80;
const LEAVING = { duration: 220, easing: "ease-in" };
const stillness = matchMedia("(prefers-reduced-motion: reduce)");

export class Talk {
  #messages = new Map();
  #unread = 0;
  #follows = true; // stays at the newest message, also when the text line or its question takes room away
  #busy = new Busy();
  #me = 0;

  // `act` is what a message may ask for, see messages.js; `redrawn` is called when buttons were made anew.
  constructor(act, redrawn) {
    this.list = byId("messages");
    this.act = act;
    this.redrawn = redrawn;
    byId("newer").addEventListener("click", () => this.toBottom("smooth"));
    this.list.addEventListener("scroll", () => this.#scrolled());
    new ResizeObserver(() => this.#follows && this.toBottom()).observe(this.list);
  }

  get messages() {
    return [...this.#messages.values()];
  }

  leave() {
    this.list.classList.add("loading");
  }

  // `welcome` is what an empty place shows.
  hear(news, me, welcome) {
    const follow = news.fresh || this.#atBottom();
    if (news.fresh) this.#startOver(me);
    for (const id of news.deleted) this.#forget(id);
    for (const message of news.messages) this.#show(message, news.fresh);
    this.#showDays();
    this.#showWelcome(welcome);
    this.#showPinned(news.pinned);
    this.#busy.show(news.action);
    this.redrawn();
    if (follow) this.toBottom();
  }

  jump(id) {
    const target = byId(`m${id}`);
    if (!target) return;
    target.scrollIntoView({ block: "center", behavior: "smooth" });
    target.classList.remove("changed");
    requestAnimationFrame(() => target.classList.add("changed"));
  }

  toBottom(behavior = "auto") {
    this.list.scrollTo({ top: this.list.scrollHeight, behavior });
    this.#unread = 0;
    byId("newer").hidden = true;
  }

  #scrolled() {
    this.#follows = this.#atBottom();
    if (!byId("newer").hidden && this.#follows) this.toBottom();
  }

  #atBottom() {
    return this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < NEAR_BOTTOM;
  }

  #startOver(me) {
    this.#me = me;
    this.#messages = new Map();
    this.#unread = 0;
    byId("newer").hidden = true;
    this.list.replaceChildren(this.#busy.item);
    this.list.classList.remove("loading");
  }

  #forget(id) {
    this.#messages.delete(id);
    const item = byId(`m${id}`);
    if (!item) return;
    if (stillness.matches) return void item.remove();
    item.removeAttribute("id");
    item.inert = true;
    item.style.overflow = "hidden";
    const frames = [{ height: `${item.offsetHeight}px`, opacity: 1 }, { height: 0, opacity: 0, marginTop: "-5px" }];
    item.animate(frames, LEAVING).finished.then(() => item.remove());
    return undefined;
  }

  #show(message, quietly) {
    const known = this.#messages.has(message.id);
    const old = byId(`m${message.id}`);
    const made = bubble(message, this.#me, this.act);
    const wasAtBottom = this.#atBottom();
    this.#messages.set(message.id, message);
    if (old) replaceKeepingFocus(old, made);
    else this.list.insertBefore(made, this.#busy.item);
    if (quietly) return;
    made.classList.add(known ? "changed" : "arrived");
    if (!known && message.author.id !== this.#me && !wasAtBottom) this.#countUnread();
  }

  #countUnread() {
    this.#unread += 1;
    byId("newer-count").textContent = String(this.#unread);
    byId("newer").hidden = false;
  }

  #showDays() {
    for (const old of this.list.querySelectorAll(".day")) old.remove();
    let last = "";
    for (const message of this.#messages.values()) {
      const name = day(message.time);
      if (name !== last) byId(`m${message.id}`).before(el("li", { className: "day" }, el("span", {}, name)));
      last = name;
    }
  }

  #showWelcome(welcome) {
    byId("welcome")?.remove();
    if (this.messages.every((one) => one.notice)) this.list.insertBefore(welcome(), this.#busy.item);
  }

  #showPinned(id) {
    const message = this.#messages.get(id);
    byId("pinned").hidden = !message;
    byId("pinned").onclick = () => this.jump(id);
    byId("pinned-text").textContent = message ? message.text.split("\n")[0] || "Picture" : "";
  }
}

function replaceKeepingFocus(old, made) {
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const folds = [...old.querySelectorAll(".folded")].map((one) => one.classList.contains("open"));
  old.replaceWith(made);
  [...made.querySelectorAll(".fold")].forEach((one, index) => folds[index] && one.click());
  if (key === undefined) return;
  const again = [...made.querySelectorAll(".key")].find((one) => one.dataset.key === key);
  (again ?? made).focus({ preventScroll: true });
}
