"""What must hold of the twin whatever its weights are, and of the committed goldens."""

import math

import torch

from cameras import Cameras, centres, landings, lifted, look, relative
import generate
from generate import GOLDENS, ODD, SCALE, TINY, Source
import loss as losses
import storage
import training
import twin
from twin import Twin, grouped

FAR = 10_000.0   # how far the world is moved: 10 km


def all(made):
  """Runs every check; the exit status."""
  checks = [patches, projections, landings_at_home, landings_spread, order, motion, similarity,
            slopes, rounding, lambda: training_rounding(made["training"]), lambda: committed(made)]
  results = [line for check in checks for line in check()]
  for ok, text in results: print("ok  " if ok else "FAIL", text)
  return 0 if min(ok for ok, _ in results) else 1


def largest(a, b): return (a - b).abs().max().item()
def below(text, value, limit): return value < limit, f"{text}: {value:.1e} (below {limit:.0e})"


def patches():
  """Patches one value at a time."""
  x = torch.rand(1, 3, 8, 12)
  slow = [[x[0, c, 4 * r + j, 4 * q + i] for c in range(3) for j in range(4) for i in range(4)]
          for r in range(2) for q in range(3)]
  yield below("patches, value by value", largest(twin.patchify(x, 4)[0], torch.tensor(slow)), 1e-9)
  odd = torch.rand(2, 3, 7, 9)
  back = twin.unpatchify(twin.patchify(odd, 4), 4, 9, 7)
  yield below("patches and back", largest(back, odd), 1e-9)


def projections():
  """qᵀ P_q P_k⁻¹ k of PRoPE with P = lift(Kn) · world-to-camera, in world coordinates."""
  camera, scale = Source(20).cameras(2, width=23, height=15), 1.0
  q, k = Source(21).normal(2, 4)
  p = lifted(camera.lens) @ torch.linalg.inv(camera.pose)
  world = q @ p[0] @ torch.linalg.inv(p[1]) @ k
  lift = lifted(camera.lens)
  e = relative(camera.pose[0], camera.pose[1], scale)
  ours = (lift[0].T @ q) @ (e @ torch.linalg.inv(lift[1]) @ k)
  yield below("PRoPE's logit in world coordinates", abs((world - ours).item()), 1e-9)


def landings_at_home():
  """A context with the query's own camera lands on its own patches, at every depth."""
  camera = Source(22).cameras(1, 1, width=23, height=15)
  e = relative(camera.pose[:, :, None], camera.pose[:, None], SCALE)
  landed = landings(ODD, e, camera, camera)[0, 0, 0]                           # [G, N, A, 2]
  own = centres(*camera.grid(4)) - 0.5
  yield below("own landings", largest(landed, own[None, :, None]), 1e-9)


def landings_spread():
  """The goldens' landings are of every kind, and none is so near a jump that rounding decides."""
  for name in ("tiny", "odd"):
    io, _ = storage.read(GOLDENS / f"{name}_io.safetensors")
    u, m = io["positions/landings"], math.ceil(io["query/lens"][0, 4].item() / 4)
    behind = (u == -2 * m).sum((-1)).eq(2).double().mean().item()
    inside = ((u > -0.5) & (u < m)).double().mean().item()
    margin = depth_margin(io, {"tiny": TINY, "odd": ODD}[name])
    ok = 0.02 < behind < 0.5 and inside > 0.2 and margin > 1e-4
    yield ok, f"{name}: behind {behind:.2f}, inside {inside:.2f}, nearest to the jump {margin:.1e}"


def depth_margin(io, configuration):
  """The smallest |Z - 0.025| of all lifted patches."""
  e, lens = io["positions/relative"], io["context/lens"]
  columns, rows = Cameras(lens, None).grid(4)
  pixels = centres(columns, rows) * 4
  slopes = (pixels - lens[:, None, 2:4]) / lens[:, None, :2]
  rays = torch.cat([slopes, torch.ones_like(slopes[..., :1])], -1)             # [C, N, 3]
  depth = io["positions/depths"].flatten().expand(*rays.shape[:2], -1)          # [C, N, G A]
  if "kv/depths" in io: depth = depth * (configuration.anchorPull * io["kv/depths"]).exp()[..., None]
  z = torch.einsum("qcj,cnj->qcn", e[..., 2, :3], rays)[..., None] * depth
  return (z + e[..., 2, 3, None, None] - 0.025).abs().min().item()


def answers(model, picture, camera, query, t, z, pick=slice(None)):
  """A prediction with a choice of contexts, as one vector."""
  camera = camera[:, pick]
  contexts = grouped(model.encode(picture[0, pick].to(model.dtype), camera.flat()), 1)
  out = model.draw_step(z.to(model.dtype), t, query, contexts, camera, SCALE)
  return torch.cat([x.flatten() for x in out])


def in_float32(configuration, seed):
  weights = Source(seed).weights(configuration)
  return Twin(configuration, {name: w.float() for name, w in weights.items()})


def order():
  """Contexts in another order change nothing; without one of them everything changes."""
  model, scene = in_float32(ODD, 30), generate.scene(Source(31), 23, 15)
  all_three = answers(model, *scene)
  yield below("order of contexts", largest(all_three, answers(model, *scene, [2, 0, 1])), 1e-4)
  change = largest(all_three, answers(model, *scene, [0, 1]))
  yield change > 0.1, f"a context less changes {change:.1f}"


