// The switches beside the phone: push a price, or make the sandbox's KuCoin misbehave.

import * as api from "/page/api.js";
import { byId, el } from "/page/dom.js";
import { toast } from "/page/toast.js";

export class Market {
  #on = [];

  constructor({ pushes, faults }) {
    this.faults = faults;
    byId("pushes").append(...pushes.symbols.map((symbol) => pushing(symbol, pushes.percents)));
    byId("faults").append(...faults.map((fault) => this.#switch(fault)));
    byId("banner-off").addEventListener("click", () => this.#on.forEach((name) => turn(name, false)));
    byId("open-desk").addEventListener("click", () => open(!byId("desk").classList.contains("open")));
    byId("close-desk").addEventListener("click", () => open(false));
    byId("desk").addEventListener("keydown", (event) => event.key === "Escape" && open(false));
  }

  show(names) {
    this.#on = names;
    const sentences = this.faults.filter((fault) => names.includes(fault.name)).map((fault) => fault.sentence);
    for (const fault of this.faults) byId(`fault-${fault.name}`).checked = names.includes(fault.name);
    byId("banner").hidden = !sentences.length;
    byId("open-desk").classList.toggle("on", sentences.length > 0);
    byId("banner-text").textContent = sentences.length > 1 ? `${sentences.length} exchange faults are on` : (sentences[0] ?? "");
  }

  #switch({ name, sentence }) {
    const box = el("input", { type: "checkbox", role: "switch", id: `fault-${name}`, onchange: () => turn(name, box.checked) });
    return el("li", {}, el("label", {}, el("span", {}, sentence), box));
  }
}

function pushing(symbol, percents) {
  const steps = percents.map((percent) => {
    const words = `${percent < 0 ? "\u2212" : "+"}${Math.abs(percent)} %`;
    return el("button", { type: "button", title: `Push ${symbol} by ${words}`, onclick: () => push(symbol, percent) }, words);
  });
  return el("li", {}, el("span", {}, symbol.split("-")[0]), ...steps);
}

async function push(symbol, percent) {
  try {
    toast(`${symbol} trades at ${Number((await api.push(symbol, percent)).price).toLocaleString("en-US")}`);
  } catch (error) {
    toast(error.message);
  }
}

async function turn(name, on) {
  try {
    await api.switchFault(name, on);
  } catch (error) {
    byId(`fault-${name}`).checked = !on;
    toast(error.message);
  }
}

function open(yes) {
  byId("desk").classList.toggle("open", yes);
  byId("open-desk").setAttribute("aria-expanded", String(yes));
  byId(yes ? "close-desk" : "open-desk").focus();
}
