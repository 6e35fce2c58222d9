"""The training loss: how far a prediction is from the truth, in five terms.

    terms = loss(prediction, truth, t, patch=8)     # terms["total"] is what is minimised

Letters: B pictures, Y x X pixels, N patches of side p.
"""

import torch
import torch.nn.functional as F

from twin import patchify

SHARES = {"squared": 1.0, "laplacian": 0.2, "structure": 0.1, "certainty": 0.05, "depth": 0.05}
SCALE_WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def squared(image, truth, t):
  """Squared error, weighted by w(t) = min((1 - t)⁻², 25)."""
  w = (1 - t).pow(-2).clamp(max=25)
  return (w * (image - truth).square().mean((1, 2, 3))).mean()


def bands(image, levels=3):
  """A Laplacian pyramid: two bands and the low-pass."""
  result = []
  for _ in range(levels - 1):
    low = F.avg_pool2d(image, 2)
    result.append(image - F.interpolate(low, scale_factor=2, mode="nearest"))
    image = low
  return result + [image]


def laplacian(image, truth):
  """The sum over levels of the mean absolute difference."""
  return sum((a - b).abs().mean() for a, b in zip(bands(image), bands(truth)))


def window(dtype):
  """A Gaussian of 11 x 11, sigma 1.5, sum 1."""
  x = torch.arange(11, dtype=dtype) - 5
  g = torch.exp(-x.square() / (2 * 1.5 ** 2))
  g = g / g.sum()
  return g[:, None] * g[None]


def blurred(image):
  """Every channel by itself, valid pixels only."""
  channels = image.shape[1]
  weight = window(image.dtype).expand(channels, 1, 11, 11)
  return F.conv2d(image, weight, groups=channels)


def similarity(a, b):
  """SSIM and its contrast-structure part, means over pixels."""               # [B, 3] each
  c1, c2 = 0.01 ** 2, 0.03 ** 2
  ma, mb = blurred(a), blurred(b)
  va, vb = blurred(a * a) - ma * ma, blurred(b * b) - mb * mb
  contrast = (2 * (blurred(a * b) - ma * mb) + c2) / (va + vb + c2)
  luminance = (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)
  return (luminance * contrast).mean((2, 3)), contrast.mean((2, 3))


def scales(height, width):
  """How many scales fit: the shorter side halves while it is at least 11; at most 5."""
  count, side = 0, min(height, width)
  while side >= 11 and count < 5: count, side = count + 1, side // 2
  return count


def ms_ssim(image, truth):
  """Multi-scale SSIM of pictures in [-1, 1]; luminance counts at the last scale only."""
  a, b = (image + 1) / 2, (truth + 1) / 2
  count = scales(*image.shape[-2:])
  weights = [w / sum(SCALE_WEIGHTS[:count]) for w in SCALE_WEIGHTS[:count]]
  product = 1
  for i, weight in enumerate(weights):
    whole, contrast = similarity(a, b)
    last = i == count - 1
    product = product * (whole if last else contrast).clamp(min=1e-4) ** weight
    if not last: a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
  return product.mean()


def certainty(image, truth, log_variance, patch):
  """Gaussian NLL of each patch's squared error, which gets no gradient here."""
  e = patchify((image - truth).square().detach(), patch).mean(-1)              # [B, N]
  return 0.5 * (torch.exp(-log_variance) * e + log_variance).mean()


def quarters(depth, patch):
  """The mean inverse depth, at most 10, in each quarter of a patch."""         # [B, N, 4]
  inverse = (1 / depth).clamp(max=10)
  return patchify(F.avg_pool2d(inverse[:, None], patch // 2), 2)


def loss(prediction, truth, depth, t, patch):
  """Every term by itself, and `total`, their sum by share.

  `prediction` is (image [B, 3, Y, X], log-variance [B, N], inverse depth [B, N, 4]); truth is
  [B, 3, Y, X], depth [B, Y, X] along z in world scales, t [B].
  """
  image, log_variance, inverse = prediction
  terms = {
    "squared": squared(image, truth, t),
    "laplacian": laplacian(image, truth),
    "structure": 1 - ms_ssim(image, truth),
    "certainty": certainty(image, truth, log_variance, patch),
    "depth": (inverse - quarters(depth, patch)).abs().mean()}
  return terms | {"total": sum(SHARES[name] * term for name, term in terms.items())}
