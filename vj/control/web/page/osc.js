// OSC 1.0 packets, as they travel over the websocket.

const utf8 = new TextEncoder();
const words = new TextDecoder();

function padded(bytes, zeros) {
  const out = new Uint8Array((bytes.length + zeros + 3) & ~3);
  out.set(bytes);
  return out;
}

function number(set, value, size = 4) {
  const view = new DataView(new ArrayBuffer(size));
  view[set](0, value);
  return new Uint8Array(view.buffer);
}

function colour(text) {
  const digits = text.slice(1).padEnd(8, "f");
  return Uint8Array.from({ length: 4 }, (_, n) => parseInt(digits.substr(2 * n, 2), 16));
}

const WRITERS = {
  f: (v) => ["f", number("setFloat32", v)],
  i: (v) => ["i", number("setInt32", Math.round(v))],
  s: (v) => ["s", padded(utf8.encode(String(v).replaceAll("\0", "")), 1)],
  T: (v) => [v ? "T" : "F", new Uint8Array()],
  r: (v) => ["r", colour(v)],
  I: () => ["T", new Uint8Array()],
};

/** One message with one value of the OSCQuery type `type`. */
export function encode(path, type, value) {
  const [tag, data] = WRITERS[type](value);
  const parts = [padded(utf8.encode(path), 1), padded(utf8.encode("," + tag), 1), data];
  const packet = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    packet.set(part, at);
    at += part.length;
  }
  return packet;
}

function text(bytes, at) {
  let end = at;
  while (end < bytes.length && bytes[end]) end++;
  return [words.decode(bytes.subarray(at, end)), (end + 4) & ~3];
}

const hex = (byte) => byte.toString(16).padStart(2, "0");

/** Calls `tell(path, value)` for every message of a packet. Pictures come as Uint8Array, triggers as true. */
export function decode(buffer, tell) {
  read(new Uint8Array(buffer), tell);
}

function read(bytes, tell) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[0] === 35) { // "#bundle"
    for (let at = 16; at + 4 <= bytes.length;) {
      const size = view.getInt32(at);
      if (size <= 0) return;
      read(bytes.subarray(at + 4, at + 4 + size), tell);
      at += 4 + size;
    }
    return;
  }
  const [path, tagsAt] = text(bytes, 0);
  const [tags, at] = text(bytes, tagsAt);
  switch (tags[1]) {
    case "f": return tell(path, view.getFloat32(at));
    case "i": return tell(path, view.getInt32(at));
    case "d": return tell(path, view.getFloat64(at));
    case "h": return tell(path, Number(view.getBigInt64(at)));
    case "s": return tell(path, text(bytes, at)[0]);
    case "T": case "I": return tell(path, true);
    case "F": return tell(path, false);
    case "r": return tell(path, "#" + [0, 1, 2, 3].map((n) => hex(bytes[at + n])).join(""));
    case "b": return tell(path, bytes.subarray(at + 4, at + 4 + view.getInt32(at)));
    default: return undefined;
  }
}
