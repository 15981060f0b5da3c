// What the parts of the page share: the show, what is remembered on this device, words for the performer.

import { Show } from "./show.js";
import { release } from "./widgets.js";

export const show = new Show();
export const $ = (id) => document.getElementById(id);
export const kept = {
  get: (key) => localStorage.getItem(`vj ${key}`),
  set: (key, value) => localStorage.setItem(`vj ${key}`, value),
};
export const LOOK = "/show/look", QUANTIZE = "/show/quantize";

/** Of a node, what does not change with its value. */
export const fixed = (path) => { const { VALUE, CONTENTS, ...rest } = show.nodes.get(path); return rest; };

/** Make the children of `id` anew when what they are made from is not what it was. */
export function fill(id, from, make) {
  const signature = JSON.stringify(from.map((path) => path?.startsWith("/") ? [path, show.has(path) && fixed(path)] : path));
  const place = $(id);
  if (place.dataset.signature === signature) return;
  place.dataset.signature = signature;
  release(place);
  place.replaceChildren(...make(from).filter(Boolean));
}

let unsay = 0;
/** A sentence at the lower edge, for a while. */
export function say(sentence) {
  if (!sentence) return;
  $("news").textContent = sentence;
  $("news").classList.add("said");
  clearTimeout(unsay);
  unsay = setTimeout(() => $("news").classList.remove("said"), 6000);
}
