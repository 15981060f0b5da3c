// Controls made from OSCQuery nodes. Each keeps itself up to date; each opens its sheet on a long press.

import { fromUnit, toUnit } from "./show.js";

const TRAVEL = 190; // px of a finger's way from one end of a knob to the other
const FINE = 6;
const HOLD = 550; // ms
const SLOP = 9; // px

/** An element: `el("button", { class: "x", onclick }, child, "text")`. */
export function el(tag, attributes = {}, ...children) {
  const svg = ["svg", "circle", "path", "line", "rect"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

export const label = (name) => name.replaceAll("_", " ");
export const nameOf = (path) => label(path.slice(path.lastIndexOf("/") + 1));

/** A number as short as it is useful. */
export function words(node, value) {
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value !== "number") return String(value ?? "");
  const { MIN: lo, MAX: hi } = node.RANGE?.[0] ?? { MIN: 0, MAX: 1 };
  const size = node.CURVE?.[0] === "log" ? Math.abs(value) : Math.max(Math.abs(lo), Math.abs(hi));
  const digits = node.TYPE === "i" ? 0 : size >= 100 ? 0 : size >= 10 ? 1 : size < 0.1 ? 3 : 2;
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace("-", "\u2212");
}

/** Let a long press, a right click or the menu key on `element` open the sheet of `path`. */
export function holdable(element, path, open) {
  let timer = 0, from = null;
  const stop = () => { clearTimeout(timer); timer = 0; };
  element.dataset.path = path;
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    from = [event.clientX, event.clientY];
    stop();
    timer = setTimeout(() => {
      timer = 0;
      element.dispatchEvent(new Event("held"));
      navigator.vibrate?.(12);
      open(path);
    }, HOLD);
  });
  element.addEventListener("pointermove", (event) => {
    if (timer && from && Math.hypot(event.clientX - from[0], event.clientY - from[1]) > SLOP) stop();
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave", "turned"]) element.addEventListener(end, stop);
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    stop();
    open(path);
  });
}

