// The page: just another OSCQuery client. It builds itself from the tree; a few paths have places of their own.

import { Show } from "./show.js";
import { button, control, dial, el, holdable, label, nameOf, release, toggle, unlessHeld, words } from "./widgets.js";

const show = new Show();
const $ = (id) => document.getElementById(id);
const kept = { get: (key) => localStorage.getItem(`vj ${key}`), set: (key, value) => localStorage.setItem(`vj ${key}`, value) };
const LOOK = "/show/look", MORPH = "/show/morph", QUANTIZE = "/show/quantize", RECORD = "/record/on", QUIT = "/machine/quit", LEARN = "/midi/learn";
const BANDS = ["sub", "bass", "lowmid", "mid", "highmid", "high"];

// --------------------------------------------------------------------------------------- the groups

const TABS = [
  ["picture", "Picture", /^[a-d]\/(gen|walk|drive)/], ["effects", "Effects", /^fx\//],
  ["modulation", "Modulation", /^(mod\/|sources)/], ["mix", "Mix", /^(mix|master)/], ["sound", "Sound & beat", /^(audio|beat|latency)/],
  ["setup", "Setup", /./],
];
const TITLES = { gen: "Generator", fx: "", mod: "" };
const ELSEWHERE = new RegExp([
  "^/show/", "^/machine/quit$", "^/beat/(tap|resync|nudge)$", "^/master/(freeze|blackout|fade|brightness)$", "^/mix/crossfade$",
  "^/record/", "^/midi/", "^/routes/", "^/pad/", "/prompt$", "^/now/", "^/preview/"].join("|"));

const mountOf = (path) => path.slice(1, path.lastIndexOf("/"));

function titleOf(mount) {
  const [first, ...others] = mount.split("/");
  if (!others.length) return label(first);
  const last = others.map((part) => TITLES[part] || label(part)).join(" ");
  return first.length === 1 && show.has("/b/deck/lines") ? `${first.toUpperCase()} · ${last}` : last;
}

function groups() {
  const found = new Map();
  for (const [path, node] of show.nodes) {
    if (node.ACCESS !== 3 || ELSEWHERE.test(path)) continue;
    const mount = mountOf(path);
    if (!found.has(mount)) found.set(mount, []);
    found.get(mount).push(path);
  }
  return found;
}

/** Ending the show takes a long hold. */
function quitter() {
  const root = el("button", { type: "button", class: "trigger hold", title: show.nodes.get(QUIT).DESCRIPTION }, "hold to quit");
  let timer = 0;
  const begin = () => { root.classList.add("holding"); timer = setTimeout(() => { end(); show.pull(QUIT); }, 2000); };
  const end = () => { root.classList.remove("holding"); clearTimeout(timer); timer = 0; };
  root.addEventListener("pointerdown", begin);
  root.addEventListener("keydown", (event) => (event.key === " " || event.key === "Enter") && !event.repeat && begin());
  for (const stop of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) root.addEventListener(stop, end);
  root.addEventListener("contextmenu", (event) => event.preventDefault());
  return root;
}

const drawn = new Map(); // mount -> { element, signature }
const fixed = (path) => { const { VALUE, CONTENTS, settle, ...rest } = show.nodes.get(path); return rest; };

function drawGroups() {
  const found = groups();
  for (const [mount, { element }] of drawn) {
    if (found.has(mount)) continue;
    release(element);
    element.remove();
    drawn.delete(mount);
  }
  for (const [mount, paths] of found) {
    const signature = JSON.stringify(paths.map(fixed));
    const old = drawn.get(mount);
    if (old?.signature === signature) {
      $("groups").append(old.element);
      continue;
    }
    if (old) {
      release(old.element);
      old.element.remove();
    }
    if (mount === "machine" && show.has(QUIT)) paths.push(QUIT);
    const element = el("section", { class: "group", "data-tab": TABS.find(([, , mounts]) => mounts.test(mount))[0] },
      el("h2", {}, titleOf(mount), el("small", {}, "/" + mount)),
      el("div", { class: "controls" }, ...paths.map((path) => path === QUIT ? quitter() : control(show, path, openSheet))));
    drawn.set(mount, { element, signature });
    $("groups").append(element);
  }
  drawTabs();
}

function drawTabs() {
  const used = TABS.filter(([key]) => [...drawn.values()].some(({ element }) => element.dataset.tab === key));
  const chosen = used.some(([key]) => key === kept.get("tab")) ? kept.get("tab") : used[0]?.[0];
  const choose = (key) => { kept.set("tab", key); drawTabs(); };
  const held = $("tabs").contains(document.activeElement);
  $("tabs").replaceChildren(...used.map(([key, title], n) => el("button", {
    type: "button", role: "tab", "aria-selected": String(key === chosen), tabindex: key === chosen ? 0 : -1,
    onclick: () => choose(key),
    onkeydown: ({ key: pressed }) => {
      const way = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
      if (way) choose(used[(n + way + used.length) % used.length][0]);
    } }, title)));
  if (held) $("tabs").querySelector("[aria-selected=true]")?.focus();
  for (const { element } of drawn.values()) element.hidden = element.dataset.tab !== chosen;
}

// ----------------------------------------------------------------------------------------- the looks

const MOMENTS = ["now", "beat", "bar"];
let when = kept.get("when") ?? "now"; // where the tree has no switch for it
let morphing = kept.get("morph") === "yes";
let asked = "";

function drawLooks() {
  const looks = show.nodes.get(LOOK)?.RANGE[0].VALS ?? [];
  const tools = [MORPH, QUANTIZE, "/show/undo", "/show/save_new", "/show/morph_time", "/show/morph_unit", "/show/morph_position"];
  fill("looks", [...looks, ...tools], () => {
    const pads = looks.map(lookPad);
    const grid = el("div", { class: "pads" }, ...pads);
    const draw = () => pads.forEach((pad, n) => {
      const there = looks[n] === show.get("/stats/look");
      if (there && asked === looks[n]) asked = "";
      pad.setAttribute("aria-pressed", String(there));
      pad.classList.toggle("waiting", looks[n] === asked);
      if (there && pad.dataset.bare) setTimeout(() => picture(pad, looks[n]), 9000);
    });
    grid.addEventListener("asked", draw);
    grid.ends = [show.listen("/stats/look", draw)];
    const [modes, knobs] = morphRow();
    return [el("h2", {}, "Looks", modes, moments(), el("div", { class: "chips" }, ...handy())), knobs, grid];
  });
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
  return [["/show/undo", "Undo"], ["/show/redo", "Redo"], ["/show/save_new", "Save"]].filter(([path]) => show.has(path))
    .map(([path, name]) => button(show, path, openSheet, name, "chip"));
}

/** Cut or morph, and what a morph needs: how long it takes, and its position under a finger. */
function morphRow() {
  if (!show.has(MORPH)) return [null, null];
  const knobs = ["/show/morph_time", "/show/morph_position"].filter((path) => show.has(path));
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
  asked = later && look !== show.get("/stats/look") ? look : "";
  if (morphing && show.has(MORPH)) show.ask(MORPH, look);
  else show.ask(LOOK, look, show.has(QUANTIZE) ? "now" : when);
  document.querySelector(".pads")?.dispatchEvent(new Event("asked"));
}

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

// ----------------------------------------------------------------------------------------- the stage

function drawStage() {
  drawViews();
  const there = (path) => show.has(path) ? path : null;
  const knobs = [["/master/fade", "fade to black"], ["/master/brightness", "brightness"], ["/mix/crossfade", "crossfade"]]
    .filter(([path]) => show.has(path) && (path !== "/mix/crossfade" || show.has("/b/deck/lines")));
  fill("master", [...knobs.flat(), there("/master/freeze"), there("/master/blackout")], () => [
    there("/master/freeze") && toggle(show, "/master/freeze", openSheet, "Freeze", "cold"),
    there("/master/blackout") && toggle(show, "/master/blackout", openSheet, "Blackout", "alarm"),
    el("div", { class: "row" }, ...knobs.map(([path, name]) => dial(show, path, openSheet, name)))]);
  fill("tempo", [there("/beat/tap"), there("/beat/resync"), there("/beat/nudge")], () => [
    there("/beat/tap") && button(show, "/beat/tap", openSheet, "Tap"),
    there("/beat/resync") && button(show, "/beat/resync", openSheet, "Resync"),
    there("/beat/nudge") && nudge(-5, "−"), there("/beat/nudge") && nudge(5, "+")]);
  fill("record", [there(RECORD)], () => [there(RECORD) && recorder()]);
  fill("prompts", [...show.nodes.keys()].filter((path) => path.endsWith("/prompt")), (paths) => paths.map(promptBox));
  fill("pad", [there("/pad/x"), there("/pad/y")], () => [there("/pad/x") && xyPad()]);
}

/** Make the children of `id` anew when what they are made from is not what it was. */
function fill(id, from, make) {
  const signature = JSON.stringify(from.map((path) => path?.startsWith("/") ? [path, show.has(path) && fixed(path)] : path));
  const place = $(id);
  if (place.dataset.signature === signature) return;
  place.dataset.signature = signature;
  release(place);
  place.replaceChildren(...make(from).filter(Boolean));
}

function nudge(ms, sign) {
  return el("button", { type: "button", class: "nudge", "aria-label": `Beats ${Math.abs(ms)} ms ${ms < 0 ? "earlier" : "later"}`,
    onclick: () => show.set("/beat/nudge", Math.min(Math.max((show.get("/beat/nudge") ?? 0) + ms, -250), 250)) }, sign);
}

function recorder() {
  const time = el("span", {}, "Rec"), room = el("small", {});
  const root = el("button", { type: "button", class: "rec", "aria-pressed": "false", title: "Record; hold to stop" }, time, room);
  const running = () => root.getAttribute("aria-pressed") === "true";
  let timer = 0, held = false;
  root.addEventListener("pointerdown", () => {
    held = false;
    if (running()) timer = setTimeout(() => { held = true; show.set(RECORD, false); }, 900);
  });
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) root.addEventListener(end, () => clearTimeout(timer));
  root.addEventListener("click", (event) => {
    if (!running() && !held) show.set(RECORD, true);
    else if (!held) say(event.detail ? "hold the button to stop recording" : "press and hold to stop recording");
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

function promptBox(path) {
  const box = el("textarea", { maxlength: 2000, "aria-label": `Prompt ${path}`, placeholder: "Prompt" });
  const list = el("ul", { class: "queue" });
  const queue = JSON.parse(kept.get(`queue ${path}`) ?? "[]");
  const send = (text, moment) => show.set(path, text, moment);
  const draw = () => {
    kept.set(`queue ${path}`, JSON.stringify(queue.slice(0, 50)));
    list.replaceChildren(...queue.map((text, n) => el("li", {},
      el("button", { type: "button", title: "Send now", onclick: () => { send(text, when); queue.splice(n, 1); draw(); } }, text),
      el("button", { type: "button", "aria-label": "Remove", onclick: () => { queue.splice(n, 1); draw(); } }, "×"))));
  };
  const take = (act) => () => { if (box.value.trim()) act(box.value.trim()); };
  const root = el("div", { class: "prompt" }, box,
    el("div", { class: "whens" },
      el("button", { type: "button", onclick: take((text) => send(text, "now")) }, "Send"),
      el("button", { type: "button", onclick: take((text) => send(text, "bar")) }, "Next bar"),
      el("button", { type: "button", onclick: take((text) => { queue.push(text); box.value = ""; draw(); }) }, "Queue")), list);
  holdable(root, path, openSheet);
  root.ends = [show.listen(path, (text) => { if (document.activeElement !== box) box.value = text; })];
  draw();
  return root;
}

function xyPad() {
  const dot = el("div", { class: "dot" });
  const corner = (name) => {
    if (!show.has(`/pad/go_${name}`)) return null;
    const one = el("button", { type: "button", class: name, title: "Tap: go there. Hold: put this picture here." }, name.toUpperCase());
    const store = () => show.pull(`/pad/store_${name}`);
    unlessHeld(one, () => show.get(`/pad/${name}`) ? show.pull(`/pad/go_${name}`) : store());
    holdable(one, `/pad/${name}`, store);
    return one;
  };
  const corners = ["a", "b", "c", "d"].map(corner).filter(Boolean);
  const root = el("div", { class: "pad" }, dot, ...corners);
  const move = (event) => {
    const box = root.getBoundingClientRect();
    const share = (at, from, size) => Math.min(Math.max((at - from) / size, 0), 1);
    show.set("/pad/x", share(event.clientX, box.left, box.width));
    show.set("/pad/y", share(event.clientY, box.top, box.height));
  };
  root.addEventListener("pointerdown", (event) => {
    if (event.target !== root) return;
    root.setPointerCapture(event.pointerId);
    move(event);
  });
  root.addEventListener("pointermove", (event) => root.hasPointerCapture?.(event.pointerId) && move(event));
  root.ends = [show.listen("/pad/x", (x) => { dot.style.left = `${x * 100}%`; }),
    show.listen("/pad/y", (y) => { dot.style.top = `${y * 100}%`; }),
    ...corners.map((one) => show.listen(`/pad/${one.className}`, (look) => {
      const named = label(String(look)).trim();
      one.textContent = named ? `${one.className.toUpperCase()} · ${named}` : `${one.className.toUpperCase()} +`;
    }))];
  return root;
}

// --------------------------------------------------------------------------------- what is on the wall

function drawViews() {
  const paths = [...show.nodes.keys()].filter((path) => path.startsWith("/preview/"));
  fill("views", paths, () => paths.map((path, n) => view(path, n)));
}

function view(path, n) {
  const screen = el("canvas", { width: 384, height: 216, "aria-label": nameOf(path), role: "img" });
  const glow = n ? null : el("canvas", { class: "glow", width: 24, height: 14, "aria-hidden": "true" });
  const caption = el("figcaption", {}, nameOf(path));
  const root = el("figure", { class: n ? "view side" : "view" }, glow, screen, caption);
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
  if (!n) root.ends.push(show.listen(LOOK, (name) => { caption.textContent = label(String(name)); }));
  return root;
}

// ------------------------------------------------------------------------------------ beat and meters

const beat = { phase: 0, bar: 0, bpm: 120, at: 0, sure: 0 };
const heard = Object.fromEntries(BANDS.map((band) => [band, { level: 0, hits: 0, drawn: 0, peak: 0 }]));

function listenToMusic() {
  show.listen("/beat/phase", (phase) => { beat.phase = phase; beat.at = performance.now(); });
  show.listen("/beat/bar_phase", (phase) => { beat.bar = phase; });
  show.listen("/beat/confidence", (sure) => { beat.sure = sure; $("bpm").classList.toggle("unsure", sure < 0.3); });
  show.listen("/beat/bpm", (bpm) => { beat.bpm = bpm; $("bpm").value = bpm.toFixed(1); });
  for (const band of BANDS) {
    show.listen(`/audio/${band}/level`, (level) => { heard[band].level = level; });
    show.listen(`/audio/${band}/hits`, (hits) => { heard[band].hits = hits; });
  }
}

const lights = [...document.querySelectorAll("#beat i")];
let last = 0;

function frame(time) {
  requestAnimationFrame(frame);
  if (document.hidden) return;
  const since = Math.min((time - beat.at) / 1000, 0.25) * beat.bpm / 60;
  const phase = (beat.phase + Math.max(since, 0)) % 1;
  const place = Math.floor((beat.bar + Math.max(since, 0) / 4) * 4) % 4;
  document.documentElement.style.setProperty("--pulse", (Math.pow(1 - phase, 2) * Math.min(0.3 + beat.sure, 1)).toFixed(3));
  lights.forEach((light, n) => light.classList.toggle("on", n === place));
  drawMeters(Math.min((time - last) / 1000, 0.1));
  last = time;
}

function drawMeters(dt) {
  const canvas = $("meters");
  if (!canvas.offsetParent) return;
  const ratio = devicePixelRatio, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio)) [canvas.width, canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
  const paint = canvas.getContext("2d");
  paint.setTransform(ratio, 0, 0, ratio, 0, 0);
  paint.clearRect(0, 0, width, height);
  const each = width / BANDS.length, tall = height - 20;
  BANDS.forEach((band, n) => {
    const ear = heard[band];
    ear.drawn += (ear.level - ear.drawn) * (1 - Math.exp(-dt / 0.05));
    ear.peak = Math.max(ear.peak - dt * 0.5, ear.drawn);
    const [x, w, hue] = [n * each + 3, each - 6, 18 + n * 36];
    paint.fillStyle = "#171a22";
    paint.beginPath();
    paint.roundRect(x, 0, w, tall, 6);
    paint.fill();
    paint.save();
    paint.clip();
    paint.fillStyle = `hsl(${hue} 85% ${44 + 26 * ear.hits}%)`;
    paint.fillRect(x, tall * (1 - ear.drawn), w, tall);
    paint.fillStyle = `hsl(${hue} 90% 78%)`;
    paint.fillRect(x, tall * (1 - ear.peak) - 1, w, 2);
    paint.restore();
    paint.fillStyle = "#929aae";
    paint.font = "11px system-ui, sans-serif";
    paint.textAlign = "center";
    paint.fillText(band.replace("mid", " mid").trim(), x + w / 2, height - 5);
  });
}

// -------------------------------------------------------------------------------------------- status

const FIGURES = [
  ["/stats/fps", "fps", (v) => v.toFixed(0), (v) => v > 0 && v < 24], ["/stats/gen_fps", "images/s", (v) => v.toFixed(1), () => false],
  ["/stats/age_ms", "image age", (v) => `${v.toFixed(0)} ms`, (v) => v > 1500],
  ["/stats/p99_ms", "p99", (v) => `${v.toFixed(0)} ms`, () => false],
  ["/latency/total_ms", "latency", (v) => `${v.toFixed(0)} ms`, () => false],
  ["/stats/drops", "dropped", (v) => String(v), (v) => v > 0], ["/stats/restarts", "restarts", (v) => String(v), (v) => v > 0],
];

function drawFigures() {
  fill("figures", FIGURES.map(([path]) => path), () => FIGURES.filter(([path]) => show.has(path)).map(([path, name, write, bad]) => {
    const value = el("b", {}, "–");
    const root = el("div", {}, value, name);
    let said = -1e9;
    root.ends = [show.listen(path, (v) => {
      if (performance.now() - said < 300) return; // to be read, not to flicker
      said = performance.now();
      value.textContent = write(v);
      root.classList.toggle("bad", bad(v));
      root.hidden = ["dropped", "restarts"].includes(name) && !v;
    })];
    return root;
  }));
}

let unsay = 0;
function say(sentence) {
  if (!sentence) return;
  $("news").textContent = sentence;
  $("news").classList.add("said");
  clearTimeout(unsay);
  unsay = setTimeout(() => $("news").classList.remove("said"), 6000);
}

// --------------------------------------------------------------------------------------------- sheet

const sheet = $("sheet");
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
sheet.addEventListener("close", () => { release(sheet); sheet.replaceChildren(); });

function openSheet(path) {
  const node = show.nodes.get(path);
  if (!node || sheet.open) return;
  const close = el("button", { type: "button", onclick: () => sheet.close() }, "Close");
  sheet.replaceChildren(el("h3", {}, nameOf(path)), el("code", {}, path), el("p", {}, node.DESCRIPTION ?? ""),
    ...[entry(path, node), learner(path), routes(path, node), el("div", { class: "actions" }, close)].filter(Boolean));
  sheet.showModal();
}

/** What can be done with a look: its sheet. */
function openLook(look) {
  if (sheet.open) return;
  const act = (name, path, value = look) => show.has(path) && el("button", { type: "button", onclick: () => {
    show.ask(path, value);
    sheet.close();
  } }, name);
  const name = el("input", { type: "text", value: look, maxlength: 40, "aria-label": "Name", spellcheck: "false" });
  const rename = show.has("/show/rename") && el("button", { type: "button", onclick: () => {
    show.ask("/show/rename", `${look} ${name.value.trim()}`);
    sheet.close();
  } }, "Rename");
  sheet.replaceChildren(el("h3", {}, label(look)), el("p", {}, "Hold a pad for this; tap it to go there."),
    el("div", { class: "actions" }, act("Cut to it", LOOK), act("Morph to it", MORPH)),
    show.has("/pad/a") ? el("div", { class: "actions" }, "Into corner", ...["a", "b", "c", "d"].map((corner) =>
      act(corner.toUpperCase(), `/pad/${corner}`))) : "",
    el("div", { class: "actions" }, name, rename, act("Delete", "/show/delete")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => sheet.close() }, "Close")));
  sheet.showModal();
}

