import Foundation
public import Torch

// The two halves of a head (design: Documentation/NETWORK.md). Letters: T tokens, G heads, d head
// width, h = d/2, A rotary groups (one a depth anchor), n = d/(4A) pairs a group.

/// Turns the rotary half of queries or keys by angles that stand for positions in an image
/// (RoPE, arXiv 2104.09864; across frames URoPE, arXiv 2604.18747).
public struct Rotary {
  public let cos: Tensor  // [.., T, G or 1, A or 1, n]
  public let sin: Tensor

  /// - Parameter type: of what is turned; sines and cosines are taken in the angles' own.
  public init(angles: Tensor, type: ElementType = .float32) {
    cos = angles.cos().to(type)
    sin = angles.sin().to(type)
  }

  /// The angle of every pair at pixel-grid positions.
  ///
  /// - Parameters:
  ///   - x: column in patches, any shape; `y` likewise.
  ///   - pairs: n; half of them turn with x, half with y.
  ///   - peak: the fastest pair's turn across the whole image, in radians.
  ///   - base: how many times slower the pair after the slowest would be.
  ///   - patches: how many patches the image has.
  public static func angles(
    x: Tensor, y: Tensor, pairs: Int, peak: Double, base: Double = 100, patches: Int
  ) -> Tensor {
    let exponents = Tensor.arange(pairs / 2, on: x.device) * (-2 * log(base) / Double(pairs))
    let frequencies = exponents.exp() * (peak / Double(patches).squareRoot())
    let column = x.reshaped(x.shape + [1]) * frequencies
    let row = y.reshaped(y.shape + [1]) * frequencies
    return .concatenated([column, row], axis: -1)  // [.., n]
  }

  public func callAsFunction(_ x: Tensor, groups: Int) -> Tensor {  // [.., T, G, h]
    let s = x.shape
    let halves = x.reshaped(s.dropLast() + [groups, s.last! / groups]).split(2)
    let (a, b) = (halves[0], halves[1])
    let turned = Tensor.concatenated([a * cos - b * sin, a * sin + b * cos], axis: -1)
    return turned.reshaped(turned.shape.dropLast(2) + [s.last!])
  }
}

/// Multiplies the projective half by a 4 x 4 matrix, in groups of 4 channels
/// (PRoPE, arXiv 2507.10496).
public struct Projective {
  public let matrix: Tensor  // [.., h, h], for row vectors: x · matrix

  /// - Parameters:
  ///   - matrices: `[.., 4, 4]`, to be applied to column vectors, or its transpose for row vectors.
  ///   - width: h, how many channels the half has.
  ///   - type: of what is multiplied.
  public init(
    _ matrices: Tensor, width: Int, transposed: Bool = false, type: ElementType = .float32
  ) {
    let m = transposed ? matrices : matrices.transposed(-1, -2)
    let blocks = width / 4
    let lead = Array(m.shape.dropLast(2))
    // Made on the device, so that this can be part of recorded work.
    let index = Tensor.arange(blocks, on: m.device)
    let eye = ((index.reshaped(-1, 1) - index).abs() .< 0.5).to(.float32)
      .reshaped(blocks, 1, blocks, 1)
    matrix = (eye * m.reshaped(lead + [1, 4, 1, 4])).reshaped(lead + [width, width]).to(type)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {  // [.., T, G, h]
    let s = x.shape
    let rows = x.reshaped(s.dropLast(3) + [s[s.count - 3] * s[s.count - 2], s.last!])
    let product = rows.matmul(matrix)
    return product.reshaped(product.shape.dropLast(2) + s.suffix(3))
  }
}
