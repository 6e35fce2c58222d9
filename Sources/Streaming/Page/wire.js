// The connection: binary frames and JSON notices in, JSON input out. See Documentation/PROTOCOL.md.

const MAGIC = 0x4652;
const VERSION = 1;
const FIRST_WAIT = 500;     // milliseconds before the first attempt to reconnect, then doubled
const LONGEST_WAIT = 8000;
const PATIENCE = 5;         // seconds without an owed frame: the connection is lost
const LONGEST_PATIENCE = 30;  // at a walk's first frame, and where frames are slow

/** Whether a message makes the server draw: it rests where nothing is held, turned or asked for. */
function asksForFrame({ move, turn, jump, pose, seconds }, lastMove) {
  return [jump, pose, seconds].some((x) => x !== undefined)
    || [...move, ...turn].some((x) => x !== 0) || move.some((x, i) => x !== lastMove[i]);
}

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

/**
 * A WebSocket that comes back: calls on.open, on.frame, on.notice, on.wait(ms, reason), and
 * on.doubt where a message that asks for a frame would show whether the connection still is one.
 *
 * A network that goes away says nothing. So a frame that is owed and does not come is the sign.
 */
export class Wire {
  constructor(on) {
    this.on = on;
    this.wait = FIRST_WAIT;
    this.connect();
    setInterval(() => this.listen(), 1000);
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.wake(); });
  }

  connect() {
    clearTimeout(this.retry);
    this.retry = null;      // the timer of the next attempt
    this.owed = 0;          // seq of the newest message that a frame has to show yet, or null
    this.silence = 0;       // seconds without a frame while one was owed
    this.slowest = 0;       // the longest silence of late that ended well
    this.patience = LONGEST_PATIENCE;
    this.move = [0, 0, 0];  // what was held when last said
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
      const frame = readFrame(data);
      this.settle(frame);
      this.on.frame(frame);
      this.wait = FIRST_WAIT;
    } catch (error) {
      this.on.notice({ error: error.message });
    }
  }

  /** A frame has come: what it shows is no longer owed, and a slow server is given more time. */
  settle(frame) {
    this.slowest = Math.max(this.silence, 0.9 * this.slowest);
    this.patience = Math.min(LONGEST_PATIENCE, Math.max(PATIENCE, 3 * this.slowest));
    this.silence = 0;
    if (this.owed !== null && frame.applied >= this.owed) this.owed = null;
  }

  /** Once a second. It counts, and no clock does: a machine that slept has not waited. */
  listen() {
    if (this.owed === null || document.hidden) return;
    this.silence += 1;
    if (this.silence > this.patience) this.drop("The server does not answer");
  }

  /** The network is back, or the viewer: finds out at once how things stand. */
  wake() {
    if (this.retry !== null) return this.connect();
    if (this.isOpen && this.owed === null) this.on.doubt();
  }

  /** Leaves a connection without waiting for its goodbye, which may not come for minutes. */
  drop(reason) {
    const { socket } = this;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    this.reconnect(reason);
  }

  reconnect(reason) {
    const wait = this.wait;
    this.wait = Math.min(LONGEST_WAIT, wait * 2);
    this.owed = null;
    this.retry = setTimeout(() => this.connect(), wait);
    this.on.wait(wait, reason);
  }

  get isOpen() { return this.socket.readyState === WebSocket.OPEN; }

  /** Says something; returns whether the server owes a frame for it. */
  send(input) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify({ v: VERSION, ...input }));
    const isOwed = asksForFrame(input, this.move);
    if (isOwed) this.owed = input.seq;
    this.move = input.move;
    return isOwed;
  }
}