function entry(path, node) {
  if (node.TYPE === "I" || path === LOOK) return null;
  const unit = node.UNIT?.[0] ?? "";
  const range = node.RANGE?.[0].MIN != null ? `${words(node, node.RANGE[0].MIN)} to ${words(node, node.RANGE[0].MAX)} ${unit}` : "";
  const input = el("input", { type: "text", inputmode: "decimal", "aria-label": "Value" });
  const number = node.RANGE?.[0].MIN != null;
  const row = el("div", { class: "actions" }, number && input, number && el("button", { type: "button", onclick: () => {
    const wish = Number(input.value.replace(",", ".").replace("−", "-"));
    if (input.value.trim() && Number.isFinite(wish)) show.set(path, Math.min(Math.max(wish, node.RANGE[0].MIN), node.RANGE[0].MAX));
  } }, "Set"), node.DEFAULT && el("button", { type: "button", onclick: () => show.set(path, node.DEFAULT[0]) }, "Default"), range);
  if (number) row.ends = [show.listen(path, (value) => { if (document.activeElement !== input) input.value = words(node, value); })];
  return row;
}

function learner(path) {
  if (!show.has(LEARN)) return null;
  const state = el("span", {});
  const learn = el("button", { type: "button", onclick: () => show.set(LEARN, learning ? "" : path) }, "Learn MIDI");
  let learning = false;
  const row = el("div", { class: "actions" }, learn,
    show.has("/midi/forget") && el("button", { type: "button", onclick: () => show.set("/midi/forget", path) }, "Forget"),
    show.has("/midi/undo") && el("button", { type: "button", onclick: () => show.pull("/midi/undo") }, "Undo"), state);
  const draw = () => {
    learn.textContent = learning ? "Cancel" : "Learn MIDI";
    state.textContent = learning ? "move a control" : show.get("/midi/last") ?? "";
    state.className = learning ? "learning" : "";
  };
  row.ends = [show.listen("/midi/learning", (what) => { learning = what === path; draw(); }), show.listen("/midi/last", draw)];
  return row;
}

