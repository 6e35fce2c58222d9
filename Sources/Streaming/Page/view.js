// The picture, the figures, the help. One picture is decoded at a time; of those that wait, the
// newest wins.

const HELP_STAYS = 9000;    // milliseconds, where nobody asked for it
const DOWNLOAD_TAKES = 60000;  // milliseconds, at most

export class View {
  /** Calls onPaint(frame) when a frame is on the canvas. */
  constructor(canvas, glow, onPaint, onError) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d", { alpha: false });
    this.glow = glow.getContext("2d", { alpha: false });
    this.onPaint = onPaint;
    this.onError = onError;
    this.waiting = null;
    this.isDecoding = false;
    this.shown = null;      // the frame on the canvas
  }

  async show(frame) {
    this.waiting = frame;
    if (this.isDecoding) return;
    this.isDecoding = true;
    while (this.waiting) {
      const next = this.waiting;
      this.waiting = null;
      try {
        this.paint(next, await createImageBitmap(next.picture));
      } catch (error) {
        this.onError(`Frame ${next.id} is no picture: ${error.message}`);
      }
    }
    this.isDecoding = false;
  }

  paint(frame, picture) {
    const { canvas } = this;
    if (canvas.width !== picture.width || canvas.height !== picture.height) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    this.context.drawImage(picture, 0, 0);
    this.glow.drawImage(picture, 0, 0, this.glow.canvas.width, this.glow.canvas.height);
    picture.close();
    this.shown = frame;
    this.onPaint(frame);
  }

  /** Gives what is on the canvas to the browser as a file, as it came. */
  save(title) {
    if (!this.shown) return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(this.shown.picture);
    link.download = `${title} ${this.shown.id}.jpg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_TAKES);
  }
}

/** Frame rate and delay, as the eye gets them. */
export class Meter {
  constructor() {
    this.painted = [];      // times of the last second's frames
    this.question = null;   // the oldest input that no frame has shown yet: { seq, time }
    this.latency = 0;
  }

  /** An input that changes something was sent. */
  ask(seq, time) { this.question ??= { seq, time }; }

  paint(frame, now) {
    this.painted.push(now);
    if (!this.question || frame.applied < this.question.seq) return;
    const delay = now - this.question.time;
    this.latency = this.latency === 0 ? delay : 0.8 * this.latency + 0.2 * delay;
    this.question = null;
  }

  forget() { this.question = null; }

  fps(now) {
    while (this.painted.length > 0 && this.painted[0] < now - 1000) this.painted.shift();
    return this.painted.length;
  }
}

/** Writes the figures into the page, only those that changed. */
export class Figures {
  constructor() { this.shown = {}; }

  set(id, text) {
    if (this.shown[id] === text) return;
    this.shown[id] = text;
    document.getElementById(id).textContent = text;
  }

  showFrame(frame) {
    this.set("keyframes", frame.keyframes.toLocaleString("en"));
    this.set("size", `${frame.width} × ${frame.height}`);
    const times = Object.entries(frame.times).filter(([, ms]) => ms > 0);
    this.set("times", times.map(([name, ms]) => `${name} ${ms.toFixed(1)}`).join(" · ")
      + (times.length > 0 ? " ms" : ""));
  }

  status(text, isBad = false) {
    this.set("status", text);
    document.getElementById("status").classList.toggle("bad", isBad);
  }
}

/** What lies over the picture: all of it can be hidden, and the help comes and goes. */
export class Overlay {
  constructor() {
    this.body = document.body;
    this.help = document.getElementById("help");
    this.ask = document.getElementById("ask");
    this.hide = document.getElementById("hide");
    this.nameKeys();
    this.showHelp(true, false);
  }

  get isHidden() { return this.body.classList.contains("bare"); }

  /** Hides all, or shows it again with the help: who came back may have forgotten the keys. */
  toggle() {
    const isHidden = this.body.classList.toggle("bare");
    this.hide.setAttribute("aria-pressed", isHidden);
    if (!isHidden) this.showHelp(true, false);
  }

  toggleHelp() {
    const isWanted = this.isHidden || this.help.classList.contains("gone");
    if (this.isHidden) this.toggle();
    this.showHelp(isWanted);
  }

  /** Help that nobody asked for goes by itself. */
  showHelp(isShown, isAskedFor = true) {
    clearTimeout(this.timer);
    this.help.classList.toggle("gone", !isShown);
    this.ask.setAttribute("aria-expanded", isShown);
    if (isShown && !isAskedFor) this.timer = setTimeout(() => this.showHelp(false), HELP_STAYS);
  }

  /** Walking goes by the keys' places: the help says what is written there, if that is known. */
  async nameKeys() {
    try {
      const layout = await navigator.keyboard.getLayoutMap();
      for (const key of this.help.querySelectorAll("kbd[data-code]")) {
        key.textContent = layout.get(key.dataset.code)?.toUpperCase() ?? key.textContent;
      }
    } catch { /* most browsers do not tell; the help is right for most keyboards */ }
  }
}
