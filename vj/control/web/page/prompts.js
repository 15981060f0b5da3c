// The prompts of a deck: eight slots, how much of each is in the mixture, and what waits. All of it stands in the tree.

import { fill, show } from "./desk.js";
import { openSheet } from "./sheet.js";
import { dial, el, holdable, release } from "./widgets.js";

const SLOTS = 8;
const chosen = new Map(); // deck -> the slot under the hand

export function drawPrompts() {
  // A generator that is told what to draw is also told what not: the others have no use for prompts.
  const decks = ["a", "b"].filter((deck) => show.has(`/${deck}/prompt/text`) && show.has(`/${deck}/gen/negative`));
  fill("prompts", decks.map((deck) => `/${deck}/prompt/text`), (paths) => paths.map((path) => box(path[1], decks.length > 1)));
}

const place = (deck, slot) => `/${deck}/prompt/text${slot > 1 ? slot : ""}`;

function box(deck, named) {
  const input = el("textarea", { maxlength: 2000, "aria-label": `Prompt of deck ${deck.toUpperCase()}`,
    placeholder: named ? `Prompt of deck ${deck.toUpperCase()}` : "Prompt" });
  const here = () => place(deck, chosen.get(deck) ?? 1);
  const take = (act) => () => input.value.trim() && act(input.value.trim());
  const slots = el("div", { class: "slots", role: "group", "aria-label": "Prompts of the mixture" });
  const list = el("ul", { class: "queue" });
  const root = el("div", { class: "prompt" }, input,
    el("div", { class: "whens" },
      el("button", { type: "button", onclick: take((text) => show.set(here(), text)) }, "Send"),
      el("button", { type: "button", onclick: take((text) => show.set(here(), text, "bar")) }, "Next bar"),
      show.has(`/${deck}/queue/add`) && el("button", { type: "button",
        onclick: take((text) => { show.ask(`/${deck}/queue/add`, text); input.value = ""; }) }, "Queue")), slots, list);
  holdable(root, here(), openSheet);
  const draw = () => { if (document.activeElement !== input) input.value = show.get(here()) ?? ""; };
  const numbers = chips(deck, slots, draw);
  root.ends = [...numbers.map((chip, n) => show.listen(place(deck, n + 1), (text) => {
    chip.classList.toggle("filled", Boolean(text));
    chip.title = text;
    draw();
  })), show.listen(`/${deck}/queue/waiting`, (waiting) => list.replaceChildren(
    ...String(waiting).split("\n").filter(Boolean).map((text) => entry(deck, text, here)))), () => release(slots)];
  return root;
}

/** The slots, and the weight of the one under the hand. */
function chips(deck, root, draw) {
  const numbers = Array.from({ length: SLOTS }, (_, n) => n + 1).filter((slot) => show.has(place(deck, slot)));
  const weight = el("span", {});
  const buttons = numbers.map((slot) => el("button", { type: "button", class: "chip", onclick: () => choose(slot) }, String(slot)));
  const choose = (slot) => {
    chosen.set(deck, slot);
    buttons.forEach((button, n) => button.setAttribute("aria-pressed", String(n + 1 === slot)));
    release(weight);
    const path = `/${deck}/prompt/weight${slot}`;
    weight.replaceChildren(...show.has(path) ? [dial(show, path, openSheet, "weight")] : []);
    draw();
  };
  root.replaceChildren(...buttons, weight);
  choose(chosen.get(deck) ?? 1);
  return buttons;
}

/** One that waits: a tap plays it now. */
function entry(deck, text, here) {
  const drop = () => show.ask(`/${deck}/queue/drop`, text);
  return el("li", {},
    el("button", { type: "button", title: "Send now", onclick: () => { show.set(here(), text); drop(); } }, text),
    el("button", { type: "button", "aria-label": "Remove", onclick: drop }, "×"));
}
