// The page: just another OSCQuery client. It builds itself from the tree; a few paths have places of their own.

import { awake } from "./decks.js";
import { $, fixed, kept, say, show } from "./desk.js";
import { drawLooks } from "./looks.js";
import { drawFigures, frame, listenToMusic } from "./meters.js";
import { openSheet } from "./sheet.js";
import { drawStage } from "./stage.js";
import { control, el, label, release } from "./widgets.js";

const QUIT = "/machine/quit";

const TABS = [
  ["picture", "Picture", /^[a-d]\/(gen|walk|drive|prompt)/], ["effects", "Effects", /^(b\/)?fx\//],
  ["modulation", "Modulation", /^(b\/)?(mod\/|sources)/], ["mix", "Mix", /^(mix|master)/], ["sound", "Sound & beat", /^(audio|beat|latency)/],
  ["setup", "Setup", /./],
];
const TITLES = { gen: "Generator", fx: "", mod: "" };
const ELSEWHERE = new RegExp([
  "^(/b)?/(show|routes|pad)/", "^/machine/quit$", "^/beat/(tap|resync|nudge)$", "^/master/(freeze|blackout|fade|brightness)$",
  "^/mix/(crossfade|curve|blend|fade|fade_time|cut|swap|load|load_next)$", "^/record/", "^/midi/", "^/[a-d]/prompt/text", "^/[a-d]/queue/(?!bars)", "^/now/", "^/preview/"].join("|"));

const mountOf = (path) => path.slice(1, path.lastIndexOf("/"));

function titleOf(mount) {
  const [first, ...others] = mount.split("/");
  if (!others.length) return label(first);
  const last = others.map((part) => TITLES[part] ?? label(part)).join(" ").trim();
  return first.length === 1 && awake() ? `${first.toUpperCase()} · ${last}` : last;
}

function groups() {
  const found = new Map();
  for (const [path, node] of show.nodes) {
    if (node.ACCESS !== 3 || ELSEWHERE.test(path) || (path.startsWith("/b/") && !awake())) continue;
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

function drawGroups() {
  const found = groups();
  for (const [mount, { element }] of drawn) {
    if (found.has(mount)) continue;
    release(element);
    element.remove();
    drawn.delete(mount);
  }
  for (const [mount, paths] of found) {
    const signature = titleOf(mount) + JSON.stringify(paths.map(fixed));
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
