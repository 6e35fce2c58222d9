"""Training in small: a loop that another implementation can be held against, step by step.

    losses, norms = train(twin, batches)
"""

from dataclasses import dataclass

import torch

from cameras import Cameras
from loss import loss
from twin import grouped

LEARNING_RATE, BETAS, EPSILON, DECAY, CLIP = 1e-3, (0.9, 0.98), 1e-8, 0.01, 1.0


@dataclass
class Batch:
  """Scenes with contexts and targets. S scenes, C contexts, Q targets."""

  context_images: torch.Tensor   # [S, C, 3, Y, X]
  context_cameras: Cameras       # [S, C]
  images: torch.Tensor           # [S, Q, 3, Y, X]
  cameras: Cameras               # [S, Q]
  depth: torch.Tensor            # [S, Q, Y, X], along z, in world scales
  t: torch.Tensor                # [S, Q]
  z: torch.Tensor                # [S, Q, 3, Y, X]
  scale: float


def evaluated(twin, batch):
  """The loss of a batch, every term of it."""
  images = batch.context_images
  kv = twin.encode(images.flatten(0, 1), batch.context_cameras.flat())
  contexts = grouped(kv, len(images))
  prediction = twin.draw_step(
    batch.z, batch.t, batch.cameras, contexts, batch.context_cameras, batch.scale)
  flat = [x.flatten(0, 1) for x in prediction]
  truth, depth = batch.images.flatten(0, 1), batch.depth.flatten(0, 1)
  return loss(flat, truth, depth, batch.t.flatten(), twin.configuration.patch)


def decays(name, weight):
  """Whether weight decay acts: on matrices, not on the role's or the registers' rows."""
  return weight.ndim >= 2 and name not in ("role.weight", "registers")


def optimiser(weights):
  kept = [w for name, w in weights.items() if not decays(name, w)]
  decayed = [w for name, w in weights.items() if decays(name, w)]
  groups = [{"params": decayed, "weight_decay": DECAY}, {"params": kept, "weight_decay": 0.0}]
  return torch.optim.AdamW(groups, lr=LEARNING_RATE, betas=BETAS, eps=EPSILON)


def train(twin, batches):
  """One step a batch, in place; returns the terms and the gradient's norm of every step."""
  for weight in twin.weights.values(): weight.requires_grad_(True)
  adamw, losses, norms = optimiser(twin.weights), [], []
  for batch in batches:
    terms = evaluated(twin, batch)
    adamw.zero_grad()
    terms["total"].backward()
    norms.append(torch.nn.utils.clip_grad_norm_(twin.weights.values(), CLIP).item())
    adamw.step()
    losses.append({name: term.item() for name, term in terms.items()})
  return losses, norms
