// The chat page: who holds the phone, what the chat shows, and the switches of the exchange's faults.

import * as api from "/page/api.js";
import { CommandMenu } from "/page/commands.js";
import { byId, el } from "/page/dom.js";
import { refreshRelativeTimes } from "/page/formatting.js";
import { bubble, day } from "/page/messages.js";

const NEAR_BOTTOM = 80;
const TOAST_MS = 3500;
const TAP_WAIT_MS = 20000;
const TYPING_MS = 5000;
const RELATIVE_MS = 10000;
const TALLEST_TEXT = 140;

const list = byId("messages");
const text = byId("text");
const typing = el("li", { className: "message theirs typing", hidden: true }, el("div", { className: "bubble" }, el("span"), el("span"), el("span")));
typing.firstChild.setAttribute("aria-label", "The bot is typing");

let settings;
let person;
let chat;
let stop = () => {};
let messages = new Map();
let faults = [];
let answering = null;
let dismissed = null;
let unread = 0;
let typingSeen = 0;
let typingTimer;
let toastTimer;
const waiting = new Map();
const answered = new Set();

const where = () => ({ person: person.id, chat });
const atBottom = () => list.scrollHeight - list.scrollTop - list.clientHeight < NEAR_BOTTOM;
const menu = new CommandMenu((command) => say(command));

function toBottom(behavior = "auto") {
  list.scrollTo({ top: list.scrollHeight, behavior });
  unread = 0;
  byId("newer").hidden = true;
}

// --- who and where -----------------------------------------------------------------------

function showPeople() {
  for (const one of settings.people) {
    const choice = el("input", { type: "radio", name: "person", value: String(one.id), onchange: () => become(one) });
    byId("people").append(el("label", { title: one.role }, choice, el("span", {}, one.label)));
  }
}

function become(one) {
  person = one;
  byId("people").querySelector(`input[value="${one.id}"]`).checked = true;
  byId("chats").replaceChildren(...one.chats.map((room) => el("option", { value: String(room.id) }, room.title)));
  byId("chat-choice").hidden = one.chats.length < 2;
  enter(one.chats[0].id);
}

function enter(id) {
  chat = id;
  stop();
  list.classList.add("loading");
  stop = api.listen(where(), hear, (yes) => {
    byId("status").textContent = yes ? `${person.name} · ${person.role}` : "reconnecting…";
    byId("status").classList.toggle("off", !yes);
  });
}

// --- what the chat shows -----------------------------------------------------------------

function hear(news) {
  const follow = news.fresh || atBottom();
  if (news.fresh) startOver();
  for (const id of news.deleted) forget(id);
  for (const message of news.messages) show(message, news.fresh);
  showDays();
  showWelcome();
  showPinned(news.pinned);
  showFaults(news.faults);
  showTyping(news.typing);
  showPrompt();
  menu.commands = news.commands;
  news.answers.forEach(showAnswer);
  if (follow) toBottom();
}

function startOver() {
  messages = new Map();
  waiting.clear();
  answering = null;
  list.replaceChildren(typing);
  list.classList.remove("loading");
}

function forget(id) {
  messages.delete(id);
  byId(`m${id}`)?.remove();
}

function show(message, quietly) {
  const known = messages.has(message.id);
  const old = byId(`m${message.id}`);
  const made = bubble(message, person.id, { tap, command: say, jump });
  messages.set(message.id, message);
  if (old) replaceKeepingFocus(old, made);
  else list.insertBefore(made, typing);
  if (quietly) return;
  made.classList.add(known ? "changed" : "arrived");
  if (!known && message.author.id !== person.id && !atBottom()) countUnread();
}

function replaceKeepingFocus(old, made) {
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  const folds = [...old.querySelectorAll(".folded")].map((one) => one.classList.contains("open"));
  old.replaceWith(made);
  [...made.querySelectorAll(".fold")].forEach((one, index) => folds[index] && one.click());
  markWaiting();
  if (key === undefined) return;
  const again = [...made.querySelectorAll(".key")].find((one) => one.dataset.key === key);
  (again ?? made).focus({ preventScroll: true });
}

