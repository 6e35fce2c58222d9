public import Torch

/// How the query's own tokens are placed: its lens for the projective half, its patches for the
/// rotary half.
///
/// Where values are turned, what was gathered of them is turned back: the rest is by how much a
/// patch lies aside of where it is needed, and turning a wave by its phase is to shift it.
public struct OwnPositions {
  private let query: Placing  // q' = P_qᵀ q
  private let key: Placing  // k' = lift(Kn_q)⁻¹ k
  private let value: Placing  // v' likewise
  private let out: Placing  // o' = P_q o

  /// - Parameters:
  ///   - lens: `[B, 4, 4]`, the lifted intrinsics; `inverse`: their inverses.
  ///   - angles: `[T, 1, 1, n]`; `values`: those of values, `[T, G, A, n]`, nil where they are not
  ///     turned.
  ///   - type: of the queries, keys and values.
  public init(
    lens: Tensor, inverse: Tensor, angles: Tensor, values: Tensor? = nil, width: Int,
    groups: Int, type: ElementType = .float32
  ) {
    func placing(_ matrix: Tensor, _ angles: Tensor?) -> Placing {
      Placing(matrix: matrix, angles: angles, width: width, groups: groups, type: type)
    }
    query = placing(lens.transposed(-1, -2).contiguous(), angles)
    key = placing(inverse, angles)
    value = placing(inverse, values)
    out = placing(lens, values.map { -$0 })
  }

  func place(query q: Tensor) -> Tensor { query(q) }
  func place(key k: Tensor) -> Tensor { key(k) }
  func place(value v: Tensor) -> Tensor { value(v) }

  /// What heads gathered, `[B, T, H, d]`.
  func replace(out o: Tensor) -> Tensor { out(o) }
}

/// How context tokens are placed in the coordinates of the query that recalls them.
public struct RecalledPositions {
  private let keys: Placing  // M_k
  private let values: Placing

  /// - Parameters:
  ///   - matrices: `[.., C, 4, 4]`, context image to query camera.
  ///   - angles: `[.., C, T, G, A, n]`; `values`: those of values, nil where they are not turned.
  ///   - type: of the keys and values.
  public init(
    matrices: Tensor, angles: Tensor, values: Tensor? = nil, width: Int, groups: Int,
    type: ElementType = .float32
  ) {
    func placing(_ angles: Tensor?) -> Placing {
      Placing(matrix: matrices, angles: angles, width: width, groups: groups, type: type)
    }
    keys = placing(angles)
    self.values = placing(values)
  }

  /// Raw keys `[.., C, T, G, d]` in the query's coordinates.
  public func place(keys k: Tensor) -> Tensor { keys(k) }
  public func place(values v: Tensor) -> Tensor { values(v) }
}

/// Keys and values of one layer, `[B, T, G, d]`.
public struct LayerKV {
  public let keys: Tensor
  public let values: Tensor

  public init(keys: Tensor, values: Tensor) {
    self.keys = keys
    self.values = values
  }
}

/// Attention of a frame's tokens to themselves and to what was recalled.
///
/// Letters: B frames, T tokens, D width, H query heads, G key/value heads, d head width, M recalled.
public struct Attention {
  public let query: Linear
  public let key: Linear
  public let value: Linear
  public let out: Linear
  public let queryNorm: RMSNorm
  public let keyNorm: RMSNorm
  public let nullKey: Tensor  // [G, d]
  public let nullValue: Tensor
  let headWidth: Int

  public init(
    _ address: Address, width: Int, heads: Int, keyValueHeads: Int, headWidth: Int, depth: Int
  ) throws {
    query = try Linear(address / "query", width, heads * headWidth)
    key = try Linear(address / "key", width, keyValueHeads * headWidth)
    value = try Linear(address / "value", width, keyValueHeads * headWidth)
    let deviation = 1 / Double(heads * headWidth * 2 * depth).squareRoot()
    out = try Linear(address / "out", heads * headWidth, width, deviation: deviation)
    queryNorm = try RMSNorm(address / "query_norm", headWidth)
    keyNorm = try RMSNorm(address / "key_norm", headWidth)
    nullKey = try (address / "null_key").normal(keyValueHeads, headWidth, deviation: 1)
    nullValue = try (address / "null_value").constant(0, keyValueHeads, headWidth)
    self.headWidth = headWidth
  }

  /// The frame's own keys and values before any position enters: what a memory keeps.
  public func keysAndValues(_ x: Tensor) -> LayerKV {
    LayerKV(keys: keyNorm(heads(key(x))), values: heads(value(x)))
  }

  /// Attends to the frame's own tokens, and, for a target, to recalled ones and the null key.
  public func callAsFunction(
    _ x: Tensor, own: LayerKV, positions: OwnPositions, recalled: LayerKV?, isTarget: Bool
  ) -> Tensor {  // [B, T, D]
    let q = positions.place(query: queryNorm(heads(query(x))))  // [B, T, H, d]
    var keys = [positions.place(key: own.keys)]  // [B, T, G, d]
    var values = [positions.place(value: own.values)]
    if isTarget {
      keys.insert(null(nullKey, like: keys[0]), at: 0)
      values.insert(null(nullValue, like: values[0]), at: 0)
    }
    if let recalled {  // [B, M, G, d]
      keys.insert(recalled.keys, at: 0)
      values.insert(recalled.values, at: 0)
    }
    let o = Tensor.attention(
      q.transposed(1, 2), joined(keys).transposed(1, 2), joined(values).transposed(1, 2))
    let placed = positions.replace(out: o.transposed(1, 2))  // [B, T, H, d]
    return out(placed.reshaped(placed.shape.dropLast(2) + [-1]))
  }

  private func heads(_ x: Tensor) -> Tensor { x.reshaped(x.shape.dropLast() + [-1, headWidth]) }

  private func null(_ t: Tensor, like x: Tensor) -> Tensor {
    t.expanded([x.shape[0], 1] + t.shape)
  }

  private func joined(_ parts: [Tensor]) -> Tensor {
    parts.count == 1 ? parts[0] : .concatenated(parts, axis: 1)
  }
}
