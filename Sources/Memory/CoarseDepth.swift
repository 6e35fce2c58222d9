import Scene

/// How far away a keyframe's surfaces are, on a coarse grid: recall's hint about what hides what.
///
/// It is a guess, made when the keyframe was drawn, and never drawn from: without it recall takes
/// everything for transparent. 16 x 16 cells, a byte each: depths from 1/64 to 64 network units in
/// equal ratios of 3.3 %, or unknown.
public struct CoarseDepth: Hashable, Sendable {
  /// Cells across the image, and as many down.
  public static let side = 16

  /// Row by row from the top, 0 for unknown or endless.
  public let codes: [UInt8]

  /// - Parameter inverseDepths: network units to the minus one along the viewing axis, 16 x 16, row
  ///   by row; what is not positive and finite counts as unknown.
  /// - Precondition: there are 256 of them.
  public init(inverseDepths: [Float]) {
    precondition(
      inverseDepths.count == Self.side * Self.side,
      "CoarseDepth: \(inverseDepths.count) inverse depths, not 16 x 16")
    codes = inverseDepths.map(Self.code)
  }

  /// The stored form; nil unless it has 256 bytes.
  public init?(codes: [UInt8]) {
    guard codes.count == Self.side * Self.side else { return nil }
    self.codes = codes
  }

  private static func code(_ inverse: Float) -> UInt8 {
    guard inverse > 0, inverse.isFinite else { return 0 }
    return UInt8(min(255, max(1, (128 + step * log2(inverse)).rounded())))
  }

  /// Codes in an octave.
  private static let step: Float = 127.0 / 6

  private static let values: [Float] =
    [0] + (1...255).map { exp2((Float($0) - 128) / step) }

  /// The inverse depths, 0 where unknown.
  public var inverseDepths: [Float] { codes.map { Self.values[Int($0)] } }
}
