#if canImport(Glibc)
  @_exported import Glibc
#elseif canImport(Darwin)
  @_exported import Darwin
#endif

/// Vector algebra that the standard library's SIMD types lack.
extension SIMD3<Double> {
  public func dot(_ b: Self) -> Double { (self * b).sum() }

  public func cross(_ b: Self) -> Self {
    [y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x]
  }

  public var length: Double { dot(self).squareRoot() }

  /// The same direction at length 1; a zero vector stays zero.
  public var normalized: Self { length > 0 ? self / length : self }

  public var isFinite: Bool { x.isFinite && y.isFinite && z.isFinite }
}
