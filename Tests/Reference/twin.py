"""The network of Documentation/NETWORK.md, written a second time, in PyTorch.

It shares no code with the Swift one and was written from the description alone, so that where
the two agree, both compute what the description says.

    twin = Twin.load("tiny.safetensors")
    contexts = twin.encode(images, cameras)          # keys and values of every layer, and depths
    frame = twin.draw(query, contexts, cameras, scale=2.0)

Letters: S scenes, Q queries a scene, C contexts a scene, B any batch; N patches, R registers,
T = N + R tokens; D width, H heads, G key/value heads, d head width, A anchors.
"""

from dataclasses import asdict, dataclass
import json
import math

import torch
import torch.nn.functional as F

import cameras
import storage


@dataclass
class Configuration:
  layers: int = 6
  width: int = 192
  heads: int = 3
  keyValueHeads: int = 3
  headWidth: int = 64
  patch: int = 8
  registers: int = 4
  hidden: int = 512
  anchors: int = 2
  anchorRange: tuple = (0.35, 3.5)
  anchorPull: float | None = None
  anchorSpread: float = 1
  rotaryPeak: float = 12
  rotaryBase: float = 100
  valuePeak: float | None = None
  overlap: int = 0

  def json(self):
    given = asdict(self) | {"anchorRange": list(self.anchorRange)}
    return json.dumps({name: value for name, value in given.items() if value is not None})

  def shapes(self):
    """Every weight's name and shape."""
    D, d, P = self.width, self.headWidth, 3 * self.patch ** 2
    painted = 3 * (self.patch + 2 * self.overlap) ** 2
    H, G, hidden = self.heads, self.keyValueHeads, self.hidden
    shapes = {
      "embed.weight": (D, 2 * P), "registers": (self.registers, D), "role.weight": (2, D),
      "time.weight": (D, 128), "modulation.weight": (6 * D, D), "image.weight": (painted, D),
      "certainty.weight": (1, D), "depth.weight": (4, D)}
    if self.anchorPull is not None: shapes["distance.weight"] = (1, D)
    block = {
      "query.weight": (H * d, D), "key.weight": (G * d, D), "value.weight": (G * d, D),
      "out.weight": (D, H * d), "gate.weight": (hidden, D), "up.weight": (hidden, D),
      "down.weight": (D, hidden), "query_norm": (d,), "key_norm": (d,), "null_key": (G, d),
      "null_value": (G, d), "modulation": (6 * D,)}
    for layer in range(self.layers):
      shapes |= {f"layers.{layer}.{name}": shape for name, shape in block.items()}
    return shapes


def patchify(image, patch):
  """[B, c, Y, X] to [B, N, c p²], values ordered (channel, row, column); sides padded with 0."""
  height, width = image.shape[-2:]
  image = F.pad(image, (0, -width % patch, 0, -height % patch))
  return F.unfold(image, patch, stride=patch).transpose(1, 2)


def unpatchify(patches, patch, width, height):
  """[B, N, c p²] to [B, c, Y, X]: the inverse, the padding cropped."""
  padded = (height + -height % patch, width + -width % patch)
  image = F.fold(patches.transpose(1, 2), padded, patch, stride=patch)
  return image[..., :height, :width]