def motion():
  """The world moved by 10 km and turned: the same picture."""
  model, scene = in_float32(ODD, 32), generate.scene(Source(33), 23, 15)
  picture, camera, query, t, z = scene
  move = look(torch.tensor([FAR, -FAR / 2, FAR]).double(), torch.zeros(3).double(), 0.4)
  moved = [Cameras(c.lens, move @ c.pose) for c in (camera, query)]
  change = largest(answers(model, *scene), answers(model, picture, *moved, t, z))
  yield below("the world moved by 10 km", change, 1e-4)


def similarity():
  """MS-SSIM of equal pictures is 1; an unrelated picture is far from it; scales by side."""
  a, b = Source(34).picture(2, 1, height=44, width=44)
  yield below("MS-SSIM of equals", abs(losses.ms_ssim(a, a).item() - 1), 1e-9)
  yield losses.ms_ssim(a, b).item() < 0.6, "MS-SSIM of strangers"
  counts = [losses.scales(side, 200) for side in (10, 11, 21, 22, 43, 44, 175, 176)]
  yield counts == [0, 1, 1, 2, 2, 3, 4, 5], f"scales {counts}"


def slopes():
  """Autograd's slope of the whole loss along a random direction, against a difference."""
  s = Source(35)
  weights, batch = s.weights(TINY), list(generate.batches(s))[0]
  direction = {name: s.normal(*w.shape) for name, w in weights.items()}
  for w in weights.values(): w.requires_grad_(True)
  total = training.evaluated(Twin(TINY, weights), batch)["total"]
  gradients = torch.autograd.grad(total, list(weights.values()))
  slope = sum((g * d).sum() for g, d in zip(gradients, direction.values())).item()
  with torch.no_grad():
    ahead, behind = (training.evaluated(Twin(TINY, {
      name: w + step * direction[name] for name, w in weights.items()}), batch)["total"].item()
      for step in (1e-6, -1e-6))
  # The certainty term's error is detached, so a difference sees a slope that autograd does not:
  # its share is taken away by differentiating that term once more, without the detaching.
  slope += undetached(weights, direction, batch)
  error = abs(slope - (ahead - behind) / 2e-6) / abs(slope)
  yield below("slope of the loss", error, 1e-5)


def undetached(weights, direction, batch):
  """The slope of 0.05 · ½ · mean(exp(-s) e) through e alone."""
  kv = Twin(TINY, weights).encode(batch.context_images.flatten(0, 1), batch.context_cameras.flat())
  image, s, _ = Twin(TINY, weights).draw_step(
    batch.z, batch.t, batch.cameras, grouped(kv, 2), batch.context_cameras, SCALE)
  e = twin.patchify((image - batch.images).flatten(0, 1).square(), 4).mean(-1)
  term = losses.SHARES["certainty"] * 0.5 * (torch.exp(-s.flatten(0, 1).detach()) * e).mean()
  gradients = torch.autograd.grad(term, list(weights.values()), allow_unused=True)
  pairs = zip(gradients, direction.values())
  return sum((g * d).sum().item() for g, d in pairs if g is not None)


def rounding():
  """The twin in Float32 against the goldens: what another implementation may differ by."""
  for name in ("tiny", "odd"):
    model = Twin.load(GOLDENS / f"{name}.safetensors")
    io, _ = storage.read(GOLDENS / f"{name}_io.safetensors")
    camera, query = (Cameras(io[f"{x}/lens"][None], io[f"{x}/pose"][None])
                     for x in ("context", "query"))
    contexts = grouped(model.encode(io["context/image"], camera.flat()), 1)
    for count in range(4):
      two = generate.first(contexts, camera, count)
      out = model.draw_step(io["z"][None], io["t"][None], query, *two, SCALE)
      worst = max(largest(x[0], io[f"expected/{count}/{key}"])
                  for key, x in generate.named(out).items())
      yield below(f"{name} in Float32, {count} contexts", worst, 5e-5)
    yield below(f"{name}'s KV in Float32", largest(contexts.layers[1][0][0], io["kv/1/key"]), 5e-5)


def training_rounding(golden):
  """The 20 steps in Float32 against Float64."""
  tensors, _ = golden
  source = Source(5)
  weights = source.weights(TINY)
  final, series = generate.run(TINY, weights, list(generate.batches(source)), torch.float32)
  change = largest(series["losses/total"], tensors["losses/total"])
  yield below("20 steps in Float32, losses", change, 1e-4)
  worst = max((largest(final[n], tensors[f"final/{n}"]), n) for n in final)
  yield below(f"20 steps in Float32, weights ({worst[1]})", worst[0], 1e-3)


def committed(made):
  """The files in Tests/Goldens are what this program makes."""
  for name, (tensors, metadata) in made.items():
    there, text = storage.read(GOLDENS / f"{name}.safetensors")
    same = there.keys() == tensors.keys() and {**text, "torch": ""} == {**metadata, "torch": ""}
    yield same, f"{name}: names and metadata"
    worst = max(difference(tensors[key], there[key]) for key in tensors)
    yield below(f"{name}: made again", worst, 1e-5)


def difference(a, b):
  """The largest difference, relative where values exceed 1; infinities count as equal."""
  if a.shape != b.shape: return math.inf
  return torch.where(a == b, 0, (a - b).abs() / b.abs().clamp(min=1)).max().item()
