"""Makes the goldens that the Swift tests compare with, from fixed seeds.

    python3 generate.py            # writes Tests/Goldens/*.safetensors
    python3 generate.py --check    # the twin's own checks, and that the committed goldens hold

Everything given is representable in Float32; everything expected was computed in Float64 and
rounded to Float32 at the end, so a difference is the other side's rounding (or mistake).
"""

import json
import math
from pathlib import Path
import sys

import numpy
import torch

from cameras import Cameras, depths, landings, lifted, look, rays, relative
import loss as losses
import storage
import training
import twin
from twin import Configuration, Twin, grouped

GOLDENS = Path(__file__).resolve().parent.parent / "Goldens"
TINY = Configuration(layers=2, width=64, heads=2, keyValueHeads=1, headWidth=32, patch=4,
                     hidden=128)
ODD = Configuration(layers=2, width=48, heads=4, keyValueHeads=2, headWidth=32, patch=4,
                    hidden=128, anchorPull=0.5, anchorSpread=0.6, rotaryPeak=18, rotaryBase=30,
                    valuePeak=3, overlap=1)
SCALE, STEPS, BATCHES = 2.0, 20, 4


class Source:
  """Random numbers that are the same on every machine, rounded to Float32, held in Float64."""

  def __init__(self, seed):
    self.state = numpy.random.RandomState(seed)

  def normal(self, *shape, std=1.0, mean=0.0):
    return self.rounded(mean + std * self.state.standard_normal(shape))

  def uniform(self, low, high, *shape):
    return self.rounded(self.state.uniform(low, high, shape))

  def rounded(self, array):
    return torch.from_numpy(numpy.asarray(array, numpy.float32).astype(numpy.float64))

  def picture(self, *batch, height, width, channels=3):
    """Smooth pictures in [-1, 1]: a few waves a channel."""
    yx = torch.stack(torch.meshgrid(
      torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")).double()
    waves = self.normal(*batch, channels, 6, 2, std=6.0)
    phases = self.uniform(0, 2 * math.pi, *batch, channels, 6)
    heights = self.uniform(0.1, 0.5, *batch, channels, 6)
    angles = torch.einsum("...kd,dyx->...kyx", waves, yx) + phases[..., None, None]
    return (heights[..., None, None] * angles.cos()).sum(-3).clamp(-1, 1).float().double()

  def depth(self, *batch, height, width):
    """Smooth depths of about 0.5 to 4 world scales."""
    bumps = self.picture(*batch, height=height, width=width, channels=1)[..., 0, :, :]
    return (1.5 * torch.exp(bumps)).float().double()

  def weights(self, configuration):
    """Weights that leave nothing at zero."""
    return {name: self.weight(name, shape) for name, shape in configuration.shapes().items()}

  def weight(self, name, shape):
    last = name.split(".")[-1]
    if last.endswith("_norm"): return self.normal(*shape, std=0.2, mean=1.0)
    if last == "modulation": return self.normal(*shape, std=0.2)
    if name == "modulation.weight": return self.normal(*shape, std=0.5 * shape[1] ** -0.5)
    if last == "weight" and name != "role.weight": return self.normal(*shape, std=shape[1] ** -0.5)
    return self.normal(*shape, std=0.5)

  def lens(self, width, height):
    """A lens with its own focal lengths and an off-centre principal point."""  # [6]
    focal = self.uniform(0.7, 1.4, 2) * width
    centre = self.uniform(0.4, 0.6, 2) * torch.tensor([width, height])
    return torch.cat([focal, centre, torch.tensor([width, height])])

  def cameras(self, *batch, width, height, turned=()):
    """Cameras 1 to 3 units from the origin that look about the same way; `turned` ones aside."""
    count = math.prod(batch)
    lens = torch.stack([self.lens(width, height) for _ in range(count)])
    poses = torch.stack([self.pose(i in turned) for i in range(count)])
    return Cameras(lens.reshape(*batch, 6), poses.reshape(*batch, 4, 4))

  def pose(self, aside):
    at = self.normal(3)
    at = at / at.norm() * self.uniform(1, 3, 1)
    towards = torch.tensor([6.0, 0, -1] if aside else [0.0, 0, 6]) + self.normal(3, std=0.5)
    return look(at, at / 2 + towards.double(), self.uniform(-0.3, 0.3, 1).item())


# Layers

def golden(inputs, function, source, constant=()):
  """A function's inputs, output, and the gradients of sum(output * probe)."""
  for name, value in inputs.items(): value.requires_grad_(name not in constant)
  out = function(**inputs)
  names = [name for name in inputs if name not in constant]
  if not names: return inputs | {"out": out}
  probe = source.normal(*out.shape)
  gradients = torch.autograd.grad((out * probe).sum(), [inputs[name] for name in names])
  grads = {f"grad_{name}": gradient for name, gradient in zip(names, gradients)}
  return inputs | {"out": out, "probe": probe} | grads


def block_without_branches(x, m, offset, attended, fed):
  """A block whose attention is `n * attended` and whose SwiGLU is `n * fed`."""
  b1, s1, g1, b2, s2, g2 = (m + offset)[:, None].chunk(6, -1)
  h = twin.added(x, g1, twin.modulated(x, s1, b1) * attended)
  return twin.added(h, g2, twin.modulated(h, s2, b2) * fed)


def conditioning(t, time, role, modulation):
  e = torch.nn.functional.linear(twin.time_embedding(t), time)
  return torch.nn.functional.linear(torch.nn.functional.silu(e + role), modulation)


def turned(x, coordinates, grid):
  return twin.turned(x, coordinates, (12 / grid.prod().sqrt(), 100))


def layers(s):
  """Every operation by itself."""
  n = s.normal
  linear = torch.nn.functional.linear
  cases = {
    "linear": golden({"x": n(2, 5, 24), "weight": n(16, 24)}, linear, s),
    "layer_norm": golden({"x": n(2, 5, 24, mean=0.5)}, twin.layer_norm, s),
    "rms_norm": golden({"x": n(2, 3, 5, 32), "gain": n(32, mean=1)}, twin.rms_norm, s),
    "swiglu": golden({"x": n(2, 5, 24), "gate": n(40, 24, std=0.3), "up": n(40, 24, std=0.3),
                      "down": n(24, 40, std=0.3)}, twin.swiglu, s),
    "attention": golden({"q": n(2, 4, 5, 16), "k": n(2, 2, 7, 16), "v": n(2, 2, 7, 16)},
                        twin.attention, s),
    "modulation": golden({"x": n(2, 5, 24), "m": n(2, 144, std=0.5), "offset": n(144, std=0.5),
                          "attended": n(2, 5, 24), "fed": n(2, 5, 24)},
                         block_without_branches, s),
    "projected": golden({"x": n(2, 3, 5, 16), "matrix": n(2, 1, 4, 4)}, twin.projected, s),
    "turned": golden({"x": n(2, 3, 5, 32), "coordinates": n(2, 3, 5, 2, 2, std=5.0),
                      "grid": torch.tensor([6.0, 4]).double()}, turned, s,
                     constant=("coordinates", "grid")),
    "patchify": golden({"x": n(2, 3, 8, 12)}, lambda x: twin.patchify(x, 4), s),
    "patchify_padded": golden({"x": n(2, 3, 7, 9)}, lambda x: twin.patchify(x, 4), s),
    "unpatchify": golden({"x": n(2, 6, 48)}, lambda x: twin.unpatchify(x, 4, 12, 8), s),
    "unpatchify_padded": golden({"x": n(2, 6, 48)}, lambda x: twin.unpatchify(x, 4, 9, 7), s),
    "put_together": golden({"x": n(2, 6, 192)},
                           lambda x: twin.put_together(x, 4, 2, 12, 8), s),
    "put_together_padded": golden({"x": n(2, 6, 108)},
                                  lambda x: twin.put_together(x, 4, 1, 9, 7), s),
    "time_embedding": golden({"t": torch.tensor([0, 0.125, 0.375, 0.875, 1]).double()},
                             twin.time_embedding, s, constant=("t",)),
    "conditioning": golden({"t": s.uniform(0, 1, 3), "time": n(24, 128, std=0.1), "role": n(24),
                            "modulation": n(144, 24, std=0.3)}, conditioning, s, constant=("t",)),
    "rays": ray_case(s)}
  return {f"{case}/{name}": x for case, tensors in cases.items() for name, x in tensors.items()}


def ray_case(s):
  lens = torch.stack([s.lens(9, 7), s.lens(9, 7)])
  return {"lens": lens, "out": rays(lens, 12, 8)}


def loss_case(s):
  """The loss of three pictures: far off, close, and upside down; a depth at 0 and at infinity."""
  truth = s.picture(3, height=44, width=52)
  far = s.picture(height=44, width=52)
  image = torch.stack([far, truth[1] + 0.1 * far, -0.8 * truth[2]]).float().double()
  depth = s.depth(3, height=44, width=52)
  depth[0, :6, :6], depth[1, 10:20, 10:20] = 0.03125, math.inf
  given = {"image": image, "log_variance": s.normal(3, 143), "inverse_depth": s.normal(3, 143, 4),
           "truth": truth, "depth": depth, "t": torch.tensor([0, 0.5, 0.9375]).double()}
  prediction = [given[name].requires_grad_() for name in list(given)[:3]]
  terms = losses.loss(prediction, truth, depth, given["t"], 4)
  gradients = torch.autograd.grad(terms["total"], prediction)
  return (given | {f"terms/{name}": term[None] for name, term in terms.items()}
          | {f"grad/{name}": g for name, g in zip(given, gradients)})


# Networks

def scene(s, width, height):
  """Three contexts, the last one turned away, and two queries: one from noise, one on its way."""
  context = s.cameras(1, 3, width=width, height=height, turned=(2,))
  query = s.cameras(1, 2, width=width, height=height)
  picture = s.picture(1, 3, height=height, width=width)
  z = s.normal(1, 2, 3, height, width)
  return picture, context, query, torch.tensor([[0, 0.375]]).double(), z


def first(contexts, camera, count):
  """The first few contexts and their cameras; none: None."""
  if count == 0: return None, None
  return contexts.each(lambda x: x[:, :count]), camera[:, :count]


def network(model, s, width, height):
  """A network's every answer in one scene, and the gradients of its weights."""
  picture, camera, query, t, z = scene(s, width, height)
  contexts = grouped(model.encode(picture[0], camera.flat()), 1)
  result = {"context/image": picture[0], "context/lens": camera.lens[0],
            "context/pose": camera.pose[0], "query/lens": query.lens[0],
            "query/pose": query.pose[0], "t": t[0], "z": z[0]}
  for layer, (k, v) in enumerate(contexts.layers):
    result |= {f"kv/{layer}/key": k[0], f"kv/{layer}/value": v[0]}
  if contexts.depths is not None: result["kv/depths"] = contexts.depths[0]
  for count in range(4):
    out = model.draw_step(z, t, query, *first(contexts, camera, count), SCALE)
    result |= {f"expected/{count}/{name}": x[0] for name, x in named(out).items()}
  two = first(contexts, camera, 2)
  result["drawn/1"] = model.draw(query, *two, SCALE)[0]
  result["drawn/3"] = model.draw(query, *two, SCALE, steps=3, noise=z)[0]
  return result | positions(model.configuration, camera, query, contexts.depths) | gradients(
    model, s, picture, camera, query, t, z)


def mixed(model, s):
  """Contexts of another size and shape than what is drawn from them."""
  context = s.cameras(1, 3, width=23, height=15)
  query = s.cameras(1, 2, width=12, height=20)
  picture = s.picture(1, 3, height=15, width=23)
  contexts = grouped(model.encode(picture[0], context.flat()), 1)
  return {"context/image": picture[0], "context/lens": context.lens[0],
          "context/pose": context.pose[0], "query/lens": query.lens[0],
          "query/pose": query.pose[0], "drawn/1": model.draw(query, contexts, context, SCALE)[0]}


def named(prediction): return dict(zip(("image", "log_variance", "inverse_depth"), prediction))


def positions(configuration, camera, query, guesses):
  """What lies between cameras and attention, for a reader who looks for a difference."""
  e = relative(query.pose[:, :, None], camera.pose[:, None], SCALE)
  m = e @ torch.linalg.inv(lifted(camera.lens))[:, None]
  landed = landings(configuration, e, camera, query, guesses)
  return {"positions/relative": e[0], "positions/matrix": m[0],
          "positions/lift": lifted(query.lens)[0], "positions/depths": depths(configuration),
          "positions/landings": landed[0]}


def gradients(model, s, picture, camera, query, t, z):
  """Gradients through two contexts, their encoding included."""
  for weight in model.weights.values(): weight.requires_grad_(True)
  encoded = grouped(model.encode(picture[0, :2], camera[:, :2].flat()), 1)
  out = named(model.draw_step(z, t, query, encoded, camera[:, :2], SCALE))
  probes = {name: s.normal(*x.shape) for name, x in out.items()}
  total = sum((x * probes[name]).sum() for name, x in out.items())
  values = torch.autograd.grad(total, list(model.weights.values()))
  return ({f"probe/{name}": probe[0] for name, probe in probes.items()}
          | {f"grad/{name}": g for name, g in zip(model.weights, values)})


# Training

def batches(s):
  """A few scenes again and again, with new times and noise at every step."""
  scenes = [training_scene(s) for _ in range(BATCHES)]
  for step in range(STEPS):
    images, camera, pictures, query, depth = scenes[step % BATCHES]
    t = s.uniform(0, 1, 2, 2) * torch.tensor([0, 1])
    share = t[..., None, None, None]
    z = (share * pictures + (1 - share) * s.normal(*pictures.shape)).float().double()
    yield training.Batch(images, camera, pictures, query, depth, t, z, SCALE)


def training_scene(s):
  size = {"width": 16, "height": 16}
  return (s.picture(2, 2, **size), s.cameras(2, 2, **size), s.picture(2, 2, **size),
          s.cameras(2, 2, **size), s.depth(2, 2, **size))


def run(configuration, weights, steps, dtype=torch.float64):
  """Trains a copy; returns its weights, and losses and norms as tensors."""
  model = Twin(configuration, {name: w.to(dtype, copy=True) for name, w in weights.items()})
  terms, norms = training.train(model, [cast(batch, dtype) for batch in steps])
  series = {f"losses/{name}": torch.tensor([x[name] for x in terms], dtype=torch.float64)
            for name in terms[0]}
  return model.weights, series | {"norms": torch.tensor(norms, dtype=torch.float64)}


def cast(batch, dtype):
  """A batch with its pictures in another precision; cameras stay Float64."""
  return training.Batch(**{name: x.to(dtype) if torch.is_tensor(x) else x
                           for name, x in vars(batch).items()})


def training_case(s):
  weights, steps = s.weights(TINY), list(batches(s))
  final, series = run(TINY, weights, steps)
  result = {f"initial/{name}": w for name, w in weights.items()}
  for i, b in enumerate(steps[:BATCHES]):
    result |= {f"batch/{i}/context/image": b.context_images,
               f"batch/{i}/context/lens": b.context_cameras.lens,
               f"batch/{i}/context/pose": b.context_cameras.pose,
               f"batch/{i}/target/image": b.images, f"batch/{i}/target/lens": b.cameras.lens,
               f"batch/{i}/target/pose": b.cameras.pose, f"batch/{i}/target/depth": b.depth}
  result |= {"t": torch.stack([b.t for b in steps]), "z": torch.stack([b.z for b in steps])}
  return result | series | {f"final/{name}": w for name, w in final.items()}


# Files

def made():
  """Every golden: file name to (tensors, metadata)."""
  files = {}
  add(files, "layers", 1, layers(Source(1)))
  add(files, "loss", 2, loss_case(Source(2)), patch="4")
  for name, seed, configuration, size in [("tiny", 3, TINY, (16, 16)), ("odd", 4, ODD, (23, 15))]:
    model = Twin(configuration, Source(seed).weights(configuration))
    text = {"configuration": configuration.json()}
    add(files, name, seed, model.weights, **text)
    io = network(model, Source(seed + 10), *size)
    add(files, f"{name}_io", seed + 10, io, scale=str(SCALE), **text)
  tiny = Twin(TINY, Source(3).weights(TINY))
  add(files, "mixed_io", 15, mixed(tiny, Source(15)), scale=str(SCALE))
  add(files, "training", 5, training_case(Source(5)), scale=str(SCALE), **settings(),
      configuration=TINY.json())
  return files


def settings():
  values = {"learningRate": training.LEARNING_RATE, "betas": training.BETAS, "clip": training.CLIP,
            "epsilon": training.EPSILON, "decay": training.DECAY}
  return {"optimiser": json.dumps(values), "shares": json.dumps(losses.SHARES)}


def add(files, name, seed, tensors, **metadata):
  origin = {"generator": "Tests/Reference/generate.py", "seed": str(seed),
            "torch": torch.__version__}
  files[name] = {key: stored(key, x) for key, x in tensors.items()}, origin | metadata


def stored(name, value):
  """Cameras and what is computed in Float64 from them stay so; all else becomes Float32."""
  last = name.split("/")[-1]
  exact = last in ("lens", "pose") or name.startswith(("positions/", "losses/"))
  return value.detach().to(torch.float64 if exact else torch.float32).clone()


def main():
  torch.set_num_threads(1)
  if "--check" in sys.argv:
    import check
    return check.all(made())
  GOLDENS.mkdir(exist_ok=True)
  for name, (tensors, metadata) in made().items():
    path = GOLDENS / f"{name}.safetensors"
    storage.write(path, tensors, metadata)
    print(f"{path.name:24} {len(tensors):4} tensors {path.stat().st_size / 1024:8.0f} KiB")


if __name__ == "__main__":
  sys.exit(main())
