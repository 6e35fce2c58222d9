// The connection: binary frames and JSON notices in, JSON input out. See Documentation/PROTOCOL.md.

const MAGIC = 0x4652;
const VERSION = 1;
const FIRST_WAIT = 500;     // milliseconds before the first attempt to reconnect, then doubled
const LONGEST_WAIT = 8000;

/** Reads a binary message: header fields, and the picture as a Blob. */
export function readFrame(buffer) {
  const d = new DataView(buffer);
  if (d.getUint16(0, true) !== MAGIC || d.getUint16(2, true) !== VERSION) {
    throw new Error("This page does not match its server: reload it");
  }
  const f32 = (at) => d.getFloat32(at, true);
  const f64 = (at) => d.getFloat64(at, true);
  const vector = (at) => [f64(at), f64(at + 8), f64(at + 16)];
  const count = d.getUint16(6, true);
  return {
    id: d.getUint32(8, true),
    applied: d.getUint32(12, true),
    width: d.getUint16(16, true),
    height: d.getUint16(18, true),
    keyframes: d.getUint32(20, true),
    times: { recall: f32(24), gather: f32(28), network: f32(32), jpeg: f32(36) },
    place: { x: f32(40), y: f32(44), heading: f32(48) },
    pose: { right: vector(52), down: vector(76), forward: vector(100), position: vector(124) },
    context: Array.from({ length: count }, (_, i) => d.getUint32(148 + 4 * i, true)),
    picture: new Blob([new Uint8Array(buffer, d.getUint16(4, true))], { type: "image/jpeg" }),
  };
}

/** A WebSocket that comes back: calls on.open, on.frame, on.notice, on.wait(ms, reason). */
export class Wire {
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT;
    this.connect();
  }

  connect() {
    const url = new URL("walk", location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.on.open();
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = ({ reason }) => this.reconnect(reason);
    this.socket = socket;
  }

  receive(data) {
    try {
      if (typeof data === "string") return this.on.notice(JSON.parse(data));
      this.on.frame(readFrame(data));
      this.wait = FIRST_WAIT;
    } catch (error) {
      this.on.notice({ error: error.message });
    }
  }

  reconnect(reason) {
    const wait = this.wait;
    this.wait = Math.min(LONGEST_WAIT, wait * 2);
    this.on.wait(wait, reason);
    setTimeout(() => this.connect(), wait);
  }

  get isOpen() { return this.socket.readyState === WebSocket.OPEN; }

  send(input) {
    if (this.isOpen) this.socket.send(JSON.stringify({ v: VERSION, ...input }));
  }
}
