"""Golden values for MS-SSIM (Wang, Simoncelli, Bovik 2003) and fine detail, in PyTorch Float64.

Prints the numbers that MultiscaleTests.swift compares with:  python3 msssim_golden.py
Dense 11 x 11 windows by conv2d without padding, scales by avg_pool2d, channel by channel, after
the formulas of the paper; nothing is shared with the Swift code but the test images.
"""

import numpy as np
import torch
import torch.nn.functional as F

from flip_golden import pattern

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]


def window(sigma, size):
    x = torch.arange(size, dtype=torch.float64) - size // 2
    g = torch.exp(-(x**2) / (2 * sigma**2))
    g = g / g.sum()
    return torch.outer(g, g)


def maps(a, b):
    kernel = window(1.5, 11).expand(3, 1, 11, 11)
    local = lambda x: F.conv2d(x, kernel, groups=3)
    ma, mb = local(a), local(b)
    va, vb, cov = local(a * a) - ma**2, local(b * b) - mb**2, local(a * b) - ma * mb
    contrast = (2 * cov + 0.03**2) / (va + vb + 0.03**2)
    return contrast * (2 * ma * mb + 0.01**2) / (ma**2 + mb**2 + 0.01**2), contrast


def ms_ssim(a, b, mask=None):
    """mask: [1, 1, Y, X] of 0 and 1; windows count by their middle pixel, of coarser scales by
    the share of it."""
    scales = [k for k in range(5) if min(a.shape[2:]) >> k >= 11]
    weights = torch.tensor(WEIGHTS[: len(scales)], dtype=torch.float64)
    weights = weights / weights.sum()
    product = torch.ones(3, dtype=torch.float64)
    for k in scales:
        whole, contrast = maps(a, b)
        values = whole if k == scales[-1] else contrast
        if mask is None:
            mean = values.mean((0, 2, 3))
        else:
            picked = (mask[:, :, 5:-5, 5:-5] >= 0.5).expand_as(values)
            mean = torch.stack([values[0, c][picked[0, c]].mean() for c in range(3)])
            mask = F.avg_pool2d(mask, 2)
        product = product * mean.clamp(min=0) ** weights[k]
        a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
    return product.mean()


def detail(image):
    luma = image @ np.array([0.2126, 0.7152, 0.0722])
    padded = F.pad(torch.tensor(luma)[None, None], (4, 4, 4, 4), mode="replicate")
    blurred = F.conv2d(padded, window(1.0, 9)[None, None])[0, 0].numpy()
    return ((luma - blurred) ** 2).sum()


def tensor(image):
    return torch.tensor(image).permute(2, 0, 1)[None]


CASES = [
    ("ramp", "ramp+2", 48, 40), ("ramp", "dark", 128, 128), ("boxes", "boxes+1", 128, 128),
    ("boxes", "boxes+1", 181, 177), ("noise", "ramp", 181, 177), ("noise", "boxes", 90, 47),
]

if __name__ == "__main__":
    for one, other, w, h in CASES:
        a, b = tensor(pattern(one, w, h)), tensor(pattern(other, w, h))
        mask = (torch.arange(w) < w * 0.6).to(torch.float64).expand(1, 1, h, w)
        print(f'("{one}", "{other}", {w}, {h}, {ms_ssim(a, b):.6f}, {ms_ssim(a, b, mask):.6f}),')
    for kind in ["ramp", "boxes", "noise", "dark"]:
        print(f'("{kind}", {detail(pattern(kind, 48, 40)):.5f}),')