/** The routes that push `path`: each stands in a slot of the tree. */
function routes(path, node) {
  if (!["f", "i"].includes(node.TYPE) || !show.has("/routes/1/source") || path.startsWith("/routes/")) return null;
  const slots = [];
  for (let n = 1; show.has(`/routes/${n}/source`); n++) slots.push(`/routes/${n}`);
  const place = el("div", { class: "routes" });
  const free = (slot) => !show.get(`${slot}/target`) || show.get(`${slot}/source`) === "none";
  const draw = () => {
    release(place);
    const used = slots.filter((slot) => show.get(`${slot}/target`) === path && !free(slot));
    const more = el("button", { type: "button", onclick: () => {
      const slot = slots.find(free);
      if (!slot) { say("all routes are in use"); return; }
      const first = show.nodes.get(`${slot}/source`).RANGE[0].VALS.find((source) => source !== "none");
      show.set(`${slot}/depth`, 0.25);
      show.set(`${slot}/target`, path);
      show.set(`${slot}/source`, first);
    } }, "Add a route");
    place.replaceChildren(...used.map((slot) => el("div", { class: "route" },
      dial(show, `${slot}/depth`, () => {}, "depth"), control(show, `${slot}/source`, () => {}),
      toggle(show, `${slot}/on`, () => {}, "on"),
      el("button", { type: "button", "aria-label": "Remove the route", onclick: () => show.set(`${slot}/source`, "none") }, "×"))), more);
    place.ends = slots.flatMap((slot) => ["target", "source"].map((name) => show.listen(`${slot}/${name}`, changed)));
  };
  let shown = "", ready = false;
  const changed = () => {
    const now = slots.filter((slot) => show.get(`${slot}/target`) === path && !free(slot)).join();
    if (!ready || now === shown) return;
    shown = now;
    ready = false;
    draw();
    ready = true;
  };
  draw();
  shown = slots.filter((slot) => show.get(`${slot}/target`) === path && !free(slot)).join();
  ready = true;
  return place;
}

