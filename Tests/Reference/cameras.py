"""Cameras in batches, and where one camera's patches land in another's image. All in Float64."""

from dataclasses import dataclass
import math

import torch


@dataclass
class Cameras:
  """Pinholes at places, all with images of one size.

  `lens` is [..., 6]: fx, fy, cx, cy, X (width), Y (height), in pixels with the origin at the
  image's corner. `pose` is [..., 4, 4], camera-to-world, OpenCV's axes.
  """

  lens: torch.Tensor
  pose: torch.Tensor

  @property
  def size(self):
    """Width and height in pixels."""
    x, y = self.lens.reshape(-1, 6)[0, 4:].tolist()
    return int(x), int(y)

  def grid(self, patch):
    """Columns and rows of patches, the padding included."""
    return tuple(-(-side // patch) for side in self.size)

  def __getitem__(self, index):
    return Cameras(self.lens[index], self.pose[index])

  def flat(self):
    return Cameras(self.lens.reshape(-1, 6), self.pose.reshape(-1, 4, 4))


def lifted(lens):
  """lift(Kn): the normalised intrinsics in the corner of a 4 x 4 matrix."""   # [..., 4, 4]
  fx, fy, cx, cy, width, height = lens.unbind(-1)
  matrix = torch.zeros(*lens.shape[:-1], 4, 4, dtype=lens.dtype)
  matrix[..., 0, 0], matrix[..., 0, 2] = fx / width, cx / width - 0.5
  matrix[..., 1, 1], matrix[..., 1, 2] = fy / height, cy / height - 0.5
  matrix[..., 2, 2] = matrix[..., 3, 3] = 1
  return matrix


def directions(lens, pixels):
  """K⁻¹ (x, y, 1) for pixel coordinates [..., 2]; broadcasts."""              # [..., 3]
  slopes = (pixels - lens[..., 2:4]) / lens[..., :2]
  return torch.cat([slopes, torch.ones_like(slopes[..., :1])], -1)


def centres(columns, rows):
  """(x + ½, y + ½) of every cell of a grid, row-major."""                     # [N, 2]
  y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
  return torch.stack([x, y], -1).reshape(-1, 2).double() + 0.5


def rays(lens, columns, rows):
  """The direction of every pixel of a (padded) image, length 1."""       # [B, 3, rows, columns]
  d = directions(lens[:, None], centres(columns, rows))
  d = d / d.norm(dim=-1, keepdim=True)
  return d.reshape(-1, rows, columns, 3).permute(0, 3, 1, 2)


def relative(query, context, scale):
  """E: context camera's coordinates to the query camera's, translation in world scales.

  The two positions are subtracted first, so that the world's origin does not matter.
  """                                                                           # [..., 4, 4]
  inverse = query[..., :3, :3].transpose(-1, -2)
  shift = (context[..., :3, 3] - query[..., :3, 3]) / scale
  shift = (inverse @ shift[..., None])
  rotation = inverse @ context[..., :3, :3]
  last = torch.tensor([0, 0, 0, 1.0], dtype=query.dtype).expand(*shift.shape[:-2], 1, 4)
  return torch.cat([torch.cat([rotation, shift], -1), last], -2)


def depths(configuration):
  """The depth anchors δ[g, a], in world scales."""                            # [G, A]
  c = configuration
  near, far = c.anchorRange
  a, g = torch.arange(c.anchors)[None], torch.arange(c.keyValueHeads)[:, None]
  exponent = (a * c.keyValueHeads + g).double() / (c.anchors * c.keyValueHeads - 1)
  middle = math.sqrt(near * far)
  return middle * (near * (far / near) ** exponent / middle) ** c.anchorSpread


def landings(configuration, transform, context, query, guesses=None):
  """Where context patches land in the query's grid at every depth anchor, in patches.

  `transform` is E [S, Q, C, 4, 4]; context cameras [S, C], query cameras [S, Q]; `guesses` [S, C, N]
  are the logarithms of depths over the anchors' middle.
  """                                                                    # [S, Q, C, G, N, A, 2]
  patch, (columns, rows) = configuration.patch, query.grid(configuration.patch)
  d = directions(context.lens[:, :, None], centres(*context.grid(patch)) * patch)
  d = d[:, None, :, None, :, None]                                       # [S, 1, C, 1, N, 1, 3]
  points = depths(configuration)[:, None, :, None] * d                   # [S, 1, C, G, N, A, 3]
  if guesses is not None:
    pull = (configuration.anchorPull * guesses).exp().to(points.dtype)
    points = points * pull[:, None, :, None, :, None, None]
  e = transform[:, :, :, None, None, None]
  x = (e[..., :3, :3] @ points[..., None])[..., 0] + e[..., :3, 3]
  lens = query.lens[:, :, None, None, None, None]
  behind = x[..., 2:] < 0.025
  z = torch.where(behind, 1, x[..., 2:])
  u = (lens[..., :2] * x[..., :2] / z + lens[..., 2:4]) / patch - 0.5
  m = max(columns, rows)
  return torch.where(behind, -2.0 * m, u).clamp(-2 * m, 3 * m)


def look(position, target, roll=0.0):
  """A camera-to-world pose at `position` that looks at `target`; world up is -y."""   # [4, 4]
  forward = torch.nn.functional.normalize(target - position, dim=0)
  right = torch.linalg.cross(torch.tensor([0.0, 1, 0], dtype=torch.float64), forward)
  right = torch.nn.functional.normalize(right, dim=0)
  down = torch.linalg.cross(forward, right)
  c, s = math.cos(roll), math.sin(roll)
  pose = torch.eye(4, dtype=torch.float64)
  axes = [c * right + s * down, c * down - s * right, forward, position]
  pose[:3] = torch.stack(axes, 1)
  return pose
