// Who is holding the phone, and for whom something waits.

import { byId, el, unseen } from "/page/dom.js";

export function showPeople(people, become) {
  for (const one of people) {
    const choice = el("input", { type: "radio", name: "person", value: String(one.id), onchange: () => become(one) });
    const dot = el("i", { id: `waits${one.id}`, hidden: true }, unseen("has unread messages"));
    byId("people").append(el("label", { title: one.role }, choice, el("span", {}, one.label), dot));
  }
}

export function choose(person) {
  byId("people").querySelector(`input[value="${person.id}"]`).checked = true;
}

// `unread` counts by person's id. What waits for the one who holds the phone is told by the list of chats.
export function showWaiting(unread, me) {
  for (const [id, count] of Object.entries(unread)) byId(`waits${id}`).hidden = !count || Number(id) === me;
}
