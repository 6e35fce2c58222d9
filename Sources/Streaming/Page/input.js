// Keys, mouse, touch: what is held is a state, what is turned adds up until it is taken.

const MOUSE = 0.0024;       // radians a pixel
const TOUCH = 0.0055;
const ARROW = 1.7;          // radians a second, of an arrow that is held
const REACH = 56;           // pixels of thumb for full speed

const HOME = -1;            // where the walk began

const MOVES = {             // right, up, forward; by the keys' places, whatever is written on them
  KeyW: [0, 0, 1], KeyS: [0, 0, -1], KeyA: [-1, 0, 0], KeyD: [1, 0, 0],
  KeyE: [0, 1, 0], KeyQ: [0, -1, 0],
};
const TURNS = {             // right, up
  ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
};

/** Whether a key is the page's: with Ctrl, Alt or Meta it is the browser's. */
const isOurs = (event) => !event.ctrlKey && !event.metaKey && !event.altKey;

/**
 * What a key that was just pressed writes, in lower case: "r", "?". Null where it walks, is the
 * browser's or repeats itself. Where a layout writes no Latin letter, the key's place says which.
 */
export function label(event) {
  const { key, code } = event;
  if (!isOurs(event) || event.repeat || MOVES[code]) return null;
  const isOtherLetter = /^\p{L}$/u.test(key) && !/^[a-z]$/i.test(key);
  return (isOtherLetter && /^Key[A-Z]$/.test(code) ? code[3] : key).toLowerCase();
}

export class Input {
  /** Calls onChange whenever there is something to say. */
  constructor(canvas, stick, onChange) {
    this.canvas = canvas;
    this.stick = stick;
    this.onChange = onChange;
    this.held = new Set();
    this.turn = [0, 0];
    this.place = null;      // where to go at once: { jump: a keyframe's id or HOME } or { pose }
    this.thumb = null;      // { id, x, y, move } of the walking thumb
    this.look = null;       // { id, x, y } of a dragging mouse or the looking thumb
    this.listenToKeys();
    this.listenToPointers();
  }

  get move() {
    const sum = [0, 0, 0];
    const add = (v) => v.forEach((x, i) => { sum[i] += x; });
    for (const code of this.held) if (MOVES[code]) add(MOVES[code]);
    if (this.thumb) add(this.thumb.move);
    return sum.map((x) => Math.max(-1, Math.min(1, x)));
  }

  get isHeld() { return this.held.size > 0 || this.thumb !== null; }

  /** What to tell the server; the turns and the place are taken out. */
  take() {
    const { turn, place } = this;
    [this.turn, this.place] = [[0, 0], null];
    return { move: this.move, turn, ...place };
  }

  /** Goes to a place at once: { jump: a keyframe's id } or { pose }. */
  goTo(place) {
    this.place = place;
    this.onChange();
  }

  /** Goes to where the walk began. */
  goHome() { this.goTo({ jump: HOME }); }

  /** Once a display frame: arrows that are held turn. */
  tick(seconds) {
    for (const code of this.held) {
      const [right, up] = TURNS[code] ?? [0, 0];
      this.addTurn(right * ARROW * seconds, up * ARROW * seconds);
    }
  }

  /** Lets go of everything: the window lost the keyboard. */
  release() {
    const wasHeld = this.isHeld;
    this.held.clear();
    this.look = null;
    this.endThumb();
    if (wasHeld) this.onChange();
  }

  /** Presses a key, or what stands in for it. */
  hold(code) {
    if (this.held.has(code)) return;
    this.held.add(code);
    this.onChange();
  }

  letGo(code) {
    if (this.held.delete(code)) this.onChange();
  }

  letGoOfKeys() {
    for (const code of [...this.held]) this.letGo(code);
  }

  /** Makes a button stand in for a key as long as it is pressed: a touch screen has no keys. */
  standIn(button, code) {
    button.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.hold(code);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      button.addEventListener(end, () => this.letGo(code));
    }
    button.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  addTurn(right, up) {
    this.turn[0] += right;
    this.turn[1] += up;
    if (right !== 0 || up !== 0) this.onChange();
  }

  listenToKeys() {
    addEventListener("keydown", (event) => {
      // macOS keeps the keyup of other keys to itself while this one is down.
      if (event.key === "Meta") return this.letGoOfKeys();
      if (!isOurs(event) || !(MOVES[event.code] || TURNS[event.code])) return;
      event.preventDefault();
      if (!event.repeat) this.hold(event.code);
    });
    addEventListener("keyup", (event) => {
      if (event.key === "Meta") return this.letGoOfKeys();
      this.letGo(event.code);
    });
  }

  listenToPointers() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => this.lift(event));
    }
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  get isLocked() { return document.pointerLockElement === this.canvas; }

  press(event) {
    const { pointerId: id, clientX: x, clientY: y } = event;
    if (event.pointerType === "touch") {
      event.preventDefault();
      this.canvas.setPointerCapture(id);
      if (x < innerWidth / 2 && !this.thumb) return this.beginThumb(id, x, y);
      this.look ??= { id, x, y, scale: TOUCH };
    } else if (event.button === 0 && !this.isLocked) {
      this.canvas.setPointerCapture(id);
      this.look = { id, x, y, scale: MOUSE };
      this.lock();
    }
  }

  // Where the pointer cannot be locked, dragging looks around.
  lock() {
    try {
      this.canvas.requestPointerLock?.()?.catch?.(() => {});
    } catch { /* dragging it is */ }
  }

  drag(event) {
    if (this.isLocked) {
      return this.addTurn(event.movementX * MOUSE, -event.movementY * MOUSE);
    }
    const { pointerId: id, clientX: x, clientY: y } = event;
    if (this.thumb?.id === id) return this.moveThumb(x, y);
    if (this.look?.id !== id) return;
    // A button that was let go of outside of the window, or over something else.
    if (event.buttons === 0) return this.lift(event);
    const { scale } = this.look;
    this.addTurn((x - this.look.x) * scale, (this.look.y - y) * scale);
    Object.assign(this.look, { x, y });
  }

  lift({ pointerId: id }) {
    if (this.look?.id === id) this.look = null;
    if (this.thumb?.id === id) {
      this.endThumb();
      this.onChange();
    }
  }

  beginThumb(id, x, y) {
    this.thumb = { id, x, y, move: [0, 0, 0] };
    Object.assign(this.stick.style, { display: "block", left: `${x}px`, top: `${y}px` });
    this.moveThumb(x, y);
  }

  moveThumb(x, y) {
    const { thumb } = this;
    const [dx, dy] = [x - thumb.x, y - thumb.y];
    const scale = 1 / Math.max(REACH, Math.hypot(dx, dy));
    thumb.move = [dx * scale, 0, -dy * scale];
    const knob = this.stick.firstElementChild;
    knob.style.transform = `translate(${dx * scale * REACH}px, ${dy * scale * REACH}px)`;
    this.onChange();
  }

  endThumb() {
    this.thumb = null;
    this.stick.style.display = "none";
  }
}
