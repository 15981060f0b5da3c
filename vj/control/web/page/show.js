// The show as a client of OSCQuery sees it: the tree, its values as they change, wishes. Survives broken lines.

import { decode, encode } from "./osc.js";

const SILENCE = 5000; // ms without a word after which the line counts as dead: /stats/t moves all the time
const FIRST = 300, LONGEST = 5000; // ms between two tries
const SETTLE = 500; // ms after a wish until the show is asked what it made of it
const PULSE = "/stats/t";
const NOT_PAIRED = 4403;

/** States: "connecting", "live", "lost", "stranger". Events: "state", "tree". */
export class Show extends EventTarget {
  nodes = new Map();
  values = new Map();
  state = "connecting";
  #listeners = new Map();
  #wishes = new Map();
  #settling = new Map();
  #socket = null;
  #retry = 0;
  #timer = 0;
  #heard = 0;
  #refetch = 0;

  start() {
    this.#connect();
    setInterval(() => this.#check(), 1000);
    addEventListener("online", () => this.#now());
    document.addEventListener("visibilitychange", () => document.hidden || this.#now());
  }

  /** Exchange the token for a cookie; false when it is wrong. */
  async pair(token) {
    const answer = await fetch("/-/pair", { method: "POST", body: token });
    if (answer.ok) this.#now();
    return answer.ok;
  }

  get(path) {
    return this.values.get(path);
  }

  has(path) {
    return this.nodes.has(path);
  }

  /** Calls `tell(value)` with what is known and with every change; returns what ends it. */
  listen(path, tell) {
    let tellers = this.#listeners.get(path);
    if (!tellers) {
      this.#listeners.set(path, tellers = new Set());
      this.#command("LISTEN", path);
    }
    tellers.add(tell);
    if (this.values.has(path)) tell(this.values.get(path));
    return () => {
      if (tellers.delete(tell) && !tellers.size && this.#listeners.get(path) === tellers) {
        this.#listeners.delete(path);
        this.#command("IGNORE", path);
      }
    };
  }

  /** Wish for a value. Of many within one frame of the screen only the last is sent. `when`: now, beat, bar. */
  set(path, value, when = "now") {
    const node = this.nodes.get(path);
    if (!node || this.state !== "live") return;
    if (node.TYPE === "I" || when !== "now") {
      this.ask(path, value, when);
      return;
    }
    if (!this.#wishes.size) requestAnimationFrame(() => this.#send());
    this.#wishes.set(path, [node.TYPE, value]);
    this.#hear(path, value);
    clearTimeout(this.#settling.get(path));
    this.#settling.set(path, setTimeout(() => {
      this.#settling.delete(path);
      this.#command("LISTEN", path);
    }, SETTLE));
  }

  /** Wish for something that the show answers in its own time: nothing here changes before it does. */
  ask(path, value, when = "now") {
    const node = this.nodes.get(path);
    if (!node || this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(encode(when === "now" ? path : `/next/${when}${path}`, node.TYPE, value));
  }

  pull(path) {
    this.set(path, true);
  }

  #send() {
    for (const [path, [type, value]] of this.#wishes) {
      if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encode(path, type, value));
    }
    this.#wishes.clear();
  }

  #command(name, data) {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      this.#socket.send(JSON.stringify({ COMMAND: name, DATA: data }));
    }
  }

  /** What the show says. What was on its way when a hand wished for something else would undo the wish: it waits. */
  #told(path, value) {
    if (!this.#settling.has(path)) this.#hear(path, value);
  }

  #hear(path, value) {
    if (!(value instanceof Uint8Array)) this.values.set(path, value);
    for (const tell of this.#listeners.get(path) ?? []) tell(value);
  }

  #enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  async #connect() {
    this.#timer = 0;
    try {
      if (!await this.#fetch()) return;
    } catch {
      this.#again();
      return;
    }
    const socket = this.#socket = new WebSocket(`ws://${location.host}/`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.#open(socket);
    socket.onmessage = (event) => this.#message(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#lose(event.code);
  }

  #open() {
    this.#retry = 0;
    this.#heard = performance.now();
    this.#enter("live");
    this.#command("BUNDLE", true);
    for (const path of this.#listeners.keys()) this.#command("LISTEN", path);
  }

  #message(data) {
    this.#heard = performance.now();
    if (typeof data !== "string") {
      decode(data, (path, value) => this.#told(path, value));
    } else if (JSON.parse(data).COMMAND?.startsWith("PATH_")) {
      clearTimeout(this.#refetch);
      this.#refetch = setTimeout(() => this.#fetch().catch(() => {}), 120);
    }
  }

  /** Read the whole tree. False for a stranger. */
  async #fetch() {
    const answer = await fetch("/", { headers: { Accept: "application/json" }, cache: "no-store" });
    if (answer.status === 401) {
      this.#enter("stranger");
      return false;
    }
    if (!answer.ok) throw new Error(answer.statusText);
    const root = await answer.json();
    this.nodes = new Map();
    this.#gather(root);
    this.dispatchEvent(new Event("tree"));
    for (const path of this.#listeners.keys()) this.#command("LISTEN", path);
    return true;
  }

  #gather(node) {
    if (node.TYPE) {
      this.nodes.set(node.FULL_PATH, node);
      if (node.VALUE?.[0] != null) this.#told(node.FULL_PATH, node.VALUE[0]);
    }
    for (const child of Object.values(node.CONTENTS ?? {})) this.#gather(child);
  }

  #lose(code) {
    this.#socket = null;
    if (code === NOT_PAIRED) this.#enter("stranger");
    else this.#again();
  }

  #again() {
    this.#enter("lost");
    const pause = Math.min(FIRST * 2 ** this.#retry++, LONGEST) * (0.7 + 0.6 * Math.random());
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  #now() {
    if (this.state === "live" || this.#socket) return;
    clearTimeout(this.#timer);
    this.#retry = 0;
    this.#connect();
  }

  /** A line on which nothing comes is dead, whatever the socket says. */
  #check() {
    if (this.state !== "live" || !this.#listeners.has(PULSE) || !this.has(PULSE)) return;
    if (performance.now() - this.#heard < SILENCE) return;
    const dead = this.#socket;
    this.#lose(0);
    dead?.close();
  }
}

/** Where `value` stands in knob space, as vj counts it. */
export function toUnit(node, value) {
  const { MIN: lo, MAX: hi } = node.RANGE[0];
  if (hi <= lo) return 0;
  if (node.CURVE?.[0] === "log") return Math.log(Math.max(value, lo) / lo) / Math.log(hi / lo);
  const share = Math.min(Math.max((value - lo) / (hi - lo), 0), 1);
  return node.CURVE?.[0] === "square" ? Math.sqrt(share) : share;
}

/** The value at knob position `unit`. */
export function fromUnit(node, unit) {
  const { MIN: lo, MAX: hi } = node.RANGE[0];
  const at = Math.min(Math.max(unit, 0), 1);
  if (node.TYPE === "i") return Math.round(lo + (hi - lo) * at);
  if (node.CURVE?.[0] === "log") return lo * Math.exp(at * Math.log(hi / lo));
  return lo + (hi - lo) * (node.CURVE?.[0] === "square" ? at * at : at);
}
