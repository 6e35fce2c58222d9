// The map: keyframes as wedges that point where they look, the context bright, you in the middle.

const NARROWEST = 1.5;      // world units from the middle to the edge, at least
const SIGHT = 0.42;         // half of a wedge's angle, radians
const WEDGE = 7;            // a wedge's length, pixels
const NEAR = 18;            // pixels between a click and the wedge that is meant

export class Map2D {
  constructor(canvas) {
    this.canvas = canvas;
    this.clear();
    // Who stands still gets no frames, but may turn the screen: a click goes by what is drawn.
    new ResizeObserver(() => this.redraw()).observe(canvas);
  }

  /** A new walk: another map. */
  clear() {
    this.keyframes = new Map();   // id -> [x, y, heading]
    this.radius = null;
    this.toScreen = null;
    this.drawn = null;            // what draw() was given last
  }

  add(list) {
    for (const [id, ...place] of list) this.keyframes.set(id, place);
  }

  redraw() {
    if (this.drawn) this.draw(...this.drawn);
  }

  draw(place, context) {
    this.drawn = [place, context];
    const g = this.prepare();
    const recalled = new Set(context);
    this.radius = this.zoom(place, recalled);
    const { half } = this;
    const scale = (0.86 * half) / this.radius;
    const toScreen = ([x, y]) => [half + (x - place.x) * scale, half - (y - place.y) * scale];
    this.toScreen = toScreen;
    g.fillStyle = "rgb(190 205 220 / 34%)";
    g.beginPath();
    for (const [id, at] of this.keyframes) {
      if (!recalled.has(id)) this.wedge(g, toScreen(at), at[2], WEDGE);
    }
    g.fill();
    for (const id of recalled) {
      const at = this.keyframes.get(id);
      if (!at) continue;
      this.thread(g, toScreen(at));
      g.fillStyle = "#ffc56b";
      g.beginPath();
      this.wedge(g, toScreen(at), at[2], 11);
      g.fill();
    }
    this.viewer(g, place.heading);
  }

  /** The id of the keyframe whose wedge is at a point of the map, in CSS pixels; null for none. */
  at(x, y) {
    let [nearest, best] = [null, NEAR];
    if (!this.toScreen) return nearest;
    for (const [id, at] of this.keyframes) {
      const [u, v] = this.toScreen(at);
      const [dx, dy] = [WEDGE / 2 * Math.sin(at[2]), -WEDGE / 2 * Math.cos(at[2])];
      const distance = Math.hypot(u + dx - x, v + dy - y);
      if (distance < best) [nearest, best] = [id, distance];
    }
    return nearest;
  }

  /** As sharp as the screen; y down, in CSS pixels. */
  prepare() {
    const { canvas } = this;
    const ratio = devicePixelRatio || 1;
    const side = canvas.clientWidth;
    if (canvas.width !== Math.round(side * ratio)) {
      canvas.width = canvas.height = Math.round(side * ratio);
    }
    this.half = side / 2;
    const g = canvas.getContext("2d");
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, side, side);
    return g;
  }

  /** Shows everything while that is near, else a few times as far as the context goes. */
  zoom(place, recalled) {
    let all = 0;
    let near = 0;
    for (const [id, [x, y]] of this.keyframes) {
      const distance = Math.hypot(x - place.x, y - place.y);
      all = Math.max(all, distance);
      if (recalled.has(id)) near = Math.max(near, distance);
    }
    const wanted = Math.max(NARROWEST, Math.min(all, 4 * Math.max(near, NARROWEST)));
    return this.radius === null ? wanted : this.radius + 0.12 * (wanted - this.radius);
  }

  /** Adds a wedge to the path that is filled next. */
  wedge(g, [x, y], heading, length) {
    const isOut = (v) => v < -length || v > 2 * this.half + length;
    if (isOut(x) || isOut(y)) return;
    g.moveTo(x, y);
    for (const side of [-SIGHT, SIGHT]) {
      g.lineTo(x + length * Math.sin(heading + side), y - length * Math.cos(heading + side));
    }
  }

  thread(g, [x, y]) {
    g.strokeStyle = "rgb(255 197 107 / 28%)";
    g.lineWidth = 1;
    g.beginPath();
    g.moveTo(this.half, this.half);
    g.lineTo(x, y);
    g.stroke();
  }

  viewer(g, heading) {
    g.save();
    g.translate(this.half, this.half);
    g.rotate(heading);
    g.fillStyle = "#8fdcff";
    g.strokeStyle = "rgb(7 9 11 / 85%)";
    g.lineWidth = 1.5;
    g.beginPath();
    g.moveTo(0, -8);
    g.lineTo(5.5, 6);
    g.lineTo(0, 3);
    g.lineTo(-5.5, 6);
    g.closePath();
    g.stroke();
    g.fill();
    g.restore();
  }
}
