internal import CTorch

/// A weight `[out, in]` laid out for products with a given number of rows, where libtorch can; for
/// inference only.
///
/// What it is given is converted to its own element type; what it returns has that type.
public struct PackedWeight {
  private let weight: Tensor
  private let packed: Tensor?

  public init(_ weight: Tensor, rows: Int, type: ElementType = .float32) {
    self.weight = weight.detached().to(type).contiguous()
    packed = ct_packed(self.weight.pointer, Int64(rows)).map { Tensor(Tensor.Handle($0)) }
  }

  public var type: ElementType { weight.type }

  /// `x · weightᵀ`.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let x = x.to(type)
    return product(x) ?? x.linear(weight)
  }

  /// `silu(x · weightᵀ)`.
  public func silu(_ x: Tensor) -> Tensor {
    let x = x.to(type)
    return product(x, silu: true) ?? x.linear(weight).silu()
  }

  /// `factor * (x · weightᵀ)`.
  public func times(_ factor: Tensor, _ x: Tensor) -> Tensor {
    let (x, factor) = (x.to(type), factor.to(type))
    return product(x, factor: factor) ?? factor * x.linear(weight)
  }

  private func product(_ x: Tensor, silu: Bool = false, factor: Tensor? = nil) -> Tensor? {
    packed.map { packed in
      Tensor.make("packed linear", [x, weight]) {
        ct_packed_linear(x.pointer, packed.pointer, silu, factor?.pointer)
      }
    }
  }
}

/// Keys and values of every layer in the order in which attention reads them: recalled ones first,
/// then the null key, then the frame's own. On the CPU, Float32 or, where it has that, BFloat16.
public final class AttentionSlots {
  /// How many slots a layer has: M.
  public let count: Int
  let keys: Tensor  // [L, G, M, d]
  let values: Tensor  // the same; in BFloat16 [L, G, M/2 rounded up, d, 2], two slots side by side

  public init(layers: Int, heads: Int, count: Int, width: Int, type: ElementType) {
    self.count = count
    keys = Tensor(empty: [layers, heads, count, width], type: type)
    // Zeros, since the last slot's partner is multiplied too.
    values =
      type == .float32
      ? Tensor(empty: keys.shape) : .zeros([layers, heads, (count + 1) / 2, width, 2], type: type)
  }

  public var type: ElementType { keys.type }

  /// Keys and values of one layer, `[1, slots, G, d]`, as Float32.
  public func layer(_ i: Int, _ slots: Range<Int>) -> (keys: Tensor, values: Tensor) {
    func part(_ t: Tensor) -> Tensor {
      t.narrowed(0, i..<i + 1).narrowed(2, slots).transposed(1, 2).to(.float32)
    }
    let s = keys.shape
    guard type != .float32 else { return (part(keys), part(values)) }
    let rows = values.permuted(0, 1, 2, 4, 3).reshaped(s[0], s[1], -1, s[3])
    return (part(keys), part(rows))
  }

  /// The widest vectors that attention uses on this machine's CPU: 16, 8 or 4 lanes. For tests.
  static func limitLanes(to lanes: Int) { ct_limit_lanes(Int32(lanes)) }

  /// Places a frame's raw keys and values `[L, T, G, d]` from a slot on.
  ///
  /// - Parameters:
  ///   - matrix: `[4, 4]`, for the first half of the channels, as columns.
  ///   - angles: `[T, G or 1, A or 1, n]`, for the second half of the keys' channels.
  ///   - valueAngles: `[T, G, A, n]`, for that of the values; nil where they are not turned.
  public func place(
    keys k: Tensor, values v: Tensor, at slot: Int, matrix: Tensor, angles: Tensor,
    valueAngles: Tensor?
  ) {
    let (cos, sin) = (angles.cos(), angles.sin())
    let (turnCos, turnSin) = (valueAngles?.cos(), valueAngles?.sin())
    let status = ct_place(
      k.pointer, v.pointer, matrix.pointer, cos.pointer, sin.pointer, Int64(slot), keys.pointer,
      values.pointer, turnCos?.pointer, turnSin?.pointer)
    check("place", [k, v, matrix, cos, sin, keys] + [turnCos, turnSin].compactMap(\.self), status)
  }

