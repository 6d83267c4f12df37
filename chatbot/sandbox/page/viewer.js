// One picture over the whole screen, until Escape or a tap.

import { byId, el } from "/page/dom.js";

const viewer = byId("viewer");
viewer.addEventListener("click", () => viewer.close());
viewer.addEventListener("close", () => viewer.querySelector("img")?.remove());

export function look(url, alt) {
  viewer.prepend(el("img", { src: url, alt }));
  viewer.showModal();
}
