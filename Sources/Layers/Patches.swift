public import Torch

/// Cuts images into squares of `side` pixels: `[B, C, Y, X]` to `[B, N, C side²]`, rows first, a
/// patch's numbers ordered (channel, row, column).
public func patchify(_ images: Tensor, _ side: Int) -> Tensor {
  let s = images.shape
  let (rows, columns) = (s[2] / side, s[3] / side)
  return images.reshaped(s[0], s[1], rows, side, columns, side)
    .permuted(0, 2, 4, 1, 3, 5)
    .reshaped(s[0], rows * columns, s[1] * side * side)
}

/// Puts patches back together: the inverse of `patchify`.
public func unpatchify(_ patches: Tensor, _ side: Int, rows: Int, columns: Int) -> Tensor {
  let s = patches.shape
  let channels = s[2] / (side * side)
  return patches.reshaped(s[0], rows, columns, channels, side, side)
    .permuted(0, 3, 1, 4, 2, 5)
    .reshaped(s[0], channels, rows * side, columns * side)
}
