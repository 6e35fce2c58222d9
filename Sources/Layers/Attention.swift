public import Torch

/// How the query's own tokens are placed: its lens for the projective half, its patches for the
/// rotary half.
///
/// Where values are turned, what was gathered of them is turned back: the rest is by how much a
/// patch lies aside of where it is needed, and turning a wave by its phase is to shift it.
public struct OwnPositions {
  let query: Projective  // q' = P_qᵀ q
  let key: Projective  // k' = lift(Kn_q)⁻¹ k, v' too
  let out: Projective  // o' = P_q o
  let rotary: Rotary
  /// Of values, and back; nil where they are not turned.
  let values: (turn: Rotary, back: Rotary)?
  let groups: Int

  /// - Parameters:
  ///   - lens: `[B, 4, 4]`, the lifted intrinsics; `inverse`: their inverses.
  ///   - angles: `[T, 1, 1, n]`; `values`: those of values, `[T, G, A, n]`, nil where they are not
  ///     turned.
  ///   - type: of the queries, keys and values.
  public init(
    lens: Tensor, inverse: Tensor, angles: Tensor, values: Tensor? = nil, width: Int,
    groups: Int, type: ElementType = .float32
  ) {
    self.values = values.map {
      let s = $0.shape
      let perHead = $0.reshaped(s[0], s[1], 1, s[2], s[3])  // query heads of a group share theirs
      return (Rotary(angles: $0, type: type), Rotary(angles: -perHead, type: type))
    }
    query = Projective(lens, width: width, transposed: true, type: type)
    key = Projective(inverse, width: width, type: type)
    out = Projective(lens, width: width, type: type)
    rotary = Rotary(angles: angles, type: type)
    self.groups = groups
  }

  func place(query q: Tensor) -> Tensor { both(q, query) { rotary($0, groups: groups) } }
  func place(key k: Tensor) -> Tensor { both(k, key) { rotary($0, groups: groups) } }

  func place(value v: Tensor) -> Tensor {
    both(v, key) { x in values.map { $0.turn(x, groups: groups) } ?? x }
  }

  /// What heads gathered, `[B, T, H, d]`.
  func replace(out o: Tensor) -> Tensor {
    both(o, out) { x in
      guard let values else { return x }
      let s = x.shape
      let shared = x.reshaped(s[0], s[1], values.turn.cos.shape[1], -1, s[3])
      return values.back(shared, groups: groups).reshaped(s)
    }
  }
}

/// How context tokens are placed in the coordinates of the query that recalls them.
public struct RecalledPositions {
  let projective: Projective  // M_k
  let rotary: Rotary
  /// Of values; nil where they are not turned.
  let turn: Rotary?
  let groups: Int

  /// - Parameters:
  ///   - matrices: `[.., C, 4, 4]`, context image to query camera.
  ///   - angles: `[.., C, T, G, A, n]`; `values`: those of values, nil where they are not turned.
  ///   - type: of the keys and values.
  public init(
    matrices: Tensor, angles: Tensor, values: Tensor? = nil, width: Int, groups: Int,
    type: ElementType = .float32
  ) {
    turn = values.map { Rotary(angles: $0, type: type) }
    projective = Projective(matrices, width: width, type: type)
    rotary = Rotary(angles: angles, type: type)
    self.groups = groups
  }

  /// Raw keys `[.., C, T, G, d]` in the query's coordinates.
  public func place(keys: Tensor) -> Tensor {
    both(keys, projective) { rotary($0, groups: groups) }
  }

  public func place(values: Tensor) -> Tensor {
    both(values, projective) { x in turn.map { $0(x, groups: groups) } ?? x }
  }
}

/// Applies one map to the first half of the channels and another to the second.
private func both(_ x: Tensor, _ first: Projective, _ second: (Tensor) -> Tensor) -> Tensor {
  let halves = x.split(2)
  let a = first(halves[0])
  return .concatenated([a, second(halves[1]).expanded(a.shape)], axis: -1)
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
