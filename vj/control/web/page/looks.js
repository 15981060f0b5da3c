// Looks as pads: cut or morphed, now or on the beat; and the pad with a picture in each corner.

import { awake, deckChips, followDecks, loadPath, lookOn, of, shownDeck, target } from "./decks.js";
import { fill, kept, LOOK, QUANTIZE, show } from "./desk.js";
import { openLook, openSheet } from "./sheet.js";
import { button, control, dial, el, holdable, label, nameOf, unlessHeld } from "./widgets.js";

const MORPH = "/show/morph";
const MOMENTS = ["now", "beat", "bar"];
export let when = kept.get("when") ?? "now"; // where the tree has no switch for it
let morphing = kept.get("morph") === "yes";
let asked = "";

export function drawLooks() {
  const looks = show.nodes.get(LOOK)?.RANGE[0].VALS ?? [];
  const tools = [MORPH, QUANTIZE, "/show/undo", "/show/save_new", "/show/morph_time", "/show/morph_unit", "/show/morph_position"];
  fill("looks", [target(), shownDeck(), ...looks, ...tools], () => {
    const pads = looks.map(lookPad);
    const grid = el("div", { class: "pads" }, ...pads);
    const draw = () => {
      const [a, b] = [lookOn("a"), lookOn("b")];
      pads.forEach((pad, n) => {
        const there = [looks[n] === a, looks[n] === b];
        if (there[shownDeck() === "b" ? 1 : 0] && asked === looks[n]) asked = "";
        pad.setAttribute("aria-pressed", String(there.includes(true)));
        pad.dataset.on = awake() ? there.map((on, deck) => on ? "AB"[deck] : "").join("") : "";
        pad.classList.toggle("waiting", looks[n] === asked);
        if (there.includes(true) && pad.dataset.bare) setTimeout(() => picture(pad, looks[n]), 9000);
      });
    };
    grid.addEventListener("asked", draw);
    let other = shownDeck();
    grid.ends = followDecks(() => {
      draw();
      if (other !== (other = shownDeck())) setTimeout(drawLooks); // the knobs beside the looks are another deck's now
    });
    const [modes, knobs] = morphRow();
    return [el("h2", {}, "Looks", deckChips(drawLooks), modes, moments(), el("div", { class: "chips" }, ...handy())), knobs, grid];
  });
  drawPad();
}

/** The pad of the deck whose knobs are shown. */
export function drawPad() {
  const deck = awake() ? shownDeck() : "a";
  const home = of(deck, "/pad");
  const one = show.has(`${home}/x`) ? `${home}/x` : null;
  fill("pad", [one, awake() ? deck : ""], () => [one && xyPad(home), awake() && el("small", {}, `deck ${deck.toUpperCase()}`)]);
}

/** When a look begins: a parameter of the show, or of this page where the show has none. */
function moments() {
  const chips = MOMENTS.map((moment) => el("button", { type: "button", class: "chip",
    onclick: () => show.has(QUANTIZE) ? show.set(QUANTIZE, moment) : draw(moment) }, moment === "now" ? moment : `next ${moment}`));
  const draw = (moment) => {
    kept.set("when", when = moment);
    chips.forEach((chip, n) => chip.setAttribute("aria-pressed", String(MOMENTS[n] === moment)));
  };
  draw(when);
  const row = el("div", { class: "chips", role: "group", "aria-label": "When a look begins" }, ...chips);
  if (show.has(QUANTIZE)) row.ends = [show.listen(QUANTIZE, draw)];
  return row;
}

function handy() {
  return [["/show/undo", "Undo"], ["/show/redo", "Redo"], [of(shownDeck(), "/show/save_new"), "Save"]].filter(([path]) => show.has(path))
    .map(([path, name]) => button(show, path, openSheet, name, "chip"));
}

/** Cut or morph, and what a morph needs: how long it takes, and its position under a finger. */
function morphRow() {
  if (!show.has(MORPH)) return [null, null];
  const knobs = ["/show/morph_time", of(shownDeck(), "/show/morph_position")].filter((path) => show.has(path));
  const modes = ["Cut", "Morph"].map((mode, n) => el("button", { type: "button", class: "chip", onclick: () => choose(n === 1) }, mode));
  const more = el("div", { class: "controls morph" },
    ...knobs.map((path) => dial(show, path, openSheet, nameOf(path).replace("morph ", ""))),
    show.has("/show/morph_unit") && control(show, "/show/morph_unit", openSheet));
  const choose = (morph) => {
    kept.set("morph", (morphing = morph) ? "yes" : "no");
    modes.forEach((mode, n) => mode.setAttribute("aria-pressed", String((n === 1) === morph)));
    more.hidden = !morph;
  };
  choose(morphing);
  return [el("div", { class: "chips", role: "group", "aria-label": "How a look begins" }, ...modes), more];
}

