// The two decks: which one a look is loaded onto, what is on each, and the crossfader between them.

import { $, fill, kept, LOOK, show } from "./desk.js";
import { openSheet } from "./sheet.js";
import { button, control, dial, el, holdable, label } from "./widgets.js";

const ON_A = "/stats/look", ON_B = "/stats/look_b"; // what the show says: its own wishes a page is not told
const SECOND = "/b/show/look", FADER = "/mix/crossfade", LOAD = "/mix/load";
const ASLEEP = "none";
const NAMES = { "/mix/cut": "Cut", "/mix/fade": "Fade", "/mix/swap": "Swap" };

/** Is there a look on deck b? */
export const awake = () => Boolean(show.get(ON_B));

/** The look on a deck; nothing on one that sleeps. */
export const lookOn = (deck) => String(show.get(deck === "b" ? ON_B : ON_A) ?? "");

/** The path of a deck's own `/show/...`. */
export const of = (deck, path) => deck === "b" ? `/b${path}` : path;

/** The deck that this device's hand loads looks onto: "a", "b", or "other": whichever nobody sees. */
export const target = () => show.has(LOAD) ? kept.get("deck") ?? "a" : "a";

/** Where a look that is cut to goes. */
export const loadPath = () => target() === "other" ? LOAD : of(target(), LOOK);

/** The deck whose buttons and knobs stand beside the looks. */
export function shownDeck() {
  if (target() !== "other") return target();
  return (show.get(FADER) ?? 0) >= 0.5 && awake() ? "a" : "b";
}

/** What each deck and the wall show, told to `draw(a, b, fader)` whenever it changes; returns what ends it. */
export function followDecks(draw) {
  const tell = () => draw(lookOn("a"), lookOn("b"), awake() ? show.get(FADER) ?? 0 : 0);
  return [ON_A, ON_B, FADER].filter((path) => show.has(path)).map((path) => show.listen(path, tell));
}

/** A row of buttons: the deck that looks are loaded onto. */
export function deckChips(changed) {
  if (!show.has(LOAD)) return null;
  const names = { a: "Deck A", b: "Deck B", other: "Other" };
  const titles = { other: "The deck that the crossfader is away from" };
  const chips = Object.entries(names).map(([deck, name]) => el("button", { type: "button", class: "chip", "data-deck": deck,
    title: titles[deck], "aria-pressed": String(deck === target()), onclick: () => { kept.set("deck", deck); changed(); } }, name));
  return el("div", { class: "chips", role: "group", "aria-label": "The deck that looks are loaded onto" }, ...chips);
}

export function drawMixer() {
  const there = (...paths) => [FADER, SECOND, ...paths].every((path) => show.has(path)) ? paths : [];
  const verbs = ["/mix/cut", "/mix/fade", "/mix/swap"].flatMap((path) => there(path));
  fill("over", [SECOND, ...verbs], () => [...verbs.map((path) => button(show, path, openSheet, NAMES[path])),
    el("button", { type: "button", class: "trigger", title: "Take the look off deck B", onclick: () => show.ask(SECOND, ASLEEP) }, "Eject B")]);
  const fine = ["/mix/blend", "/mix/curve"].flatMap((path) => there(path));
  fill("fader", [FADER, SECOND, "/mix/fade_time", ...fine], () => there(FADER).length ? faderRows(fine) : []);
}

function faderRows(fine) {
  const names = ["a", "b"].map((deck) => el("span", { class: `deck ${deck}` }));
  const rows = [el("div", { class: "decks" }, ...names), crossfader(), el("div", { class: "fine" },
    show.has("/mix/fade_time") && dial(show, "/mix/fade_time", openSheet, "fade time"),
    ...fine.map((path) => control(show, path, openSheet)))];
  const draw = (a, b, at) => {
    $("mixer").hidden = !b;
    [a, b].forEach((look, n) => {
      names[n].replaceChildren(el("b", {}, "AB"[n]), ` ${label(look)}`);
      names[n].style.setProperty("--seen", n ? at : 1 - at);
    });
  };
  rows[0].ends = followDecks(draw);
  return rows;
}

/** A fader that lies: from deck a to deck b under one finger. */
function crossfader() {
  const slider = el("input", { type: "range", min: 0, max: 1, step: 0.001, class: "crossfader", "aria-label": "Crossfader from deck A to deck B" });
  let held = false;
  slider.addEventListener("pointerdown", () => { held = true; });
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) slider.addEventListener(end, () => { held = false; });
  slider.addEventListener("input", () => {
    slider.dispatchEvent(new Event("turned")); // no long press any more
    show.set(FADER, Number(slider.value));
  });
  holdable(slider, FADER, openSheet);
  slider.ends = [show.listen(FADER, (at) => { if (!held) slider.value = at; })];
  return slider;
}
