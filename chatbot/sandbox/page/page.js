// The chat page: who holds the phone, which place it shows, and what is written there.

import * as api from "/page/api.js";
import { Asking } from "/page/asking.js";
import { Chats } from "/page/chats.js";
import { CommandMenu } from "/page/commands.js";
import { byId, el } from "/page/dom.js";
import { refreshRelativeTimes } from "/page/formatting.js";
import { Market } from "/page/market.js";
import { choose, showPeople, showWaiting } from "/page/people.js";
import { Talk } from "/page/talk.js";
import { Taps } from "/page/taps.js";
import { copy, hush, toast } from "/page/toast.js";
import { look } from "/page/viewer.js";

const RELATIVE_MS = 10000;
const TALLEST_TEXT = 140;

const text = byId("text");
const settings = await api.setup();
let person;
let here = { chat: null, topic: 0 };
let stop = () => {};

const where = () => ({ person: person.id, ...here });
const taps = new Taps(where);
const talk = new Talk(
  { tap: (...given) => taps.tap(...given), command: say, jump: (id) => talk.jump(id), answer: (one) => asking.choose(one), copy, look },
  () => taps.mark(),
);
const menu = new CommandMenu(say);
const asking = new Asking(text);
const chats = new Chats(settings.bot.name, enter, () => enter(null));
const market = new Market(settings);

// --- who and where -----------------------------------------------------------------------

// A group that both are in stays open, so that two people can act on one card.
function become(one) {
  const shared = chats.find(here.chat)?.members.includes(one.id);
  const listing = person && here.chat === null;
  person = one;
  chats.forget();
  choose(one);
  if (shared || listing) enter(here.chat, here.topic);
  else enter(one.id);
}

function enter(chat, topic = 0) {
  here = { chat, topic };
  stop();
  taps.forget();
  hush();
  asking.drop();
  talk.leave();
  document.body.classList.toggle("listing", chat === null);
  stop = api.listen(where(), hear, showConnected);
}

function showConnected(yes) {
  byId("status").textContent = yes ? `${person.name} · ${person.role}` : "reconnecting…";
  byId("status").classList.toggle("off", !yes);
}

// --- what the place shows ----------------------------------------------------------------

function hear(news) {
  chats.show(news.chats, here, person);
  showHeader(chats.find(here.chat));
  showWaiting(news.unread, person.id);
  market.show(news.faults);
  if (here.chat !== null) {
    talk.hear(news, person.id, welcome);
    asking.look(talk.messages, person.id);
  }
  menu.commands = news.commands;
  news.answers.forEach((answer) => taps.hear(answer));
}

function showHeader(chat) {
  const title = here.chat === null ? "Chats" : chats.titleOf(chat);
  byId("chat-name").textContent = title;
  byId("avatar").textContent = title.slice(0, 1);
  byId("avatar").classList.toggle("group", Boolean(chat?.members.length));
}

function welcome() {
  const command = here.chat < 0 ? "/help" : "/start";
  const start = el("button", { type: "button", className: "start", onclick: () => say(command) }, command === "/start" ? "Start" : command);
  const note = here.chat < 0 ? "In a group the bot hears commands, and answers to what it wrote." : person.role;
  const title = el("h2", {}, `You are ${person.name}`);
  return el("li", { id: "welcome", className: "welcome" }, title, el("p", {}, note), start);
}

// --- writing -----------------------------------------------------------------------------

async function say(words) {
  const repliesTo = asking.id;
  try {
    await api.write(where(), words, repliesTo);
    if (asking.id === repliesTo) asking.drop(); // the bot may have asked again by now
    talk.toBottom();
  } catch (error) {
    toast(`Not sent: ${error.message}`);
    if (!text.value) text.value = words;
  }
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

byId("composer").addEventListener("submit", submit);
text.addEventListener("input", fit);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
});
setInterval(refreshRelativeTimes, RELATIVE_MS);

showPeople(settings.people, become);
become(settings.people[0]);