// ------------------------------------------------------------------------------------------ beginning

show.addEventListener("tree", () => {
  drawStage();
  drawLooks();
  drawGroups();
  drawFigures();
});
show.addEventListener("state", () => {
  document.body.dataset.state = show.state;
  $("line").textContent = { lost: "reconnecting", connecting: "connecting", live: "connected", stranger: "" }[show.state];
  $("pair").hidden = show.state !== "stranger";
});
$("pair").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = $("token").value.trim().replace(/^.*#/, "");
  $("paired").textContent = await show.pair(token).catch(() => false) ? "" : "That is not this show's token.";
});
const goTo = (part) => {
  document.body.dataset.view = part;
  for (const one of $("parts").children) one.setAttribute("aria-current", String(one.dataset.to === part));
  scrollTo(0, 0);
};
$("parts").addEventListener("click", (event) => event.target.dataset.to && goTo(event.target.dataset.to));
goTo("stage");
listenToMusic();
show.listen("/stats/t", () => {});
show.listen("/stats/message", say);
requestAnimationFrame(frame);

const token = location.hash.slice(1);
if (/^[\w-]{32}$/.test(token)) {
  history.replaceState(null, "", location.pathname);
  await show.pair(token).catch(() => false);
}
show.start();
window.vj = show; // for tests and for the curious
