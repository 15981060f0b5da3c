// The page: just another OSCQuery client. It builds itself from the tree; a few paths have places of their own.

import { Show } from "./show.js";
import { button, control, dial, el, holdable, label, nameOf, release, toggle, unlessHeld, words } from "./widgets.js";

const show = new Show();
const $ = (id) => document.getElementById(id);
const kept = { get: (key) => localStorage.getItem(`vj ${key}`), set: (key, value) => localStorage.setItem(`vj ${key}`, value) };
const LOOK = "/show/look", RECORD = "/record/on", LEARN = "/midi/learn";
const BANDS = ["sub", "bass", "lowmid", "mid", "highmid", "high"];

// --------------------------------------------------------------------------------------- the groups

const TABS = [
  ["picture", "Picture", /^[a-d]\/(gen|walk|drive)/], ["effects", "Effects", /^fx\//],
  ["modulation", "Modulation", /^mod\//], ["mix", "Mix", /^(mix|master)/], ["sound", "Sound & beat", /^(audio|beat|latency)/],
  ["setup", "Setup", /./],
];
const TITLES = { gen: "Generator", fx: "", mod: "" };
const ELSEWHERE = new RegExp([
  "^/show/look$", "^/beat/(tap|resync|nudge)$", "^/master/(freeze|blackout|fade|brightness)$", "^/mix/crossfade$",
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
    const element = el("section", { class: "group", "data-tab": TABS.find(([, , mounts]) => mounts.test(mount))[0] },
      el("h2", {}, titleOf(mount), el("small", {}, "/" + mount)),
      el("div", { class: "controls" }, ...paths.map((path) => control(show, path, openSheet))));
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

let when = kept.get("when") ?? "now";
let asked = "";

function drawLooks() {
  const looks = show.nodes.get(LOOK)?.RANGE[0].VALS ?? [];
  const signature = looks.join();
  if ($("looks").dataset.signature === signature) return;
  $("looks").dataset.signature = signature;
  release($("looks"));
  const pads = looks.map(lookPad);
  const chips = ["now", "beat", "bar"].map((moment) => el("button", { type: "button", class: "chip",
    "aria-pressed": String(when === moment), onclick: () => {
      kept.set("when", when = moment);
      chips.forEach((chip) => chip.setAttribute("aria-pressed", String(chip.textContent.endsWith(when))));
    } }, moment === "now" ? moment : `next ${moment}`));
  const head = el("h2", {}, "Looks", el("div", { class: "chips", role: "group", "aria-label": "When a look changes" }, ...chips));
  $("looks").replaceChildren(head, el("div", { class: "pads" }, ...pads));
  $("looks").ends = [show.listen(LOOK, (look) => {
    if (look === asked) asked = "";
    pads.forEach((pad, n) => {
      pad.setAttribute("aria-pressed", String(looks[n] === look));
      pad.classList.toggle("waiting", looks[n] === asked);
      if (looks[n] === look && pad.dataset.bare) setTimeout(() => picture(pad, look), 9000);
    });
  })];
}

function lookPad(look) {
  const pad = el("button", { type: "button", class: "look", "aria-pressed": "false" }, el("span", {}, label(look)));
  unlessHeld(pad, () => {
    show.set(LOOK, look, when);
    asked = when === "now" ? "" : look;
    document.querySelectorAll(".look.waiting").forEach((other) => other.classList.remove("waiting"));
    pad.classList.toggle("waiting", asked === look && show.get(LOOK) !== look);
  });
  holdable(pad, LOOK, openSheet);
  picture(pad, look);
  return pad;
}

/** The look's own picture, or one made from its name until there is one. */
function picture(pad, look) {
  const image = el("img", { alt: "", src: `/-/thumb/${encodeURIComponent(look)}`, onload: () => {
    pad.querySelector("img")?.remove();
    delete pad.dataset.bare;
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
  const corner = (name) => show.has(`/pad/go_${name}`) &&
    el("button", { type: "button", class: name, onclick: () => show.pull(`/pad/go_${name}`) }, name.toUpperCase());
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
    ...corners.map((one) => show.listen(`/pad/${one.className}`, (look) => { one.textContent = label(String(look)) || one.className.toUpperCase(); }))];
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
