public import Torch

/// Numbers that are the same in every run: a stream from a seed (SplitMix64).
public struct Numbers: RandomNumberGenerator {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func real(in range: ClosedRange<Double>) -> Double {
    Double.random(in: range, using: &self)
  }

  public mutating func reals(_ count: Int, in range: ClosedRange<Double>) -> [Double] {
    (0..<count).map { _ in real(in: range) }
  }
}

extension Tensor {
  /// A Float64 tensor on the CPU.
  public init(doubles: [Double], shape: [Int]) {
    self = doubles.withUnsafeBytes { Tensor(bytes: $0, shape: shape, type: .float64) }
  }
}