function countUnread() {
  unread += 1;
  byId("newer-count").textContent = String(unread);
  byId("newer").hidden = false;
}

function showDays() {
  for (const old of list.querySelectorAll(".day")) old.remove();
  let last = "";
  for (const message of messages.values()) {
    const name = day(message.time);
    if (name !== last) byId(`m${message.id}`).before(el("li", { className: "day" }, el("span", {}, name)));
    last = name;
  }
}

function showWelcome() {
  byId("welcome")?.remove();
  if (messages.size) return;
  const start = el("button", { type: "button", className: "start", onclick: () => say("/start") }, "Start");
  const title = el("h2", {}, `You are ${person.name}`);
  list.prepend(el("li", { id: "welcome", className: "welcome" }, title, el("p", {}, person.role), start));
}

function showPinned(id) {
  const message = messages.get(id);
  byId("pinned").hidden = !message;
  byId("pinned").onclick = () => jump(id);
  byId("pinned-text").textContent = message ? message.text.split("\n")[0] : "";
}

function jump(id) {
  const target = byId(`m${id}`);
  if (!target) return;
  target.scrollIntoView({ block: "center", behavior: "smooth" });
  target.classList.remove("changed");
  requestAnimationFrame(() => target.classList.add("changed"));
}

function showTyping(since) {
  clearTimeout(typingTimer);
  typing.hidden = since === 0 || (since === typingSeen && typing.hidden);
  typingSeen = since;
  if (!typing.hidden) typingTimer = setTimeout(() => (typing.hidden = true), TYPING_MS);
}

// --- writing -----------------------------------------------------------------------------

async function say(words) {
  const repliesTo = answering?.id ?? null;
  try {
    await api.write(where(), words, repliesTo);
    if ((answering?.id ?? null) === repliesTo) dropPrompt(); // the bot may have asked again by now
    toBottom();
  } catch (error) {
    toast(`Not sent: ${error.message}`);
    if (!text.value) text.value = words;
  }
}

// A forced reply stands until this person has written something after it.
function showPrompt() {
  const all = [...messages.values()];
  const mine = all.findLastIndex((one) => one.author.id === person.id);
  const prompt = all.slice(mine + 1).findLast((one) => one.placeholder !== null) ?? null;
  if (prompt?.id === answering?.id || (prompt && prompt.id === dismissed)) return undefined;
  if (!prompt) return dropPrompt();
  answering = prompt;
  byId("answering").hidden = false;
  byId("answering-name").textContent = prompt.author.name;
  byId("answering-text").textContent = prompt.text.split("\n")[0];
  text.placeholder = prompt.placeholder || "Answer";
  text.focus({ preventScroll: true });
  return undefined;
}

function dropPrompt() {
  answering = null;
  byId("answering").hidden = true;
  text.placeholder = "Message";
}

function fit() {
  text.style.height = "auto";
  text.style.height = `${Math.min(text.scrollHeight, TALLEST_TEXT)}px`;
}

function submit(event) {
  event?.preventDefault();
  const words = text.value.trim();
  if (!words) return;
  text.value = "";
  fit();
  menu.close();
  say(words);
}

// --- tapping -----------------------------------------------------------------------------

async function tap(message, button) {
  if (button.url) return void window.open(button.url, "_blank", "noopener,noreferrer");
  if (button.copy_text) return copy(button.copy_text.text);
  const mark = { message: message.id, key: button.callback_data, tap: null };
  waiting.set(mark, setTimeout(() => done(mark), TAP_WAIT_MS));
  markWaiting();
  try {
    mark.tap = (await api.tap(where(), message.id, button.callback_data)).tap;
    if (answered.has(mark.tap)) done(mark);
  } catch (error) {
    done(mark);
    toast(error.message);
  }
  return undefined;
}

function done(mark) {
  clearTimeout(waiting.get(mark));
  waiting.delete(mark);
  markWaiting();
}

