// The list of commands above the text line: opened by its button or by typing "/".

import { byId, el } from "/page/dom.js";

export class CommandMenu {
  #commands = [];
  #chosen = -1;

  // `send` is called with a whole command that was chosen.
  constructor(send) {
    this.send = send;
    this.menu = byId("menu");
    this.text = byId("text");
    this.opener = byId("open-menu");
    this.opener.addEventListener("click", () => (this.menu.hidden ? this.open("") : this.close()));
    this.text.addEventListener("input", () => this.follow());
    this.text.addEventListener("keydown", (event) => this.steer(event));
    document.addEventListener("click", (event) => {
      if (!this.menu.contains(event.target) && !this.opener.contains(event.target)) this.close();
    });
  }

  set commands(commands) {
    this.#commands = commands;
    this.opener.hidden = commands.length === 0;
    if (!this.menu.hidden) this.follow();
  }

  follow() {
    const typed = /^\/([a-z0-9_]*)$/i.exec(this.text.value);
    if (typed) this.open(typed[1].toLowerCase());
    else this.close();
  }

  open(beginning) {
    const fitting = this.#commands.filter((one) => one.command.startsWith(beginning));
    if (!fitting.length) return this.close();
    this.menu.replaceChildren(...fitting.map((one, index) => this.option(one, index)));
    this.menu.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.choose(-1);
    return undefined;
  }

  option(one, index) {
    return el(
      "div",
      { role: "option", id: `option${index}`, className: "option", onclick: () => this.take(one.command) },
      el("b", {}, `/${one.command}`),
      el("span", {}, one.description),
    );
  }

  close() {
    this.menu.hidden = true;
    this.#chosen = -1;
    this.opener.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-activedescendant");
  }

  choose(index) {
    this.#chosen = index;
    [...this.menu.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.menu.children[index];
    if (!option) return this.text.removeAttribute("aria-activedescendant");
    option.scrollIntoView({ block: "nearest" });
    return this.text.setAttribute("aria-activedescendant", option.id);
  }

  take(command) {
    this.close();
    this.text.value = "";
    this.text.focus();
    this.send(`/${command}`);
  }

  // Arrows choose, Tab completes, Enter takes what was chosen, Escape closes.
  steer(event) {
    if (this.menu.hidden) return;
    const last = this.menu.children.length - 1;
    const name = this.menu.children[Math.max(this.#chosen, 0)].querySelector("b").textContent;
    const keys = {
      ArrowDown: () => this.choose(this.#chosen >= last ? 0 : this.#chosen + 1),
      ArrowUp: () => this.choose(this.#chosen <= 0 ? last : this.#chosen - 1),
      Escape: () => this.close(),
      Tab: () => {
        this.text.value = `${name} `;
        this.close();
      },
    };
    if (event.key === "Enter" && this.#chosen >= 0) keys.Enter = () => this.take(name.slice(1));
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    act();
  }
}
