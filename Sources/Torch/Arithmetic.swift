internal import CTorch

// Element by element; shapes broadcast as in NumPy.
extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor { a.with(b, "add", ct_add) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { a.with(b, "sub", ct_sub) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { a.with(b, "mul", ct_mul) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { a.with(b, "div", ct_div) }
  public static func + (a: Tensor, s: Double) -> Tensor { a.with(s, "add", ct_add_scalar) }
  public static func + (s: Double, a: Tensor) -> Tensor { a + s }
  public static func - (a: Tensor, s: Double) -> Tensor { a + -s }
  public static func - (s: Double, a: Tensor) -> Tensor { -a + s }
  public static func * (a: Tensor, s: Double) -> Tensor { a.with(s, "mul", ct_mul_scalar) }
  public static func * (s: Double, a: Tensor) -> Tensor { a * s }
  public static func / (a: Tensor, s: Double) -> Tensor { a * (1 / s) }
  public static func / (s: Double, a: Tensor) -> Tensor { a.power(-1) * s }
  public static prefix func - (a: Tensor) -> Tensor { a.map("neg", ct_neg) }

  public func power(_ s: Double) -> Tensor { with(s, "pow", ct_pow_scalar) }
  public func squared() -> Tensor { self * self }
  public func abs() -> Tensor { map("abs", ct_abs) }
  public func exp() -> Tensor { map("exp", ct_exp) }
  public func log() -> Tensor { map("log", ct_log) }
  public func sqrt() -> Tensor { map("sqrt", ct_sqrt) }
  public func sin() -> Tensor { map("sin", ct_sin) }
  public func cos() -> Tensor { map("cos", ct_cos) }
  public func sigmoid() -> Tensor { map("sigmoid", ct_sigmoid) }
  public func silu() -> Tensor { map("silu", ct_silu) }

  public func clamped(_ low: Double, _ high: Double) -> Tensor {
    Tensor.make("clamp", [self]) { ct_clamp(pointer, low, high) }
  }

  public func minimum(_ b: Tensor) -> Tensor { with(b, "minimum", ct_minimum) }
  public func maximum(_ b: Tensor) -> Tensor { with(b, "maximum", ct_maximum) }

  /// True where an element is less than the other's.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { a.with(b, "less", ct_less) }
  public static func .< (a: Tensor, s: Double) -> Tensor { a.with(s, "less", ct_less_scalar) }

  /// Elements of `a` where this (a tensor of Bool) is true, of `b` elsewhere.
  public func select(_ a: Tensor, else b: Tensor) -> Tensor {
    Tensor.make("where", [self, a, b]) { ct_where(pointer, a.pointer, b.pointer) }
  }
}

// Sums over axes; negative axes count from the last.
extension Tensor {
  public func sum(_ axes: Int..., keepAxes: Bool = false) -> Tensor {
    reduced("sum", axes, keepAxes, ct_sum)
  }

  public func mean(_ axes: Int..., keepAxes: Bool = false) -> Tensor {
    reduced("mean", axes, keepAxes, ct_mean)
  }

  public func max(_ axes: Int..., keepAxes: Bool = false) -> Tensor {
    reduced("amax", axes, keepAxes, ct_amax)
  }

  private func reduced(
    _ name: String, _ axes: [Int], _ keep: Bool,
    _ call: (OpaquePointer, UnsafePointer<Int64>, Int32, Bool) -> OpaquePointer?
  ) -> Tensor {
    Tensor.make(name, [self]) { dims(axes) { call(pointer, $0, $1, keep) } }
  }
}

// In place: storage changes under every tensor that shares it, and no gradient is recorded.
extension Tensor {
  /// Overwrites with another's values, converting type and device; shapes broadcast.
  public func set(_ source: Tensor) {
    check("copy", [self, source], ct_copy_(pointer, source.pointer))
  }

  public func fill(_ value: Double) { check("fill", [self], ct_fill_(pointer, value)) }

  public func addInPlace(_ b: Tensor, times scale: Double = 1) {
    check("add", [self, b], ct_add_scaled_(pointer, b.pointer, scale))
  }

  public func multiplyInPlace(_ s: Double) {
    check("mul", [self], ct_mul_scalar_(pointer, s))
  }

  /// Goes the fraction `t` of the way to `b`.
  public func moveInPlace(towards b: Tensor, by t: Double) {
    check("lerp", [self, b], ct_lerp_(pointer, b.pointer, t))
  }
}

infix operator .< : ComparisonPrecedence

extension Tensor {
  func map(_ name: String, _ call: (OpaquePointer) -> OpaquePointer?) -> Tensor {
    Tensor.make(name, [self]) { call(pointer) }
  }

  func with(
    _ other: Tensor, _ name: String, _ call: (OpaquePointer, OpaquePointer) -> OpaquePointer?
  ) -> Tensor {
    guard let result = call(pointer, other.pointer) else {
      return Tensor.make(name, [self, other]) { nil }
    }
    return Tensor(Handle(result))
  }

  func with(
    _ s: Double, _ name: String, _ call: (OpaquePointer, Double) -> OpaquePointer?
  ) -> Tensor {
    Tensor.make(name, [self]) { call(pointer, s) }
  }
}