/** Ask for a look: it is there when the show says so. */
function ask(look) {
  const later = (show.get(QUANTIZE) ?? when) !== "now" || morphing;
  const morph = of(shownDeck(), MORPH);
  asked = later && look !== lookOn(shownDeck()) ? look : "";
  if (morphing && show.has(morph) && canMorph()) show.ask(morph, look);
  else show.ask(loadPath(), look, show.has(QUANTIZE) ? "now" : when);
  document.querySelector(".pads")?.dispatchEvent(new Event("asked"));
}

/** A deck that sleeps has nothing to morph from: there a look is cut to. */
const canMorph = () => shownDeck() === "a" || awake();

function lookPad(look) {
  const pad = el("button", { type: "button", class: "look", "aria-pressed": "false" }, el("span", {}, label(look)));
  unlessHeld(pad, () => ask(look));
  holdable(pad, LOOK, () => openLook(look));
  picture(pad, look);
  return pad;
}

/** The look's own picture, or one made from its name until there is one. */
function picture(pad, look) {
  const image = el("img", { alt: "", src: `/-/thumb/${encodeURIComponent(look)}`, onload: () => {
    pad.querySelector("img")?.remove();
    delete pad.dataset.bare;
    pad.style.backgroundImage = "none";
    pad.append(image);
  } });
  const hash = [...look].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const hue = (n) => (hash * (n + 1) * 47) % 360;
  pad.dataset.bare = "yes";
  pad.style.backgroundImage = `radial-gradient(circle at ${hash % 100}% 20%, hsl(${hue(0)} 70% 45%), transparent 60%),
    radial-gradient(circle at ${hue(1) % 100}% 90%, hsl(${hue(2)} 75% 35%), transparent 65%),
    linear-gradient(${hue(3)}deg, hsl(${hue(1)} 60% 14%), hsl(${hue(2)} 60% 24%))`;
}

const clip = (share) => Math.min(Math.max(share, 0), 1);

/** Where the finger is, four pictures are mixed. */
function xyPad(home) {
  const dot = el("div", { class: "dot" });
  const corner = (name) => {
    if (!show.has(`${home}/go_${name}`)) return null;
    const one = el("button", { type: "button", class: name, title: "Tap: go there. Hold: put this picture here." }, name.toUpperCase());
    const store = () => show.pull(`${home}/store_${name}`);
    unlessHeld(one, () => show.get(`${home}/${name}`) ? show.pull(`${home}/go_${name}`) : store());
    holdable(one, `${home}/${name}`, store);
    return one;
  };
  const corners = ["a", "b", "c", "d"].map(corner).filter(Boolean);
  const [x, y] = [`${home}/x`, `${home}/y`];
  const root = el("div", { class: "pad", tabindex: 0, role: "group", "aria-label": "Pad: four pictures mixed; arrows move" },
    dot, ...corners);
  const move = (event) => {
    const box = root.getBoundingClientRect();
    show.set(x, clip((event.clientX - box.left) / box.width));
    show.set(y, clip((event.clientY - box.top) / box.height));
  };
  root.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    if (event.target === root && event.pointerType !== "touch") openSheet(x); // a finger rests here in a show
  });
  root.addEventListener("pointerdown", (event) => {
    if (event.target !== root || event.button) return;
    root.setPointerCapture(event.pointerId);
    move(event);
  });
  root.addEventListener("pointermove", (event) => root.hasPointerCapture?.(event.pointerId) && move(event));
  root.addEventListener("keydown", (event) => {
    const [path, by] = { ArrowLeft: [x, -1], ArrowRight: [x, 1], ArrowUp: [y, -1], ArrowDown: [y, 1] }[event.key] ?? [];
    if (!path || event.target !== root) return;
    show.set(path, clip((show.get(path) ?? 0) + by * (event.shiftKey ? 0.01 : 0.05)));
    event.preventDefault();
  });
  root.ends = [show.listen(x, (at) => { dot.style.left = `${at * 100}%`; }),
    show.listen(y, (at) => { dot.style.top = `${at * 100}%`; }),
    ...corners.map((one) => show.listen(`${home}/${one.className}`, (look) => {
      const named = label(String(look)).trim();
      one.textContent = named ? `${one.className.toUpperCase()} · ${named}` : `${one.className.toUpperCase()} +`;
    }))];
  return root;
}
