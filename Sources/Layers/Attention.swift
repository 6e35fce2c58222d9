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

  /// The same of one layer, `[S, J, C, T, G, d]` of raw `[S, 1, C, T, G, d]`, as `[S J, C T, G, d]`; behind
  /// them, where it can be had, there is room for a query's own `T` tokens.
  public func place(_ kv: LayerKV, own tokens: Int) -> LayerKV {
    let room = keys.leavesRoom && values.leavesRoom ? LayerKV.Room(tokens: tokens) : nil
    func placed(_ t: Tensor, _ placing: Placing) -> Tensor {
      let all = placing(t, room: room == nil ? 0 : tokens + 1)
      let s = all.shape
      return all.reshaped([s[0] * s[1], s[2] * s[3]] + s.suffix(2))
    }
    return LayerKV(keys: placed(kv.keys, keys), values: placed(kv.values, values), room: room)
  }
}

/// Keys and values of one layer, `[B, T, G, d]`.
public struct LayerKV {
  public let keys: Tensor
  public let values: Tensor
  /// Behind recalled ones: for the null key and the query's own.
  let room: Room?

  public init(keys: Tensor, values: Tensor) { self.init(keys: keys, values: values, room: nil) }

  init(keys: Tensor, values: Tensor, room: Room?) {
    (self.keys, self.values, self.room) = (keys, values, room)
  }

  /// Room in memory for a query's own tokens and one more; taken once.
  final class Room {
    private let tokens: Int
    private var isFree = true

    init(tokens: Int) { self.tokens = tokens }

    /// Whether it is there for so many tokens; it is then gone.
    func take(_ count: Int) -> Bool {
      defer { isFree = false }
      return isFree && count == tokens
    }
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
    let key = positions.place(key: own.keys), value = positions.place(value: own.values)
    let (keys, values) = joined(key, value, recalled, isTarget: isTarget)  // [B, M, G, d]
    let o = Tensor.attention(
      q.transposed(1, 2), keys.transposed(1, 2), values.transposed(1, 2))
    let placed = positions.replace(out: o.transposed(1, 2))  // [B, T, H, d]
    return out(placed.reshaped(placed.shape.dropLast(2) + [-1]))
  }

  private func heads(_ x: Tensor) -> Tensor { x.reshaped(x.shape.dropLast() + [-1, headWidth]) }

  private func null(_ t: Tensor, like x: Tensor) -> Tensor {
    t.expanded([x.shape[0], 1] + t.shape)
  }

  /// All that is attended to: what was recalled, for a target the null key, the frame's own.
  private func joined(_ key: Tensor, _ value: Tensor, _ recalled: LayerKV?, isTarget: Bool)
    -> (keys: Tensor, values: Tensor)
  {
    guard isTarget || recalled != nil else { return (key, value) }
    let nulls = isTarget ? (null(nullKey, like: key), null(nullValue, like: value)) : nil
    if let recalled, let nulls, let room = recalled.room, room.take(key.shape[1]) {
      return (
        recalled.keys.fillingRoom(nulls.0, key), recalled.values.fillingRoom(nulls.1, value)
      )
    }
    return (
      .concatenated([recalled?.keys, nulls?.0, key].compactMap { $0 }, axis: 1),
      .concatenated([recalled?.values, nulls?.1, value].compactMap { $0 }, axis: 1)
    )
  }
}
