"""Golden values for LDR-FLIP (Andersson et al. 2020), from the paper's formulas in Float64.

Prints the numbers that FLIPTests.swift compares with:  python3 flip_golden.py
Nothing is shared with the Swift code: filters are dense 2D kernels summed tap by tap, the
colour matrices come from the sRGB primaries, and needs nothing but numpy.
"""

import numpy as np

PPD = 67.0


def pattern(kind, width, height):
    """The test images, in whole numbers so that every language makes the same."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing="ij")
    kinds = {
        "black": lambda: 0 * x,
        "white": lambda: 0 * x + 255,
        "red": lambda: np.where(c == 0, 255, 0),
        "green": lambda: np.where(c == 1, 255, 0),
        "blue": lambda: np.where(c == 2, 255, 0),
        "ramp": lambda: (x * 5 + y * 3 + c * 40) % 256,
        "ramp+2": lambda: ((x + 2) * 5 + y * 3 + c * 40) % 256,
        "dark": lambda: ((x * 5 + y * 3 + c * 40) % 256) // 2,
        "boxes": lambda: ((x // 8 + y // 8) % 2) * (200 - 60 * c) + 20,
        "boxes+1": lambda: (((x + 1) // 8 + y // 8) % 2) * (200 - 60 * c) + 20,
        "noise": lambda: (x * x * 31 + y * y * 17 + x * y * 7 + c * 101) % 256,
    }
    return kinds[kind]().astype(np.float64) / 255


def primaries():
    xy = np.array([[0.64, 0.33], [0.30, 0.60], [0.15, 0.06]])
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in xy]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    return columns * np.linalg.solve(columns, white), white


TO_XYZ, WHITE = primaries()


def linear(s):
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def opponent(s):
    x, y, z = np.moveaxis(linear(s) @ TO_XYZ.T / WHITE, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def from_opponent(o):
    y = (o[..., 0] + 16) / 116
    xyz = np.stack([y + o[..., 1] / 500, y, y - o[..., 2] / 200], -1) * WHITE
    return np.clip(xyz @ np.linalg.inv(TO_XYZ).T, 0, 1)


def hunted_lab(rgb):
    t = rgb @ TO_XYZ.T / WHITE
    d = 6 / 29
    f = np.where(t > d**3, np.cbrt(t), t / (3 * d * d) + 4 / 29)
    lightness = 116 * f[..., 1] - 16
    a, b = 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])
    return np.stack([lightness, 0.01 * lightness * a, 0.01 * lightness * b], -1)


def convolve(image, kernel):
    r = kernel.shape[0] // 2
    padded = np.pad(image, r, mode="edge")
    out = np.zeros_like(image)
    for i in range(2 * r + 1):
        for j in range(2 * r + 1):
            out += kernel[i, j] * padded[i : i + image.shape[0], j : j + image.shape[1]]
    return out


def grid(radius):
    return np.meshgrid(np.arange(-radius, radius + 1), np.arange(-radius, radius + 1))


def sensitivity(terms):
    x, y = grid(int(np.ceil(3 * np.sqrt(0.04 / (2 * np.pi**2)) * PPD)))
    z = (x**2 + y**2) / PPD**2
    g = sum(a * np.sqrt(np.pi / b) * np.exp(-np.pi**2 * z / b) for a, b in terms)
    return g / g.sum()


def blurred(o):
    terms = [[(1, 0.0047)], [(1, 0.0053)], [(34.1, 0.04), (13.5, 0.025)]]
    return np.stack([convolve(o[..., k], sensitivity(t)) for k, t in enumerate(terms)], -1)


def features(y, kind):
    sd = 0.5 * 0.082 * PPD
    u, v = grid(int(np.ceil(3 * sd)))
    g = np.exp(-(u**2 + v**2) / (2 * sd**2))
    g = -u * g if kind == "edge" else (u**2 / sd**2 - 1) * g
    g = np.where(g > 0, g / g[g > 0].sum(), g / -g[g < 0].sum())
    return np.hypot(convolve(y, g), convolve(y, g.T))


def hyab(a, b):
    d = a - b
    return np.abs(d[..., 0]) + np.hypot(d[..., 1], d[..., 2])


def flip(first, second):
    o1, o2 = opponent(first), opponent(second)
    color = hyab(hunted_lab(from_opponent(blurred(o1))), hunted_lab(from_opponent(blurred(o2))))
    color = color**0.7
    extreme = hyab(hunted_lab(np.array([0.0, 1, 0])), hunted_lab(np.array([0.0, 0, 1]))) ** 0.7
    knee = 0.4 * extreme
    color = np.where(
        color < knee, 0.95 / knee * color, 0.95 + (color - knee) / (extreme - knee) * 0.05)
    y1, y2 = (o1[..., 0] + 16) / 116, (o2[..., 0] + 16) / 116
    difference = np.maximum(
        abs(features(y1, "edge") - features(y2, "edge")),
        abs(features(y1, "point") - features(y2, "point")))
    return color ** (1 - np.sqrt(difference / np.sqrt(2)))


PAIRS = [
    ("black", "white"), ("red", "green"), ("green", "blue"), ("ramp", "ramp+2"),
    ("ramp", "dark"), ("boxes", "boxes+1"), ("boxes", "ramp"), ("noise", "ramp"),
    ("noise", "boxes"),
]

if __name__ == "__main__":
    for one, other in PAIRS:
        error = flip(pattern(one, 48, 40), pattern(other, 48, 40))
        print(
            f'("{one}", "{other}", {error.mean():.6f}, {error[0, 0]:.6f}, {error[20, 24]:.6f}),')
