// Input goes out, frames come in, and each frame that arrives is answered with the newest input.

import { Input, label } from "./input.js";
import { Map2D } from "./map.js";
import { Figures, Meter, Overlay, View } from "./view.js";
import { Wire } from "./wire.js";

const $ = (id) => document.getElementById(id);

/** What tests and the curious may look at. */
const rtfm = {
  frames: 0, pose: null, heading: 0, fps: 0, latency: 0, keyframes: 0, warning: "",
  errors: [],
};
window.rtfm = rtfm;

const figures = new Figures();
const meter = new Meter();
const overlay = new Overlay();
const map = new Map2D($("map"));
const view = new View($("view"), $("glow"), painted, complain);
const input = new Input($("view"), $("stick"), changed);
$("map").addEventListener("pointerdown", ({ button, offsetX, offsetY }) => {
  if (button !== 0) return;
  const keyframe = map.at(offsetX, offsetY);
  if (keyframe !== null) input.goTo({ jump: keyframe });
});

let seq = 0;
let seen = 0;
let changedAt = null;       // when the oldest input that is still unsent happened
let lastError = "";
let walk = newWalk();
let cutOff = null;          // the walk that a lost connection ended
const wire = new Wire({
  open: opened, frame: arrived, notice: noticed, wait: waiting, doubt: () => send({ seconds: 0 }),
});

/** Where a connection's walk began and where it is, from its first frame on. */
function newWalk() { return { title: "", start: null, pose: null }; }

function opened() {
  // What the server itself ended would end again where it did: that walk begins anew.
  if (walk.pose) cutOff = lastError ? null : walk;
  walk = newWalk();
  [seq, seen, changedAt, lastError] = [0, 0, null, ""];
  input.take();             // what was turned while nobody listened is forgotten
  meter.forget();
  map.clear();
  warn("");
  figures.status("waking the model …");
}

function arrived(frame) {
  seen = frame.id;
  if (walk.pose) walk.pose = frame.pose;
  else begin(frame.pose);
  view.show(frame);
  send();
}

/** The first frame of a walk: one that was cut off goes on, if it began at the same pose. */
function begin(start) {
  Object.assign(walk, { start, pose: start });
  const isSame = cutOff?.title === walk.title && numbers(cutOff.start).join() === numbers(start).join();
  if (isSame && input.place === null) {
    input.goTo({ pose: numbers(cutOff.pose) });
    walk.pose = cutOff.pose;  // not lost if the connection is, before a frame shows it
  }
  cutOff = null;
}

/** A pose as it goes over the wire. */
function numbers({ right, down, forward, position }) {
  return [...right, ...down, ...forward, ...position];
}

function noticed({ title, keyframes, warning, error }) {
  if (title !== undefined) {
    walk.title = title;
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

function send(more) {
  seq += 1;
  const isOwed = wire.send({ seq, seen, ...input.take(), ...more });
  if (isOwed && changedAt !== null) meter.ask(seq, changedAt);
  changedAt = null;
}

function painted(frame) {
  meter.paint(frame, performance.now());
  map.draw(frame.place, frame.context);
  figures.showFrame(frame);
  figures.status("");
  document.body.classList.add("seen");
  rtfm.frames += 1;
  rtfm.pose = frame.pose;
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
  figures.set("fps", rtfm.fps > 0 ? String(rtfm.fps) : "–");
  figures.set("latency", rtfm.latency > 0 ? rtfm.latency.toFixed(0) : "–");
  requestAnimationFrame(tick);
}
requestAnimationFrame(tick);

function pause() {
  input.release();
  if (wire.isOpen) send();
  document.body.classList.add("paused");
}
function goOn() { document.body.classList.remove("paused"); }
addEventListener("blur", pause);
addEventListener("focus", goOn);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) pause();
  else if (document.hasFocus()) goOn();
});

const commands = {
  r: () => input.goHome(), h: () => overlay.toggle(), "?": () => overlay.toggleHelp(),
  p: () => view.save(walk.title || "view"), home: () => input.goHome(),
};
addEventListener("keydown", (event) => commands[label(event)]?.());
$("home").addEventListener("click", commands.r);
$("save").addEventListener("click", commands.p);
$("hide").addEventListener("click", commands.h);
$("ask").addEventListener("click", commands["?"]);
input.standIn($("rise"), "KeyE");
input.standIn($("sink"), "KeyQ");
addEventListener("error", ({ message }) => rtfm.errors.push(message));
addEventListener("unhandledrejection", ({ reason }) => rtfm.errors.push(String(reason)));
