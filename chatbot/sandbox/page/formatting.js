// Text and entities into elements. Offsets count UTF-16 units, as JavaScript's strings do.

import { el, icon, unseen } from "/page/dom.js";

const SIMPLE = { bold: "b", italic: "i", underline: "u", strikethrough: "s" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);

// `act` has command(text), for a command that somebody presses inside the text, and copy(text).
export function formatted(text, entities, act) {
  const root = document.createDocumentFragment();
  fill(root, text, 0, text.length, [...entities], act);
  return root;
}

function fill(parent, text, start, end, entities, act) {
  let at = start;
  while (entities.length && entities[0].offset < end) {
    const entity = entities.shift();
    const from = Math.max(entity.offset, at);
    const to = Math.min(entity.offset + entity.length, end);
    if (to <= from) continue;
    parent.append(text.slice(at, from));
    const inside = [];
    while (entities.length && entities[0].offset < to) inside.push(entities.shift());
    const [outer, inner] = element(entity, text.slice(from, to), act);
    fill(inner, text, from, to, inside, act);
    parent.append(outer);
    at = to;
    if (BLOCKS.has(entity.type) && text[at] === "\n") at += 1;
  }
  parent.append(text.slice(at, end));
}

// The element and where its text goes, which is mostly the same.
function element(entity, text, act) {
  const tag = SIMPLE[entity.type];
  if (tag) return same(el(tag));
  switch (entity.type) {
    case "code":
      return same(copied("code", text, act));
    case "pre":
      return pre(entity, text, act);
    case "spoiler":
      return same(spoiler());
    case "blockquote":
      return same(el("blockquote"));
    case "expandable_blockquote":
      return folded();
    case "text_link":
      return same(link(entity.url));
    case "url":
      return same(link(text));
    case "bot_command":
      return same(el("button", { type: "button", className: "command", onclick: () => act.command(text) }));
    case "date_time":
      return moment(entity, text);
    default:
      return same(el("span"));
  }
}

const same = (made) => [made, made];

// As on a phone: a tap copies. A stretch that was just selected with the mouse stays selected.
function copied(tag, text, act) {
  const take = () => getSelection().isCollapsed && act.copy(text);
  const onkeydown = (event) => event.key === "Enter" && act.copy(text);
  return el(tag, { role: "button", tabIndex: 0, title: "Tap to copy", onclick: take, onkeydown });
}

function pre(entity, text, act) {
  const code = copied("code", text, act);
  const block = el("pre", {}, code);
  if (entity.language) block.dataset.language = entity.language;
  return [block, code];
}

function link(url) {
  if (!/^https?:\/\//i.test(url)) return el("span");
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" });
}

function spoiler() {
  const shown = () => {
    hidden.classList.add("shown");
    for (const name of ["role", "tabindex", "aria-label"]) hidden.removeAttribute(name);
  };
  const hidden = el("span", {
    className: "spoiler",
    role: "button",
    tabIndex: 0,
    "aria-label": "Hidden text, press to show",
    onclick: shown,
    onkeydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), shown()),
  });
  return hidden;
}

function folded() {
  const inner = el("div", { className: "fold-text" });
  const toggle = el("button", { type: "button", className: "fold", "aria-expanded": "false" }, icon("down"), unseen("Show all"));
  const quote = el("blockquote", { className: "folded" }, inner, toggle);
  toggle.addEventListener("click", () => {
    const open = quote.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
  });
  return [quote, inner];
}

const PARTS = {
  w: { weekday: "long" },
  d: { day: "2-digit", month: "2-digit", year: "2-digit" },
  D: { day: "numeric", month: "long", year: "numeric" },
  t: { hour: "2-digit", minute: "2-digit" },
  T: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

// A moment in this phone's own zone. What the bot wrote stays as its title.
function moment(entity, text) {
  const at = new Date(entity.unix_time * 1000);
  const time = el("time", { dateTime: at.toISOString(), title: text });
  const format = entity.date_time_format;
  if (!format) return same(time);
  if (format === "r") time.dataset.relative = String(entity.unix_time);
  time.textContent = format === "r" ? relative(at) : absolute(at, format);
  return [time, document.createDocumentFragment()];
}

function absolute(at, format) {
  const options = Object.assign({}, ...[...format].map((letter) => PARTS[letter] ?? {}));
  return new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options }).format(at);
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function relative(at) {
  const seconds = Math.round((at.getTime() - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

export function refreshRelativeTimes() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    time.textContent = relative(new Date(Number(time.dataset.relative) * 1000));
  }
}