function markWaiting() {
  const open = new Set([...waiting.keys()].map((mark) => `m${mark.message} ${mark.key}`));
  for (const key of list.querySelectorAll(".key")) {
    const busy = open.has(`${key.closest("li").id} ${key.dataset.key}`);
    key.classList.toggle("waiting", busy);
    key.setAttribute("aria-busy", String(busy));
  }
}

function showAnswer(answer) {
  answered.add(answer.tap);
  for (const mark of waiting.keys()) if (mark.tap === answer.tap) done(mark);
  if (!answer.text) return;
  if (answer.alert) popup(answer.text);
  else toast(answer.text);
}

async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast("Copied");
  } catch {
    toast(words);
  }
}

function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.classList.add("shown");
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => box.classList.remove("shown"), TOAST_MS);
}

function popup(words) {
  const box = byId("popup");
  byId("popup-text").textContent = words;
  if (!box.open) box.showModal();
}

// --- the market and the exchange's faults ----------------------------------------------------

function showPushes() {
  for (const symbol of settings.pushes.symbols) {
    const steps = settings.pushes.percents.map((percent) => {
      const words = `${percent < 0 ? "\u2212" : "+"}${Math.abs(percent)} %`;
      return el("button", { type: "button", title: `Push ${symbol} by ${words}`, onclick: () => push(symbol, percent) }, words);
    });
    byId("pushes").append(el("li", {}, el("span", {}, symbol.split("-")[0]), ...steps));
  }
}

async function push(symbol, percent) {
  try {
    toast(`${symbol} trades at ${Number((await api.push(symbol, percent)).price).toLocaleString("en-US")}`);
  } catch (error) {
    toast(error.message);
  }
}

function showSwitches() {
  for (const fault of settings.faults) {
    const box = el("input", { type: "checkbox", role: "switch", id: `fault-${fault.name}`, onchange: () => turn(fault.name, box.checked) });
    byId("faults").append(el("li", {}, el("label", {}, el("span", {}, fault.sentence), box)));
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

function showFaults(names) {
  faults = names;
  const sentences = settings.faults.filter((fault) => names.includes(fault.name));
  for (const fault of settings.faults) byId(`fault-${fault.name}`).checked = names.includes(fault.name);
  byId("banner").hidden = !sentences.length;
  byId("open-desk").classList.toggle("on", sentences.length > 0);
  byId("banner-text").textContent = sentences.length > 1 ? `${sentences.length} exchange faults are on` : (sentences[0]?.sentence ?? "");
}

function openDesk(open) {
  byId("desk").classList.toggle("open", open);
  byId("open-desk").setAttribute("aria-expanded", String(open));
  byId(open ? "close-desk" : "open-desk").focus();
}

// --- wiring ------------------------------------------------------------------------------

byId("composer").addEventListener("submit", submit);
text.addEventListener("input", fit);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
});
byId("chats").addEventListener("change", (event) => enter(Number(event.target.value)));
byId("answering-off").addEventListener("click", () => {
  dismissed = answering?.id ?? null;
  dropPrompt();
});
byId("newer").addEventListener("click", () => toBottom("smooth"));
byId("banner-off").addEventListener("click", () => faults.forEach((name) => turn(name, false)));
byId("open-desk").addEventListener("click", () => openDesk(!byId("desk").classList.contains("open")));
byId("close-desk").addEventListener("click", () => openDesk(false));
byId("desk").addEventListener("keydown", (event) => event.key === "Escape" && openDesk(false));
list.addEventListener("scroll", () => {
  if (!byId("newer").hidden && atBottom()) toBottom();
});
setInterval(refreshRelativeTimes, RELATIVE_MS);

settings = await api.setup();
byId("bot-name").textContent = settings.bot.name;
byId("avatar").textContent = settings.bot.name.slice(0, 1);
document.title = settings.bot.name;
showPeople();
showPushes();
showSwitches();
become(settings.people[0]);
