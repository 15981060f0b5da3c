// Beat light, meters and figures.

import { $, fill, show } from "./desk.js";
import { el } from "./widgets.js";

const BANDS = ["sub", "bass", "lowmid", "mid", "highmid", "high"];
const beat = { phase: 0, bar: 0, bpm: 120, at: 0, sure: 0 };
const heard = Object.fromEntries(BANDS.map((band) => [band, { level: 0, hits: 0, drawn: 0, peak: 0 }]));

export function listenToMusic() {
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

/** Draws for ever, with the screen. */
export function frame(time) {
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

const FIGURES = [
  ["/stats/fps", "fps", (v) => v.toFixed(0), (v) => v > 0 && v < 24], ["/stats/gen_fps", "images/s", (v) => v.toFixed(1), () => false],
  ["/stats/age_ms", "image age", (v) => `${v.toFixed(0)} ms`, (v) => v > 1500],
  ["/stats/p99_ms", "p99", (v) => `${v.toFixed(0)} ms`, () => false],
  ["/latency/total_ms", "latency", (v) => `${v.toFixed(0)} ms`, () => false],
  ["/stats/drops", "dropped", (v) => String(v), (v) => v > 0], ["/stats/restarts", "restarts", (v) => String(v), (v) => v > 0],
];

export function drawFigures() {
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
