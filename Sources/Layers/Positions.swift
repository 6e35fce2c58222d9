import Foundation
public import Torch

// The two halves of a head (design: Documentation/NETWORK.md). Letters: T tokens, G heads, d head
// width, h = d/2, A rotary groups (one a depth anchor), n = d/(4A) pairs a group.

/// How tokens' channels are placed: the projective half of each head by a matrix, the rotary half
/// turned.
///
/// In one pass where the device can and no gradient goes to the angles; else in tensor operations,
/// which say the same.
public struct Placing {
  private enum Way {
    case onePass(matrix: Tensor, turn: (cosines: Tensor, sines: Tensor)?)
    case operations(Projective, Rotary?)
  }
  private let way: Way
  private let groups: Int

  /// - Parameters:
  ///   - matrix: `[.., 4, 4]`, for column vectors.
  ///   - angles: `[.., T, G or 1, A or 1, n]`, where G divides the heads; nil leaves the rotary half.
  ///   - width: h, channels of a half.
  ///   - groups: A.
  ///   - type: of what is placed.
  public init(
    matrix: Tensor, angles: Tensor?, width: Int, groups: Int, type: ElementType = .float32,
    inOnePass: Bool = true
  ) {
    self.groups = groups
    let rotary = angles.map { Rotary(angles: $0, type: type) }
    let isPossible =
      inOnePass && PlacingKernels.work(on: matrix.device) && matrix.rank <= 5
      && (type == .float32 || type == .bfloat16) && (2 * width) % 16 == 0 && width <= 128
      && !(angles?.requiresGradient ?? false)
    way =
      isPossible
      ? .onePass(matrix: matrix, turn: rotary.map { ($0.cos, $0.sin) })
      : .operations(Projective(matrix, width: width, type: type), rotary)
  }

  /// Whether there can be room behind what was placed.
  var leavesRoom: Bool {
    if case .onePass = way { true } else { false }
  }

  public func callAsFunction(_ x: Tensor, room: Int = 0) -> Tensor {  // [.., T, H, d]
    switch way {
    case .onePass(let matrix, let turn):
      return x.placedHeads(matrix: matrix, turn: turn, groups: groups, room: room)
    case .operations(let projective, let rotary):
      let halves = x.split(2)
      let a = projective(halves[0])
      let b = rotary.map { turned(halves[1], by: $0) } ?? halves[1]
      return .concatenated([a, b.expanded(a.shape)], axis: -1)
    }
  }

  /// Where several heads share a table's, they are turned as one more axis.
  private func turned(_ x: Tensor, by rotary: Rotary) -> Tensor {
    let (s, shared) = (x.shape, rotary.cos.shape[rotary.cos.rank - 3])
    let heads = s[s.count - 2]
    guard shared > 1, shared < heads else { return rotary(x, groups: groups) }
    let apart = x.reshaped(s.dropLast(2) + [shared, heads / shared, s.last!])
    let all = rotary.sharedByHeads(apart, groups: groups)  // [.., T, G, H / G, h]
    return all.reshaped(all.shape.dropLast(3) + [heads, s.last!])
  }
}

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

extension Rotary {
  /// The same of `[.., T, G, H / G, h]`, each of whose G has its own angles.
  fileprivate func sharedByHeads(_ x: Tensor, groups: Int) -> Tensor {
    func apart(_ t: Tensor) -> Tensor {
      let s = t.shape
      return t.reshaped(s.dropLast(2) + [1] + s.suffix(2))
    }
    return Rotary(cos: apart(cos), sin: apart(sin))(x, groups: groups)
  }

  private init(cos: Tensor, sin: Tensor) { (self.cos, self.sin) = (cos, sin) }
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
