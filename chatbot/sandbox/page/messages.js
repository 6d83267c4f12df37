// One message as it stands in the chat.

import { el, icon, unseen } from "/page/dom.js";
import { formatted } from "/page/formatting.js";

// `me` is the person's id; `act` has tap(message, button), command(text), jump(id), answer(message), copy(text)
// and look(url, alt).
export function bubble(message, me, act) {
  const mine = message.author.id === me;
  const side = mine ? "mine" : "theirs";
  const item = el("li", { id: `m${message.id}`, className: `message ${side}`, tabIndex: -1 });
  if (message.notice) {
    item.className = "notice";
    item.append(message.notice);
    return item;
  }
  const box = el("div", { className: "bubble" }, unseen(mine ? "You: " : `${message.author.name}: `));
  if (!mine && !message.author.bot) box.append(el("p", { className: "author" }, message.author.name));
  if (message.forwarded) box.append(el("p", { className: "author" }, `Forwarded from ${message.forwarded}`));
  if (message.quote) box.append(quote(message.quote, act));
  if (message.picture) box.append(picture(message, act));
  if (message.text) box.append(el("div", { className: "text" }, formatted(message.text, message.entities, act)));
  box.append(meta(message), answer(message, act));
  box.addEventListener("dblclick", (event) => !event.target.closest("button, a, code") && act.answer(message));
  box.classList.toggle("bare-picture", Boolean(message.picture) && !message.text);
  box.classList.toggle("protected", message.protected);
  item.append(box);
  if (message.keyboard.length) item.append(keyboard(message, act));
  if (message.reactions.length) box.append(el("p", { className: "reactions" }, ...message.reactions.map((one) => el("span", {}, one))));
  return item;
}

function quote(quoted, act) {
  return el(
    "button",
    { type: "button", className: "quote", onclick: () => act.jump(quoted.id) },
    unseen("Answers "),
    el("b", {}, quoted.name),
    el("span", {}, quoted.text),
  );
}

function picture(message, act) {
  const { url, width, height } = message.picture;
  const alt = message.text ? message.text.split("\n")[0] : "Picture from the bot";
  const image = el("img", { src: url, width, height, alt });
  return el("button", { type: "button", className: "picture", title: "See it whole", onclick: () => act.look(url, alt) }, image);
}

// Shown to a mouse and to the keyboard; a phone taps twice.
function answer(message, act) {
  return el("button", { type: "button", className: "answer", onclick: () => act.answer(message) }, icon("reply"), unseen("Answer this"));
}

function meta(message) {
  const at = new Date(message.time * 1000);
  const line = el("p", { className: "meta" });
  if (message.protected) line.append(mark("lock", "Protected: cannot be forwarded or copied"));
  if (message.silent) line.append(mark("quiet", "Came without a sound"));
  if (message.edited) line.append(el("span", { className: "edited" }, "edited"));
  const clock = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  line.append(el("time", { dateTime: at.toISOString(), title: at.toLocaleString("en-GB") }, clock));
  return line;
}

const mark = (name, title) => el("span", { className: "mark", title }, icon(name), unseen(title));

function keyboard(message, act) {
  const rows = message.keyboard.map((row) => el("div", { className: "row" }, ...row.map((one) => button(message, one, act))));
  return el("div", { className: "keyboard", role: "group", "aria-label": "Buttons of this message" }, ...rows);
}

function button(message, given, act) {
  const made = el("button", { type: "button", className: `key ${given.style ?? ""}`, onclick: () => act.tap(message, given, made) });
  made.dataset.key = given.callback_data ?? given.url ?? given.text;
  made.append(el("span", {}, given.text));
  if (given.url) made.append(icon("out"));
  if (given.copy_text) made.append(icon("copy"));
  return made;
}

export function day(seconds) {
  const at = new Date(seconds * 1000);
  const today = new Date().toDateString() === at.toDateString();
  return today ? "Today" : at.toLocaleDateString("en-GB", { day: "numeric", month: "long" });
}
