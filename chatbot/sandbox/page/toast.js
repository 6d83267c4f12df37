// Short words over the talk, and those that wait until they are read.

import { byId } from "/page/dom.js";

const TOAST_MS = 3500;
let timer;

export function toast(words) {
  const box = byId("toast");
  box.textContent = words;
  box.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => box.classList.remove("shown"), TOAST_MS);
}

export const hush = () => byId("toast").classList.remove("shown");

export function popup(words) {
  const box = byId("popup");
  byId("popup-text").textContent = words;
  if (!box.open) box.showModal();
}

export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast("Copied");
  } catch {
    toast(words);
  }
}