def put_together(windows, patch, overlap, width, height):
  """[B, N, c w²], windows of w = patch + 2 overlap around the patches, to [B, c, Y, X].

  A pixel is the mean of the windows that have it, each counting sin² of how far inside it is.
  """
  if overlap == 0: return unpatchify(windows, patch, width, height)
  inside = torch.arange(patch + 2 * overlap, dtype=windows.dtype) + 0.5
  inside = torch.minimum(inside, inside.flip(0)) / (2 * overlap)
  share = torch.sin(inside.clamp(max=1) * math.pi / 2) ** 2
  shares = (share[:, None] * share).flatten()                                  # [w²]
  columns, rows = -(-width // patch), -(-height // patch)

  def added(x):
    return F.fold(x.transpose(1, 2), (rows * patch, columns * patch), len(share), padding=overlap,
                  stride=patch)
  whole = added((windows.unflatten(-1, (-1, len(shares))) * shares).flatten(2))
  return (whole / added(shares.expand(1, rows * columns, -1)))[..., :height, :width]


def layer_norm(x): return F.layer_norm(x, x.shape[-1:], eps=1e-5)
def rms_norm(x, gain): return F.rms_norm(x, x.shape[-1:], gain, eps=1e-6)
def swiglu(x, gate, up, down): return F.linear(F.silu(F.linear(x, gate)) * F.linear(x, up), down)


def modulated(x, scale, shift): return layer_norm(x) * (1 + scale) + shift
def added(x, gate, branch): return x + (1 + gate) * branch


def attention(q, k, v):
  """softmax(q kᵀ / √d) v; query head h reads key/value head h / (H/G)."""     # [B, H, T, d]
  return F.scaled_dot_product_attention(q, k, v, enable_gqa=True)


def time_embedding(t):                                                         # [..., 128]
  w = 100 * 1000 ** (-torch.arange(64, dtype=t.dtype) / 64)
  return torch.cat([torch.cos(t[..., None] * w), torch.sin(t[..., None] * w)], -1)


def projected(x, matrix):
  """A 4 x 4 matrix on every group of 4 channels of [..., T, c]."""
  groups = x.unflatten(-1, (-1, 4))                                            # [..., T, c/4, 4]
  return torch.einsum("...ij,...tcj->...tci", matrix.to(x.dtype), groups).flatten(-2)


def turned(x, coordinates, ladder):
  """RoPE in 2D: [..., T, c] turned by (x, y) coordinates [..., T, A, 2], in A groups.

  `ladder`: the fastest frequency, 12 / sqrt(columns rows) for instance, in radians a patch; and
  how many times slower the one after the slowest would be, 100 for instance.
  """
  peak, base = ladder
  groups = coordinates.shape[-2]
  n = x.shape[-1] // (2 * groups)
  frequencies = peak * base ** (-2 * torch.arange(n // 2, dtype=torch.float64) / n)
  return rotated(x, (coordinates[..., None] * frequencies).flatten(-2))        # x first, then y


def rotated(x, angles):
  """Pairs of channels of [..., T, c] turned by angles [..., T, A, n], in A groups."""
  a, b = x.unflatten(-1, (angles.shape[-2], 2, -1)).unbind(-2)                 # [..., T, A, n]
  cos, sin = angles.to(x.dtype).cos(), angles.to(x.dtype).sin()
  return torch.stack([a * cos - b * sin, a * sin + b * cos], -2).flatten(-3)


def phases(coordinates, waves):
  """Of waves [G, A, n, 2] at coordinates [..., G or 1, T, A, 2]: [..., G, T, A, n]."""
  return (coordinates[..., None, :] * waves[:, None]).sum(-1)


def positioned(x, matrix, coordinates=None, ladder=None, angles=None):
  """The projective half by a matrix, the rotary half by coordinates or by angles, if given."""
  projective, rotary = x.chunk(2, -1)
  if coordinates is not None: rotary = turned(rotary, coordinates, ladder)
  if angles is not None: rotary = rotated(rotary, angles)
  projective = projected(projective, matrix)
  return torch.cat([projective, rotary.expand(projective.shape)], -1)


class Twin:
  """The network: a configuration and a dictionary of weights."""

  def __init__(self, configuration, weights):
    self.configuration, self.weights = configuration, weights

  @staticmethod
  def load(path, dtype=None):
    weights, metadata = storage.read(path)
    configuration = Configuration(**json.loads(metadata["configuration"]))
    if dtype is not None: weights = {name: w.to(dtype) for name, w in weights.items()}
    return Twin(configuration, weights)

  @property
  def dtype(self): return self.weights["embed.weight"].dtype

  def linear(self, name, x): return F.linear(x, self.weights[f"{name}.weight"])

  # In

  def tokens(self, image, camera, role):
    """Patches and rays embedded, registers after them."""                     # [B, T, D]
    c = self.configuration
    columns, rows = camera.grid(c.patch)
    rays = cameras.rays(camera.lens, columns * c.patch, rows * c.patch).to(self.dtype)
    patches = torch.cat([patchify(image, c.patch), patchify(rays, c.patch)], -1)
    registers = self.weights["registers"].expand(len(image), -1, -1)
    h = torch.cat([self.linear("embed", patches), registers], 1)
    return h + self.weights["role.weight"][role]

  def conditioning(self, t, role):                                             # [B, 6 D]
    e = self.linear("time", time_embedding(t.to(self.dtype)))
    return self.linear("modulation", F.silu(e + self.weights["role.weight"][role]))

  # Blocks

  def block(self, layer, h, m, attend):
    """One layer; `attend` takes q, k, v [B, ., T, d] and returns o [B, H, T, d]."""
    p = f"layers.{layer}"
    w = self.weights
    m = (m + w[f"{p}.modulation"])[:, None]
    b1, s1, g1, b2, s2, g2 = m.chunk(6, -1)                                    # [B, 1, D]
    o = attend(*self.heads(p, modulated(h, s1, b1)))
    h = added(h, g1, self.linear(f"{p}.out", o.transpose(1, 2).flatten(2)))
    n = modulated(h, s2, b2)
    return added(h, g2, swiglu(n, *(w[f"{p}.{x}.weight"] for x in ("gate", "up", "down"))))

  def heads(self, p, n):
    """Raw q, k, v: normalised, before any position."""                        # [B, ., T, d]
    split = lambda x: x.unflatten(-1, (-1, self.configuration.headWidth)).transpose(1, 2)
    q, k, v = (split(self.linear(f"{p}.{name}", n)) for name in ("query", "key", "value"))
    q = rms_norm(q, self.weights[f"{p}.query_norm"])
    return q, rms_norm(k, self.weights[f"{p}.key_norm"]), v

  # Positions

  def ladder(self, camera):
    columns, rows = camera.grid(self.configuration.patch)
    return self.configuration.rotaryPeak / math.sqrt(columns * rows), self.configuration.rotaryBase

  def own_coordinates(self, camera):
    """A frame's patches in its own grid, then its registers at (0, 0)."""     # [T, A, 2]
    c = self.configuration
    own = F.pad(cameras.centres(*camera.grid(c.patch)) - 0.5, (0, 0, 0, c.registers))
    return own[:, None].expand(-1, c.anchors, -1)

  def context_coordinates(self, transform, camera, query, guesses):          # [S, Q, C, G, T, A, 2]
    landed = cameras.landings(self.configuration, transform, camera, query, guesses)
    return F.pad(landed, (0, 0, 0, 0, 0, self.configuration.registers))

  def value_angles(self, coordinates):
    """By how much values at coordinates [..., G or 1, T, A, 2] are turned; None: not at all."""
    if self.configuration.valuePeak is None: return None
    return phases(coordinates, waves(self.configuration))                      # [..., G, T, A, n]

  def turned_back(self, own):
    """What every query head's result is turned by."""                         # [H, T, A, n]
    if own is None: return None
    return -own.repeat_interleave(self.configuration.heads // self.configuration.keyValueHeads, 0)

  def attend_alone(self, camera, more=None):
    """Attention of frames [B] over their own tokens, and over `more` (k', v') before them."""
    lift = cameras.lifted(camera.lens)[:, None]                                # [B, 1, 4, 4]
    inverse = torch.linalg.inv(lift)
    own, ladder = self.own_coordinates(camera), self.ladder(camera)
    turn = self.value_angles(own[None])

    def attend(q, k, v):
      q = positioned(q, lift.transpose(-1, -2), own, ladder)
      k, v = positioned(k, inverse, own, ladder), positioned(v, inverse, angles=turn)
      if more is not None: k, v = (torch.cat([m, x], 2) for m, x in zip(more, (k, v)))
      return positioned(attention(q, k, v), lift, angles=self.turned_back(turn))
    return attend

  def recalled(self, layer, contexts, positions):
    """The contexts' k', v' as each query needs them, then the null pair."""  # [S Q, G, M, d]
    nulls = [self.weights[f"layers.{layer}.null_{name}"] for name in ("key", "value")]
    matrix, coordinates, ladder, batch = positions
    nulls = [null[None, :, None].expand(batch, -1, -1, -1) for null in nulls]
    if contexts is None: return nulls
    k, v = (x[:, None] for x in contexts.layers[layer])                        # [S, 1, C, G, T, d]
    k = positioned(k, matrix, coordinates, ladder)
    v = positioned(v, matrix, angles=self.value_angles(coordinates))
    joined = [x.transpose(2, 3).flatten(3, 4).flatten(0, 1) for x in (k, v)]   # [S Q, G, C T, d]
    return [torch.cat(pair, 2) for pair in zip(joined, nulls)]

  def context_positions(self, query, contexts, camera, scale):
    """What turns raw contexts into a query's: matrices M, coordinates, frequency, batch."""
    batch = query.lens.shape[0] * query.lens.shape[1]
    if camera is None: return None, None, None, batch
    e = cameras.relative(query.pose[:, :, None], camera.pose[:, None], scale)  # [S, Q, C, 4, 4]
    matrix = e @ torch.linalg.inv(cameras.lifted(camera.lens))[:, None]
    coordinates = self.context_coordinates(e, camera, query, contexts.depths)
    return matrix[:, :, :, None], coordinates, self.ladder(query), batch

  # The two verbs

  def encode(self, image, camera, t=1.0):
    """Raw k, v of every layer for context frames, each alone, and what their depths may be.

    Images [B, 3, Y, X], cameras [B]; k and v are [B, G, T, d], depths [B, N].
    """
    h = self.tokens(image, camera, 0)
    m = self.conditioning(torch.full((len(image),), t, dtype=self.dtype), 0)
    attend, result = self.attend_alone(camera), []

    def keep(q, k, v):
      result.append((k, v))
      return attend(q, k, v)
    for layer in range(self.configuration.layers):
      last, h = h, self.block(layer, h, m, keep)
    return Contexts(result, self.guess(last, m))

  def guess(self, h, m):
    """The logarithm of depth over the anchors' middle, out of what the last layer is given."""
    c = self.configuration
    if c.anchorPull is None: return None
    b1, s1 = (m + self.weights[f"layers.{c.layers - 1}.modulation"])[:, None].chunk(6, -1)[:2]
    return self.linear("distance", modulated(h, s1, b1)[:, :-c.registers])[..., 0].clamp(-3, 3)

  def draw_step(self, z, t, query, contexts=None, camera=None, scale=1.0):
    """One evaluation: the clean image, the log-variance, the inverse depth.

    z [S, Q, 3, Y, X], t [S, Q], query cameras [S, Q]; contexts as `grouped` gives them, each
    [S, C, G, T, d], context cameras [S, C]. Returns [S, Q, 3, Y, X], [S, Q, N], [S, Q, N, 4].
    """
    c, flat, shape = self.configuration, query.flat(), z.shape[:2]
    h, m = self.tokens(z.flatten(0, 1), flat, 1), self.conditioning(t.flatten(), 1)
    positions = self.context_positions(query, contexts, camera, scale)
    for layer in range(c.layers):
      attend = self.attend_alone(flat, self.recalled(layer, contexts, positions))
      h = self.block(layer, h, m, attend)
    y = layer_norm(h[:, :-c.registers])
    image = put_together(self.linear("image", y), c.patch, c.overlap, *query.size)
    certainty, depth = self.linear("certainty", y)[..., 0], self.linear("depth", y)
    return tuple(x.unflatten(0, shape) for x in (image, certainty, depth))

  def draw(self, query, contexts=None, camera=None, scale=1.0, steps=1, noise=None):
    """The queries' images, by Euler steps from noise, or from zeros."""       # [S, Q, 3, Y, X]
    width, height = query.size
    shape = query.lens.shape[:2]
    z = torch.zeros(*shape, 3, height, width, dtype=self.dtype) if noise is None else noise
    for i in range(steps):
      t = torch.full(shape, i / steps, dtype=self.dtype)
      x = self.draw_step(z, t, query, contexts, camera, scale)[0]
      z = z + (x - z) / (steps - i)              # v / K = (x - z) / (1 - i/K) / K
    return z


@dataclass
class Contexts:
  """Encoded frames: raw k, v of every layer [..., G, T, d], and guessed depths [..., N], or None."""

  layers: list
  depths: torch.Tensor | None

  def each(self, change):
    """The same of changed tensors."""
    depths = None if self.depths is None else change(self.depths)
    return Contexts([tuple(map(change, pair)) for pair in self.layers], depths)


def grouped(contexts, scenes):
  """Encoded contexts [S C, ...] by scene: [S, C, ...]."""
  return contexts.each(lambda x: x.unflatten(0, (scenes, -1)))


def waves(configuration):
  """By whose phases values are turned, in radians a patch along x and y."""   # [G, A, n, 2]
  c = configuration
  n, groups = c.headWidth // (4 * c.anchors), c.anchors * c.keyValueHeads
  i, a, g = torch.arange(n), torch.arange(c.anchors)[:, None], torch.arange(c.keyValueHeads)
  turn = (a * c.keyValueHeads + g[:, None, None]).double() / groups            # [G, A, 1]
  direction = (turn + (i >= n // 2)) * math.pi / 2                             # [G, A, n]
  size = c.valuePeak * 16 ** (-2 * (i % (n // 2)).double() / n)
  return torch.stack([size * direction.cos(), size * direction.sin()], -1)