/** What turns a number: a dial with the hand's value as an arc, and modulation as a second one outside. */
export function dial(show, path, open, name = nameOf(path)) {
  const node = show.nodes.get(path);
  const { MIN: lo, MAX: hi } = node.RANGE[0];
  const zero = lo < 0 && hi > 0 ? toUnit(node, 0) : 0;
  const ring = (kind, r) => el("circle", { class: kind, cx: 32, cy: 32, r, pathLength: 360 });
  const [track, arc, moved, needle] = [ring("track", 24), ring("arc", 24), ring("moved", 30),
    el("line", { class: "needle", x1: 32, y1: 18, x2: 32, y2: 10 })];
  track.setAttribute("stroke-dasharray", "270 360");
  const face = el("svg", { viewBox: "0 0 64 64", "aria-hidden": "true" }, track, arc, moved, needle);
  const number = el("output", {});
  const unit = node.UNIT?.[0] ?? "";
  const root = el("div", {
    class: "knob", role: "slider", tabindex: 0, "aria-label": `${name}${unit ? ` in ${unit}` : ""}`,
    "aria-valuemin": lo, "aria-valuemax": hi, title: node.DESCRIPTION ?? "",
  }, face, number, el("span", { class: "name" }, name), el("span", { class: "unit" }, unit));
  let base = toUnit(node, node.VALUE[0]), now = base, drag = null, pending = 0;

  const span = (circle, a, b) => {
    circle.setAttribute("stroke-dasharray", `${Math.max(Math.abs(b - a) * 270, 0.01)} 360`);
    circle.setAttribute("stroke-dashoffset", String(-Math.min(a, b) * 270));
  };
  const draw = () => {
    pending = 0;
    span(arc, zero, base);
    const moves = Math.abs(now - base) > 0.004;
    root.classList.toggle("moving", moves);
    if (moves) span(moved, base, now);
    needle.setAttribute("transform", `rotate(${base * 270 - 135} 32 32)`);
  };
  const later = () => { pending ||= requestAnimationFrame(draw); };
  const tellBase = (value) => {
    base = toUnit(node, value);
    number.value = words(node, value);
    root.setAttribute("aria-valuenow", String(value));
    root.setAttribute("aria-valuetext", `${words(node, value)} ${unit}`.trim());
    later();
  };
  const tellNow = (value) => { now = toUnit(node, value); later(); };
  const turn = (to) => show.set(path, fromUnit(node, to));
  const step = node.TYPE === "i" ? 1 / Math.max(hi - lo, 1) : 0.01;

  root.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    root.setPointerCapture(event.pointerId);
    drag = { x: event.clientX, y: event.clientY, at: base, free: false };
  });
  root.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const way = event.clientX - drag.x - (event.clientY - drag.y);
    if (!drag.free) {
      if (Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < (event.pointerType === "mouse" ? 3 : 6)) return;
      drag.free = true;
      root.classList.add("held");
      root.dispatchEvent(new Event("turned")); // no long press any more
    }
    drag.at = Math.min(Math.max(drag.at + way / (TRAVEL * (event.shiftKey ? FINE : 1)), 0), 1);
    [drag.x, drag.y] = [event.clientX, event.clientY];
    turn(drag.at);
  });
  const drop = () => { drag = null; root.classList.remove("held"); };
  for (const end of ["pointerup", "pointercancel", "held"]) root.addEventListener(end, drop);
  root.addEventListener("dblclick", () => node.DEFAULT && show.set(path, node.DEFAULT[0]));
  root.addEventListener("wheel", (event) => {
    if (document.activeElement !== root) return;
    event.preventDefault();
    turn(base - Math.sign(event.deltaY) * step);
  }, { passive: false });
  root.addEventListener("keydown", (event) => {
    const by = { ArrowUp: step, ArrowRight: step, ArrowDown: -step, ArrowLeft: -step,
                 PageUp: 10 * step, PageDown: -10 * step, Home: -1, End: 1 }[event.key];
    if (by) turn(base + by);
    else if (event.key === "Delete" || event.key === "Backspace") show.set(path, node.DEFAULT[0]);
    else return;
    event.preventDefault();
  });
  holdable(root, path, open);
  live(root, show, [[path, tellBase]], [["/now" + path, tellNow]]);
  return root;
}

/** Listen to `always` from now on, and to `seen` while the element is on the screen. */
function live(element, show, always, seen = []) {
  element.ends = always.map(([path, tell]) => show.listen(path, tell));
  const paths = seen.filter(([path]) => show.has(path));
  if (!paths.length) return;
  let looking = [];
  const watch = new IntersectionObserver(([entry]) => {
    looking.forEach((end) => end());
    looking = entry.isIntersecting ? paths.map(([path, tell]) => show.listen(path, tell)) : [];
  });
  watch.observe(element);
  element.ends.push(() => { watch.disconnect(); looking.forEach((end) => end()); });
}

/** Let go of everything that the controls below `element` listen to. */
export function release(element) {
  for (const part of [element, ...element.querySelectorAll("*")]) {
    part.ends?.forEach((end) => end());
    delete part.ends;
  }
}

/** A switch as a button that stays down. */
export function toggle(show, path, open, name = nameOf(path), kind = "") {
  const node = show.nodes.get(path);
  const root = el("button", { class: `switch ${kind}`, type: "button", "aria-pressed": "false",
                              title: node.DESCRIPTION ?? "" }, el("span", { class: "name" }, name));
  unlessHeld(root, () => show.set(path, root.getAttribute("aria-pressed") !== "true"));
  holdable(root, path, open);
  let base = false, now = null;
  const draw = () => {
    root.setAttribute("aria-pressed", String(base));
    root.classList.toggle("moving", now != null && now !== base);
  };
  live(root, show, [[path, (value) => { base = Boolean(value); draw(); }]],
    [["/now" + path, (value) => { now = Boolean(value); draw(); }]]);
  return root;
}

