public import Torch

/// Scales each vector to root mean square 1, then each channel by a learned gain
/// (Zhang & Sennrich, arXiv 1910.07467).
public struct RMSNorm {
  public let gain: Tensor  // [d]

  public init(_ address: Address, _ width: Int) throws { gain = try address.constant(1, width) }

  public func callAsFunction(_ x: Tensor) -> Tensor { x.rmsNorm(weight: gain) }
}
