// Input goes out, frames come in, and each frame that arrives is answered with the newest input.

import { Input } from "./input.js";
import { Map2D } from "./map.js";
import { Figures, Meter, View } from "./view.js";
import { Wire } from "./wire.js";

const HELP_STAYS = 9000;    // milliseconds
const $ = (id) => document.getElementById(id);

/** What tests and the curious may look at. */
const rtfm = {
  frames: 0, position: null, heading: 0, fps: 0, latency: 0, keyframes: 0, warning: "",
  errors: [],
};
window.rtfm = rtfm;

const figures = new Figures();
const meter = new Meter();
const map = new Map2D($("map"));
const view = new View($("view"), $("glow"), painted, complain);
const input = new Input($("view"), $("stick"), changed);
$("map").addEventListener("pointerdown", ({ offsetX, offsetY }) => {
  const keyframe = map.at(offsetX, offsetY);
  if (keyframe !== null) input.jumpTo(keyframe);
});

let seq = 0;
let seen = 0;
let changedAt = null;       // when the oldest input that is still unsent happened
let lastError = "";
const wire = new Wire({ open: opened, frame: arrived, notice: noticed, wait: waiting });

function opened() {
  [seq, seen, changedAt, lastError] = [0, 0, null, ""];
  meter.forget();
  map.clear();
  warn("");
  figures.status("waking the model …");
}

function arrived(frame) {
  seen = frame.id;
  view.show(frame);
  send();
}

function noticed({ title, keyframes, warning, error }) {
  if (title !== undefined) {
    document.title = title;
    figures.set("title", title);
  }
  if (keyframes) map.add(keyframes);
  if (warning !== undefined) warn(warning);
  if (error) complain(error);
}

function warn(text) {
  rtfm.warning = text;
  figures.set("warning", text);
}

function waiting(milliseconds, reason) {
  const why = lastError || reason || "The server is out of reach";
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  figures.status(`${why} – trying again in ${seconds} s`, true);
}

function complain(text) {
  lastError = text;
  rtfm.errors.push(text);
  figures.status(text, true);
}

function changed() {
  changedAt ??= performance.now();
}

function send() {
  seq += 1;
  wire.send({ seq, seen, ...input.take() });
  if (changedAt !== null) meter.ask(seq, changedAt);
  changedAt = null;
}

function painted(frame) {
  meter.paint(frame, performance.now());
  map.draw(frame.place, frame.context);
  figures.showFrame(frame);
  figures.status("");
  document.body.classList.add("seen");
  rtfm.frames += 1;
  rtfm.position = frame.pose.position;
  rtfm.heading = frame.place.heading;
  rtfm.keyframes = frame.keyframes;
}

// Once a display frame: arrows turn, news is sent, figures are brought up to date.
let before = performance.now();
function tick(now) {
  input.tick(Math.min(0.1, (now - before) / 1000));
  before = now;
  if (changedAt !== null && wire.isOpen) send();
  rtfm.fps = meter.fps(performance.now());
  rtfm.latency = meter.latency;
  figures.set("fps", String(rtfm.fps));
  figures.set("latency", rtfm.latency > 0 ? rtfm.latency.toFixed(0) : "–");
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);

function pause() {
  input.release();
  if (wire.isOpen) send();
  document.body.classList.add("paused");
}
addEventListener("blur", pause);
addEventListener("focus", () => document.body.classList.remove("paused"));
document.addEventListener("visibilitychange", () => { if (document.hidden) pause(); });

addEventListener("keydown", (event) => {
  if (event.code === "KeyH" && !event.repeat) document.body.classList.toggle("bare");
});
setTimeout(() => $("help").classList.add("gone"), HELP_STAYS);
addEventListener("error", ({ message }) => rtfm.errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => rtfm.errors.push(String(reason)));
