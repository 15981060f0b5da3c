// What a long press opens: a value to type, MIDI learn, the routes that push a parameter, what can be done with a look.

import { $, LOOK, say, show } from "./desk.js";
import { control, dial, el, label, nameOf, release, toggle, words } from "./widgets.js";

const LEARN = "/midi/learn", MORPH = "/show/morph";
const sheet = $("sheet");
sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
sheet.addEventListener("close", () => sheet.open || put()); // the word comes late: it may have been opened again

function put(...children) {
  release(sheet);
  sheet.replaceChildren(...children);
}

const TWIN = { x: "y", y: "x" }; // one pad under the finger, two parameters

/** The sheet of a parameter. */
export function openSheet(path) {
  if (sheet.open || !show.has(path)) return;
  write(path);
  sheet.showModal();
}

function write(path) {
  const node = show.nodes.get(path);
  const close = el("button", { type: "button", onclick: () => sheet.close() }, "Close");
  const other = path.replace(/(\/pad\/)([xy])$/, (_, pad, name) => pad + TWIN[name]);
  const over = other !== path && el("button", { type: "button", onclick: () => { write(other); sheet.querySelector("input, button").focus(); } }, nameOf(other));
  put(el("h3", {}, nameOf(path)), el("code", {}, path), el("p", {}, node.DESCRIPTION ?? ""),
    ...[entry(path, node), learner(path), routes(path, node), el("div", { class: "actions" }, over || "", close)].filter(Boolean));
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
  const home = path.startsWith("/b/") ? "/b/routes" : "/routes";
  if (!node.TAGS?.includes("routable") || !show.has(`${home}/1/source`) || path.startsWith(home)) return null;
  const glides = ["f", "i"].includes(node.TYPE); // all else answers to half a turn, best of all on a beat
  const slots = [];
  for (let n = 1; show.has(`${home}/${n}/source`); n++) slots.push(`${home}/${n}`);
  const place = el("div", { class: "routes" });
  const free = (slot) => !show.get(`${slot}/target`) || show.get(`${slot}/source`) === "none";
  const draw = () => {
    release(place);
    const used = slots.filter((slot) => show.get(`${slot}/target`) === path && !free(slot));
    const more = el("button", { type: "button", onclick: () => {
      const slot = slots.find(free);
      if (!slot) { say("all routes are in use"); return; }
      const sources = show.nodes.get(`${slot}/source`).RANGE[0].VALS.filter((source) => source !== "none");
      const first = (!glides && sources.find((source) => /^(new )?every_beat/.test(source))) || sources[0];
      show.set(`${slot}/depth`, glides ? 0.25 : 1);
      show.set(`${slot}/target`, path);
      show.set(`${slot}/source`, first);
    } }, "Add a route");
    place.replaceChildren(...used.map((slot) => el("div", { class: "route" },
      dial(show, `${slot}/depth`, () => {}, "depth"), el("div", {}, control(show, `${slot}/source`, () => {}), control(show, `${slot}/curve`, () => {})),
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

/** What can be done with a look: its sheet. */
export function openLook(look) {
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
  put(el("h3", {}, label(look)), el("p", {}, "Hold a pad for this; tap it to go there."),
    el("div", { class: "actions" }, act("Cut to it", LOOK), act("Morph to it", MORPH), act("Load onto deck B", `/b${LOOK}`)),
    show.has("/pad/a") ? el("div", { class: "actions" }, "Into corner", ...["a", "b", "c", "d"].map((corner) =>
      act(corner.toUpperCase(), `/pad/${corner}`))) : "",
    el("div", { class: "actions" }, name, rename, act("Delete", "/show/delete")),
    el("div", { class: "actions" }, el("button", { type: "button", onclick: () => sheet.close() }, "Close")));
  sheet.showModal();
}