/** A click that a long press is not. */
export function unlessHeld(button, act) {
  let held = false;
  button.addEventListener("pointerdown", () => { held = false; });
  button.addEventListener("held", () => { held = true; });
  button.addEventListener("click", (event) => held ? event.preventDefault() : act(event));
}

/** A trigger: lights up whoever pulls it. */
export function button(show, path, open, name = nameOf(path), kind = "") {
  const node = show.nodes.get(path);
  const root = el("button", { class: `trigger ${kind}`, type: "button", title: node.DESCRIPTION ?? "" },
    el("span", { class: "name" }, name));
  const flash = () => root.animate?.([{ filter: "brightness(2.2)" }, { filter: "none" }], 220);
  root.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    show.pull(path); // on the way down: a tap is a matter of milliseconds
    flash();
  });
  root.addEventListener("keydown", (event) => {
    if ((event.key !== "Enter" && event.key !== " ") || event.repeat) return;
    event.preventDefault();
    show.pull(path);
    flash();
  });
  holdable(root, path, open);
  live(root, show, [[path, (value) => value === true && flash()]]);
  return root;
}

/** One of several names: buttons for a few, a list for many. */
export function pick(show, path, open, name = nameOf(path)) {
  const node = show.nodes.get(path);
  const choices = node.RANGE[0].VALS;
  const root = el("div", { class: "pick", title: node.DESCRIPTION ?? "" });
  let tell;
  if (choices.length <= 3 && choices.join("").length < 24) {
    const buttons = choices.map((choice) => el("button", { type: "button", onclick: () => show.set(path, choice) },
      label(choice)));
    root.append(el("div", { class: "segments", role: "group", "aria-label": name }, ...buttons));
    tell = (value) => buttons.forEach((one, n) => one.setAttribute("aria-pressed", String(choices[n] === value)));
  } else {
    const list = el("select", { "aria-label": name, onchange: () => show.set(path, list.value) },
      ...choices.map((choice) => el("option", { value: choice }, label(choice))));
    root.append(list);
    tell = (value) => { list.value = value; };
  }
  const says = el("span", { class: "name" }, name);
  root.append(says);
  let base = null, now = null;
  const draw = () => {
    const moves = now != null && base != null && now !== base;
    root.classList.toggle("moving", moves);
    says.textContent = moves ? `${name}: ${label(now)}` : name;
  };
  live(root, show, [[path, (value) => { tell(value); base = value; draw(); }]], [["/now" + path, (value) => { now = value; draw(); }]]);
  holdable(root, path, open);
  return root;
}

/** A text that is sent with Enter or when the field is left. */
export function field(show, path, open, name = nameOf(path)) {
  const node = show.nodes.get(path);
  const input = el("input", { type: "text", maxlength: 2000, "aria-label": name, spellcheck: "false",
    onchange: () => show.set(path, input.value),
    onkeydown: (event) => event.key === "Escape" && input.blur() });
  const root = el("div", { class: "field", title: node.DESCRIPTION ?? "" }, input, el("span", { class: "name" }, name));
  holdable(root, path, open);
  live(root, show, [[path, (value) => { if (document.activeElement !== input) input.value = value; }]]);
  return root;
}

/** A colour; its opacity stays as it is. */
export function swatch(show, path, open, name = nameOf(path)) {
  const node = show.nodes.get(path);
  const input = el("input", { type: "color", "aria-label": name,
    oninput: () => show.set(path, input.value + String(show.get(path) ?? "").slice(7)) });
  const root = el("div", { class: "swatch", title: node.DESCRIPTION ?? "" }, input, el("span", { class: "name" }, name));
  holdable(root, path, open);
  live(root, show, [[path, (value) => { input.value = String(value).slice(0, 7).toLowerCase(); }]]);
  return root;
}

const MAKERS = { f: dial, i: dial, T: toggle, F: toggle, I: button, s: field, r: swatch };

/** The control that fits a node; null for what can only be read. */
export function control(show, path, open) {
  const node = show.nodes.get(path);
  if (!node || node.ACCESS !== 3) return null;
  return (node.RANGE?.[0].VALS ? pick : MAKERS[node.TYPE])(show, path, open);
}
