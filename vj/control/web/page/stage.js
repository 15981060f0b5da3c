// The stage: the picture on the wall, what the ears hear, the beat, and what a hand needs at once.

import { drawMixer, followDecks } from "./decks.js";
import { fill, say, show } from "./desk.js";
import { drawPad } from "./looks.js";
import { drawPrompts } from "./prompts.js";
import { openSheet } from "./sheet.js";
import { button, dial, el, label, nameOf, toggle } from "./widgets.js";

const RECORD = "/record/on", PROGRAM = "/preview/program";

export function drawStage() {
  drawViews();
  drawMixer();
  const there = (path) => show.has(path) ? path : null;
  const knobs = [["/master/fade", "fade to black"], ["/master/brightness", "brightness"]].filter(([path]) => show.has(path));
  fill("master", [...knobs.flat(), there("/master/freeze"), there("/master/blackout")], () => [
    there("/master/freeze") && toggle(show, "/master/freeze", openSheet, "Freeze", "cold"),
    there("/master/blackout") && toggle(show, "/master/blackout", openSheet, "Blackout", "alarm"),
    el("div", { class: "row" }, ...knobs.map(([path, name]) => dial(show, path, openSheet, name)))]);
  fill("tempo", [there("/beat/tap"), there("/beat/resync"), there("/beat/nudge")], () => [
    there("/beat/tap") && button(show, "/beat/tap", openSheet, "Tap"),
    there("/beat/resync") && button(show, "/beat/resync", openSheet, "Resync"),
    there("/beat/nudge") && nudge(-5, "−"), there("/beat/nudge") && nudge(5, "+")]);
  fill("record", [there(RECORD)], () => [there(RECORD) && recorder()]);
  drawPrompts();
  drawPad();
}

function nudge(ms, sign) {
  return el("button", { type: "button", class: "nudge", "aria-label": `Beats ${Math.abs(ms)} ms ${ms < 0 ? "earlier" : "later"}`,
    onclick: () => show.set("/beat/nudge", Math.min(Math.max((show.get("/beat/nudge") ?? 0) + ms, -250), 250)) }, sign);
}

function recorder() {
  const time = el("span", {}, "Rec"), room = el("small", {});
  const root = el("button", { type: "button", class: "rec", "aria-pressed": "false", title: "Record; hold to stop" }, time, room);
  const running = () => root.getAttribute("aria-pressed") === "true";
  let timer = 0, held = false, stopping = false;
  const hold = () => { timer = setTimeout(() => { held = true; show.set(RECORD, false); }, 900); };
  root.addEventListener("pointerdown", () => {
    held = false;
    if (running()) hold();
  });
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    if (!event.repeat) [held, stopping] = [false, running()];
    if (stopping || event.repeat) event.preventDefault(); // the key that stops it does not start it again
    if (stopping && !event.repeat) hold();
  });
  root.addEventListener("keyup", (event) => {
    if (!stopping) return;
    event.preventDefault();
    if (!held) say("press and hold to stop recording");
    stopping = false;
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) root.addEventListener(end, () => clearTimeout(timer));
  root.addEventListener("click", () => {
    if (!running() && !held) show.set(RECORD, true);
    else if (!held) say("hold the button to stop recording");
  });
  root.addEventListener("contextmenu", (event) => event.preventDefault());
  root.ends = [
    show.listen("/record/running", (on) => {
      root.setAttribute("aria-pressed", String(Boolean(on)));
      if (!on) time.textContent = "Rec";
    }),
    show.listen("/record/seconds", (seconds) => { if (running()) time.textContent = clock(seconds); }),
    show.listen("/record/free_gb", (gb) => { room.textContent = gb > 0 ? `${gb < 10 ? gb.toFixed(1) : Math.round(gb)} GB left` : ""; }),
  ];
  return root;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;

function drawViews() {
  const paths = [...show.nodes.keys()].filter((path) => path.startsWith("/preview/"));
  const others = paths.filter((path) => path !== PROGRAM);
  fill("views", paths.filter((path) => path === PROGRAM), (found) => found.map((path) => view(path, false)));
  fill("other", others, () => others.map((path) => view(path, true)));
}

/** A small picture of what goes on; `side`: of the deck that is not on the wall. */
function view(path, side) {
  const screen = el("canvas", { width: 384, height: 216, "aria-label": nameOf(path), role: "img" });
  const glow = side ? null : el("canvas", { class: "glow", width: 24, height: 14, "aria-hidden": "true" });
  const caption = el("figcaption", {}, nameOf(path));
  const root = el("figure", { class: side ? "view side" : "view" }, glow, screen, caption);
  let busy = false;
  const draw = async (jpeg) => {
    if (busy) return;
    busy = true;
    try {
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      if (screen.width !== bitmap.width || screen.height !== bitmap.height) {
        [screen.width, screen.height] = [bitmap.width, bitmap.height];
        screen.style.aspectRatio = `${bitmap.width} / ${bitmap.height}`;
      }
      screen.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
      glow?.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0, glow.width, glow.height);
      bitmap.close();
    } finally {
      busy = false;
    }
  };
  let end = null;
  const look = (visible) => {
    if (visible && !end) end = show.listen(path, draw);
    else if (!visible && end) end = end() ?? null;
  };
  const watch = new IntersectionObserver(([entry]) => look(entry.isIntersecting && !document.hidden));
  const hide = () => look(!document.hidden && root.offsetParent !== null);
  watch.observe(screen);
  document.addEventListener("visibilitychange", hide);
  root.ends = [() => { watch.disconnect(); document.removeEventListener("visibilitychange", hide); look(false); }];
  root.ends.push(...followDecks((a, b, at) => {
    const over = at >= 0.5;
    if (side) caption.textContent = over ? `A · ${label(a)}` : `B · ${label(b)}`;
    else caption.textContent = at <= 0 ? label(a) : at >= 1 ? label(b) : `${label(a)} × ${label(b)}`;
  }));
  return root;
}
