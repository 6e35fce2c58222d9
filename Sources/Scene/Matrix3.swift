/// A 3 x 3 matrix in Float64, stored as columns; here always a rotation or its derivative.
///
///     let r = Matrix3(columns: [1, 0, 0], [0, 1, 0], [0, 0, 1])
///     r * SIMD3(1, 2, 3)  // SIMD3(1, 2, 3)
public struct Matrix3: Hashable, Sendable {
  public var x: SIMD3<Double>
  public var y: SIMD3<Double>
  public var z: SIMD3<Double>

  public init(columns x: SIMD3<Double>, _ y: SIMD3<Double>, _ z: SIMD3<Double>) {
    (self.x, self.y, self.z) = (x, y, z)
  }

  public static let identity = Matrix3(columns: [1, 0, 0], [0, 1, 0], [0, 0, 1])

  public var transpose: Matrix3 {
    Matrix3(columns: [x.x, y.x, z.x], [x.y, y.y, z.y], [x.z, y.z, z.z])
  }

  public var determinant: Double { x.dot(y.cross(z)) }

  public static func * (m: Matrix3, v: SIMD3<Double>) -> SIMD3<Double> {
    m.x * v.x + m.y * v.y + m.z * v.z
  }

  public static func * (a: Matrix3, b: Matrix3) -> Matrix3 {
    Matrix3(columns: a * b.x, a * b.y, a * b.z)
  }

  /// The largest deviation of `mᵀm` from the identity: 0 for an orthonormal matrix.
  public var orthonormalityError: Double {
    let g = transpose * self
    let i = Matrix3.identity
    return [g.x - i.x, g.y - i.y, g.z - i.z].flatMap { [abs($0.x), abs($0.y), abs($0.z)] }.max()!
  }

  /// The nearest orthonormal matrix, where this is almost one; itself where it is off by 1e-9 or less,
  /// so that what we wrote is read back bit by bit.
  ///
  /// Newton's iteration for the orthonormal factor of the polar decomposition: the error is
  /// squared in each round, so that three take 1e-3 below what Float64 resolves.
  public var orthonormalized: Matrix3 {
    guard orthonormalityError > 1e-9 else { return self }
    return (0..<3).reduce(self) { m, _ in
      let g = m.transpose * m
      let i = Matrix3.identity
      return m
        * Matrix3(columns: i.x * 1.5 - g.x * 0.5, i.y * 1.5 - g.y * 0.5, i.z * 1.5 - g.z * 0.5)
    }
  }

  /// A right-handed rotation by `angle` radians about a unit `axis` (Rodrigues' formula).
  public static func rotation(by angle: Double, about axis: SIMD3<Double>) -> Matrix3 {
    let (c, s) = (cos(angle), sin(angle))
    func turn(_ v: SIMD3<Double>) -> SIMD3<Double> {
      v * c + axis.cross(v) * s + axis * (axis.dot(v) * (1 - c))
    }
    return Matrix3(columns: turn([1, 0, 0]), turn([0, 1, 0]), turn([0, 0, 1]))
  }
}
