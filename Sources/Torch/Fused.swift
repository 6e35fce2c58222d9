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

/// Keys and values of every layer in the order in which attention reads them, `[L, G, M, d]`:
/// recalled ones first, then the null key, then the frame's own. Float32, on the CPU.
public final class AttentionSlots {
  public let keys: Tensor
  public let values: Tensor

  /// - Parameter shape: `[L, G, M, d]`.
  public init(shape: [Int]) {
    (keys, values) = (Tensor(empty: shape), Tensor(empty: shape))
  }

  /// The widest vectors that attention uses on this machine's CPU: 16, 8 or 4 lanes. For tests.
  static func limitLanes(to lanes: Int) { ct_limit_lanes(Int32(lanes)) }

  /// Places a frame's raw keys and values `[L, T, G, d]` from a slot on.
  ///
  /// - Parameters:
  ///   - matrix: `[4, 4]`, for the first half of the channels, as columns.
  ///   - cos: `[T, G or 1, A or 1, n]`, for the second half of the keys' channels; `sin` likewise.
  public func place(
    keys k: Tensor, values v: Tensor, at slot: Int, matrix: Tensor, cos: Tensor, sin: Tensor
  ) {
    let status = ct_place(
      k.pointer, v.pointer, matrix.pointer, cos.pointer, sin.pointer, Int64(slot), keys.pointer,
      values.pointer)
    check("place", [k, v, matrix, cos, sin, keys], status)
  }

  /// How a frame's own tokens are placed.
  public struct OwnPlaces {
    let lens: Tensor
    let inverse: Tensor
    let cos: Tensor
    let sin: Tensor
    let groups: Int

    /// - Parameters:
    ///   - lens: `[4, 4]`; `inverse`: its inverse.
    ///   - cos: `[T, 1, 1, n]`, used by each of so many groups; `sin` likewise.
    public init(lens: Tensor, inverse: Tensor, cos: Tensor, sin: Tensor, groups: Int) {
      (self.lens, self.inverse) = (lens.contiguous(), inverse.contiguous())
      (self.cos, self.sin, self.groups) = (cos.contiguous(), sin.contiguous(), groups)
    }
  }

  /// One layer's attention: writes the frame's own keys and values to the last slots, then attends
  /// to all slots.
  ///
  /// - Parameters:
  ///   - projections: queries, keys and values side by side, `[1, T, (H + 2 G) d]`.
  ///   - gains: of the queries' and the keys' norm.
  ///   - raw: where the own keys and values go before they are placed, `[T, G, d]`.
  /// - Returns: `[1, T, H d]`.
  public func attend(
    _ projections: Tensor, layer: Int, gains: (query: Tensor, key: Tensor), _ places: OwnPlaces,
    raw: (keys: Tensor, values: Tensor)? = nil
  ) -> Tensor {
    Tensor.make("attend", [projections, keys]) {
      ct_attend(
        projections.pointer, gains.query.pointer, gains.key.pointer, places.lens.pointer,
        places.inverse.pointer, places.cos.pointer, places.sin.pointer, Int32(places.groups),
        Int64(layer), keys.pointer, values.pointer, raw?.keys.pointer, raw?.values.pointer)
    }
  }
}

extension Tensor {
  /// Grows with each change in place; 0 for tensors made in inference mode.
  public var revision: Int { Int(ct_revision(pointer)) }
}
