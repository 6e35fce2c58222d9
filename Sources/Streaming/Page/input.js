// Keys, mouse, touch: what is held is a state, what is turned adds up until it is taken.

const MOUSE = 0.0024;       // radians a pixel
const TOUCH = 0.0055;
const ARROW = 1.7;          // radians a second
const REACH = 56;           // pixels of thumb for full speed

const HOME = -1;            // where the walk began

const MOVES = {             // right, up, forward
  KeyW: [0, 0, 1], KeyS: [0, 0, -1], KeyA: [-1, 0, 0], KeyD: [1, 0, 0],
  ArrowUp: [0, 0, 1], ArrowDown: [0, 0, -1], KeyE: [0, 1, 0], KeyQ: [0, -1, 0],
};
const TURNS = { ArrowLeft: -ARROW, ArrowRight: ARROW };

export class Input {
  /** Calls onChange whenever there is something to say. */
  constructor(canvas, stick, onChange) {
    this.canvas = canvas;
    this.stick = stick;
    this.onChange = onChange;
    this.held = new Set();
    this.turn = [0, 0];
    this.jump = undefined;  // a keyframe's id, or HOME
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

  /** What to tell the server; the turns and the jump are taken out. */
  take() {
    const { turn, jump } = this;
    [this.turn, this.jump] = [[0, 0], undefined];
    return { move: this.move, turn, jump };
  }

  /** Goes to a keyframe at once. */
  jumpTo(keyframe) {
    this.jump = keyframe;
    this.onChange();
  }

  /** Once a display frame: arrows that are held turn. */
  tick(seconds) {
    let turn = 0;
    for (const code of this.held) turn += TURNS[code] ?? 0;
    if (turn !== 0) this.addTurn(turn * seconds, 0);
  }

  /** Lets go of everything: the window lost the keyboard. */
  release() {
    this.held.clear();
    this.look = null;
    this.endThumb();
    this.onChange();
  }

  addTurn(right, up) {
    this.turn[0] += right;
    this.turn[1] += up;
    if (right !== 0 || up !== 0) this.onChange();
  }

  listenToKeys() {
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.code === "KeyR" && !event.repeat) this.jumpTo(HOME);
      if (!MOVES[event.code] && !TURNS[event.code]) return;
      event.preventDefault();
      if (event.repeat || this.held.has(event.code)) return;
      this.held.add(event.code);
      this.onChange();
    });
    addEventListener("keyup", (event) => {
      if (this.held.delete(event.code)) this.onChange();
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
    this.canvas.focus();
    const { pointerId: id, clientX: x, clientY: y } = event;
    if (event.pointerType === "touch") {
      event.preventDefault();
      this.canvas.setPointerCapture(id);
      if (x < innerWidth / 2 && !this.thumb) return this.beginThumb(id, x, y);
      this.look ??= { id, x, y, scale: TOUCH };
    } else if (event.button === 0 && !this.isLocked) {
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