  /// Writes one slot of all layers: keys and values `[L, G, 1, d]`.
  public func set(_ slot: Int, keys k: Tensor, values v: Tensor) {
    keys.narrowed(2, slot..<slot + 1).set(k)
    if type == .float32 { return values.narrowed(2, slot..<slot + 1).set(v) }
    values.narrowed(2, slot / 2..<slot / 2 + 1).narrowed(4, slot % 2..<slot % 2 + 1)
      .set(v.reshaped(v.shape + [1]))
  }

  /// How a frame's own tokens are placed.
  public struct OwnPlaces {
    let lens: Tensor
    let inverse: Tensor
    let cos: Tensor
    let sin: Tensor
    let groups: Int
    /// Of values, and to turn back what was gathered of them.
    let values: (cos: Tensor, sin: Tensor, back: Tensor)?

    /// - Parameters:
    ///   - lens: `[4, 4]`; `inverse`: its inverse.
    ///   - angles: `[T, 1, 1, n]`, used by each of so many groups.
    ///   - valueAngles: `[T, G, A, n]`; nil where values are not turned.
    public init(
      lens: Tensor, inverse: Tensor, angles: Tensor, valueAngles: Tensor?, groups: Int
    ) {
      (self.lens, self.inverse) = (lens.contiguous(), inverse.contiguous())
      (cos, sin) = (angles.cos().contiguous(), angles.sin().contiguous())
      values = valueAngles.map {
        ($0.cos().contiguous(), $0.sin().contiguous(), (-$0).sin().contiguous())
      }
      self.groups = groups
    }
  }

  /// One layer's attention: writes the frame's own keys and values to the last slots, then attends
  /// to all slots.
  ///
  /// - Parameters:
  ///   - projections: queries, keys and values side by side, `[1, T, (H + 2 G) d]`, Float32 or BFloat16.
  ///   - gains: of the queries' and the keys' norm.
  ///   - raw: where the own keys and values go before they are placed, `[T, G, d]`.
  /// - Returns: `[1, T, H d]`, of the projections' type.
  public func attend(
    _ projections: Tensor, layer: Int, gains: (query: Tensor, key: Tensor), _ places: OwnPlaces,
    raw: (keys: Tensor, values: Tensor)? = nil
  ) -> Tensor {
    Tensor.make("attend", [projections, keys]) {
      ct_attend(
        projections.pointer, gains.query.pointer, gains.key.pointer, places.lens.pointer,
        places.inverse.pointer, places.cos.pointer, places.sin.pointer, Int32(places.groups),
        Int64(layer), keys.pointer, values.pointer, raw?.keys.pointer, raw?.values.pointer,
        places.values?.cos.pointer, places.values?.sin.pointer, places.values?.back.pointer)
    }
  }
}

extension Tensor {
  /// `self + gate * update`, and its layer norm times `weight` plus `bias`, of a type; vectors
  /// `[D]`. Float32, but the update and the norm may be BFloat16.
  public func addingNormed(
    _ update: Tensor, gate: Tensor, weight: Tensor, bias: Tensor, type: ElementType
  ) -> (sum: Tensor, normed: Tensor) {
    var (sum, normed): (OpaquePointer?, OpaquePointer?)
    let status = ct_add_norm(
      pointer, update.pointer, gate.pointer, weight.pointer, bias.pointer, type.code, &sum,
      &normed)
    check("addNorm", [self, update, gate, weight, bias], status)
    return (Tensor(Handle(sum!)), Tensor(Handle(normed!)))
  }

  /// Grows with each change in place; 0 for tensors made in inference mode.
  public var revision: Int { Int(ct_revision(pointer)) }
}
