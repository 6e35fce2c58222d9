"""How long PyTorch takes to draw one frame: the figure that another implementation compares with.

    python3 bench.py --preset small --resolution 256x256 --patch 16 --contexts 4 --threads 2

Written as a user of eager PyTorch who knows it well would: Float32, fused projections, two batched
products in place of many small ones. What depends on the query's pose is worked out anew for every
frame; what depends on a lens alone is kept. It is held against the twin before the clock starts.
Prints one JSON line: milliseconds a frame, the products' GFLOP a frame and their rate, and
`matmul_gflops`, the rate of one large matrix product on the same threads.
"""

import argparse
import json
import math
import time

import torch
import torch.nn.functional as F

import cameras
from generate import Source
from twin import (Configuration, Twin, grouped, layer_norm, patchify, phases, put_together,
                  rms_norm, time_embedding, waves)

PRESETS = {  # layers, width, heads, key/value heads, head width
  "nano": (6, 192, 3, 3, 64), "small": (12, 384, 6, 6, 64), "base": (18, 768, 12, 4, 64)}
SCALE = 2.0


def preset(name, patch):
  layers, width, heads, shared, head_width = PRESETS[name]
  return Configuration(layers=layers, width=width, heads=heads, keyValueHeads=shared, patch=patch,
                       headWidth=head_width, hidden=width * 8 // 3 // 64 * 64, rotaryPeak=24,
                       rotaryBase=16, valuePeak=8,
                       overlap=min(patch // 2, max(4, patch // 8)))


class Renderer:
  """Draws one query from contexts encoded before. Layout of all heads: [., T, d], no batch."""

  def __init__(self, twin, contexts, camera, lens):
    self.c, self.w = twin.configuration, twin.weights
    self.cache = [torch.stack([x[0].transpose(0, 1) for x in pair])            # [2, G, C, T, d]
                  for pair in contexts.layers]
    self.camera, self.lens = camera, lens
    self.fuse()
    self.keep_lenses(twin)

  def fuse(self):
    """One matrix for q, k, v and one for gate and up."""
    w, layers = self.w, range(self.c.layers)
    joined = lambda l, names: torch.cat([w[f"layers.{l}.{name}.weight"] for name in names])
    self.qkv = [joined(l, ("query", "key", "value")) for l in layers]
    self.gate_up = [joined(l, ("gate", "up")) for l in layers]

  def keep_lenses(self, twin):
    """Rays, projections and rotations that no pose changes."""
    c, columns_rows = self.c, self.lens.grid(self.c.patch)
    rays = cameras.rays(self.lens.lens, *(side * c.patch for side in columns_rows)).float()
    self.rays = patchify(rays, c.patch)[0]                                     # [N, 3p²]
    lift = cameras.lifted(self.lens.lens)[0]
    self.lift, self.unlift = self.blocks(lift), self.blocks(torch.linalg.inv(lift))
    self.unlift_contexts = torch.linalg.inv(cameras.lifted(self.camera.lens[0]))
    self.frequencies = self.ladder(*twin.ladder(self.lens))
    own = twin.own_coordinates(self.lens).float()
    self.own = self.angles(own)                                                # cos, sin [T, d/2]
    self.waves = waves(c).float()
    turn = phases(own[None], self.waves)
    self.turn = self.tables(turn)                                              # [G, T, d/2]
    self.back = self.tables(-turn.repeat_interleave(c.heads // c.keyValueHeads, 0))
    self.partner = self.quarter_turn()
    centres = cameras.centres(*self.camera.grid(c.patch)) * c.patch
    self.directions = cameras.directions(self.camera.lens[0, :, None], centres).float()
    self.depths = cameras.depths(c).float()[:, None, None, :, None]            # [G, 1, 1, A, 1]

  def blocks(self, matrix):
    """4 x 4 matrices repeated along the diagonal, transposed, to act on rows of d/2 channels."""
    eye = torch.eye(self.c.headWidth // 8, dtype=matrix.dtype)
    return torch.einsum("gh,...ij->...gihj", eye, matrix).flatten(-4, -3).flatten(-2).mT.float()

  def ladder(self, peak, base):
    n = self.c.headWidth // (4 * self.c.anchors)
    return peak * base ** (-2 * torch.arange(n // 2) / n)

  def angles(self, coordinates):
    """cos and sin for every channel of the rotary half."""                    # [..., T, d/2] twice
    return self.tables((coordinates[..., None] * self.frequencies).flatten(-2))

  def tables(self, angles):
    """cos and sin of both channels of every pair."""
    return [x[..., None, :].expand(*x.shape[:-1], 2, -1).flatten(-3)
            for x in (angles.cos(), angles.sin())]

  def quarter_turn(self):
    """The matrix that takes (a, b) to (-b, a) in every pair, for rows."""
    n = self.c.headWidth // (4 * self.c.anchors)
    zero, one = torch.zeros(n, n), torch.eye(n)
    pair = torch.cat([torch.cat([zero, one], 1), torch.cat([-one, zero], 1)])
    return torch.block_diag(*[pair] * self.c.anchors)

  def locate(self, pose):
    """What this query's pose makes of the contexts: projections, cos and sin."""
    e = cameras.relative(pose, self.camera.pose[0], SCALE)                     # [C, 4, 4]
    self.projections = self.blocks(e @ self.unlift_contexts)                   # [C, d/2, d/2]
    e = e.float()
    points = self.directions @ e[:, :3, :3].mT                                 # [C, N, 3]
    points = self.depths * points[:, :, None] + e[:, None, None, :3, 3]        # [G, C, N, A, 3]
    landed = F.pad(self.landed(points), (0, 0, 0, 0, 0, self.c.registers))
    self.rotations = self.angles(landed)                                       # [G, C, T, d/2]
    turn = (landed[..., None, :] * self.waves[:, None, None]).sum(-1)
    self.turns = self.tables(turn)                                             # [G, C, T, d/2]

  def landed(self, points):
    lens, m = self.lens.lens[0].float(), max(self.lens.grid(self.c.patch))
    xy, z = points[..., :2], points[..., 2:]
    u = (lens[:2] * xy / z + lens[2:4]) / self.c.patch - 0.5
    return torch.where(z < 0.025, -2 * m, u).clamp(-2 * m, 3 * m)

  def turned(self, x, table):
    return torch.addcmul(x * table[0], x @ self.partner, table[1])

  def recalled(self, layer):
    """A layer's transformed keys and values of all contexts."""               # [2, G, C T, d]
    projective, rotary = self.cache[layer].chunk(2, -1)
    projective = projective @ self.projections
    key = torch.cat([projective[0], self.turned(rotary[0], self.rotations)], -1)
    value = torch.cat([projective[1], self.turned(rotary[1], self.turns)], -1)
    return key.flatten(1, 2), value.flatten(1, 2)

  def attention(self, layer, n):
    c, p = self.c, f"layers.{layer}"
    heads = F.linear(n, self.qkv[layer]).unflatten(-1, (-1, c.headWidth)).transpose(0, 1)
    q, k, v = heads.split([c.heads, c.keyValueHeads, c.keyValueHeads])         # [., T, d]
    q, k = rms_norm(q, self.w[f"{p}.query_norm"]), rms_norm(k, self.w[f"{p}.key_norm"])
    (qp, qr), (kp, kr), (vp, vr) = (x.chunk(2, -1) for x in (q, k, v))
    q = torch.cat([qp @ self.lift.mT, self.turned(qr, self.own)], -1)
    k = torch.cat([kp @ self.unlift, self.turned(kr, self.own)], -1)
    v = torch.cat([vp @ self.unlift, self.turned(vr, self.turn)], -1)
    keys, values = self.recalled(layer)
    k = torch.cat([keys, self.w[f"{p}.null_key"][:, None], k], 1)
    v = torch.cat([values, self.w[f"{p}.null_value"][:, None], v], 1)
    o = F.scaled_dot_product_attention(q[None], k[None], v[None], enable_gqa=True)[0]
    op, rest = o.chunk(2, -1)
    return torch.cat([op @ self.lift, self.turned(rest, self.back)], -1).transpose(0, 1).flatten(1)

  def block(self, layer, h, m):
    p, w = f"layers.{layer}", self.w
    b1, s1, g1, b2, s2, g2 = (m + w[f"{p}.modulation"]).chunk(6)
    o = self.attention(layer, torch.addcmul(b1, layer_norm(h), 1 + s1))
    h = torch.addcmul(h, F.linear(o, w[f"{p}.out.weight"]), 1 + g1)
    n = torch.addcmul(b2, layer_norm(h), 1 + s2)
    gate, up = F.linear(n, self.gate_up[layer]).chunk(2, -1)
    return torch.addcmul(h, F.linear(F.silu(gate) * up, w[f"{p}.down.weight"]), 1 + g2)

  def draw(self, pose):
    """One step from zeros, as `Twin.draw` does."""                            # [3, Y, X]
    w, role = self.w, self.w["role.weight"][1]
    self.locate(pose)
    patches = torch.cat([torch.zeros_like(self.rays), self.rays], -1)
    h = torch.cat([F.linear(patches, w["embed.weight"]), w["registers"]]) + role
    e = F.linear(time_embedding(torch.zeros(())), w["time.weight"]) + role
    m = F.linear(F.silu(e), w["modulation.weight"])
    for layer in range(self.c.layers): h = self.block(layer, h, m)
    y = layer_norm(h[:-self.c.registers])
    F.linear(y, w["certainty.weight"])
    painted = F.linear(y, w["image.weight"])[None]
    return put_together(painted, self.c.patch, self.c.overlap, *self.lens.size)[0]


def prepared(configuration, width, height, count):
  """A renderer with random weights, a query, and how far it is from the twin."""
  s = Source(1)
  weights = {name: w.float() for name, w in s.weights(configuration).items()}
  twin = Twin(configuration, weights)
  camera = s.cameras(1, count, width=width, height=height)
  query = s.cameras(1, 1, width=width, height=height)
  picture = s.picture(count, height=height, width=width).float()
  contexts = grouped(twin.encode(picture, camera.flat()), 1)
  renderer = Renderer(twin, contexts, camera, query.flat())
  expected = twin.draw(query, contexts, camera, SCALE)[0, 0]
  error = (renderer.draw(query.pose[0, 0]) - expected).abs().max().item()
  if error > 1e-3: raise SystemExit(f"The renderer is {error} off the twin: mend it before timing.")
  return renderer, query.pose[0, 0]


def gflop(c, patches, contexts):
  """The products of one frame: linear maps and attention, a multiplication and addition each."""
  tokens = patches + c.registers
  keys = tokens * (contexts + 1) + 1
  attention = c.width * c.headWidth * 2 * (c.heads + c.keyValueHeads)
  maps = c.layers * (attention + 3 * c.width * c.hidden)
  ends = patches * c.width * (6 * c.patch ** 2 + 3 * (c.patch + 2 * c.overlap) ** 2)
  pairs = c.layers * 2 * c.heads * c.headWidth * tokens * keys
  return 2 * (tokens * maps + ends + pairs) / 1e9


def timed(function, seconds):
  """Milliseconds of every call in so many seconds, sorted, after a few calls unheard."""
  for _ in range(3): function()
  times, end = [], time.perf_counter() + seconds
  while time.perf_counter() < end or len(times) < 5:
    start = time.perf_counter()
    function()
    times.append(1000 * (time.perf_counter() - start))
  return sorted(times)


def percentile(ordered, share): return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def matmul_gflops():
  """The best rate of a product of 1024 x 1024 matrices."""
  a, b = torch.randn(2, 1024, 1024)
  return 2 * 1024 ** 3 / timed(lambda: a @ b, 0.5)[0] / 1e6


def arguments():
  parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
  parser.add_argument("--preset", choices=PRESETS, default="nano")
  parser.add_argument("--resolution", default="256x256")
  parser.add_argument("--patch", type=int, default=16)
  parser.add_argument("--contexts", type=int, default=4)
  parser.add_argument("--threads", type=int, default=2)
  parser.add_argument("--seconds", type=float, default=10)
  chosen = parser.parse_args()
  if chosen.contexts < 1: parser.error("--contexts must be 1 or more")
  return chosen


@torch.inference_mode()
def main():
  a = arguments()
  torch.set_num_threads(a.threads)
  width, height = map(int, a.resolution.split("x"))
  configuration = preset(a.preset, a.patch)
  renderer, pose = prepared(configuration, width, height, a.contexts)
  times = timed(lambda: renderer.draw(pose), a.seconds)
  middle = percentile(times, 0.5)
  work = gflop(configuration, math.prod(renderer.lens.grid(a.patch)), a.contexts)
  print(json.dumps({
    "preset": a.preset, "resolution": a.resolution, "patch": a.patch, "contexts": a.contexts,
    "steps": 1, "device": "cpu", "threads": a.threads, "torch": torch.__version__,
    "milliseconds": {"p50": round(middle, 3), "p99": round(percentile(times, 0.99), 3)},
    "frames_per_second": round(1000 / middle, 2), "gflop_per_frame": round(work, 3),
    "network_gflops": round(work / middle * 1000, 1),
    "matmul_gflops": round(matmul_gflops(), 1)}))


if __name__ == "__main__": main()
