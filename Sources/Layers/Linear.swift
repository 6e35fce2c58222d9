public import Torch

/// A linear map without bias: `y = x Wᵀ`.
public struct Linear {
  public let weight: Tensor  // [out, in]

  /// - Parameter deviation: of the first weights; fan-in^-½ where not given, 0 gives a map to zero.
  public init(_ address: Address, _ input: Int, _ output: Int, deviation: Double? = nil) throws {
    let deviation = deviation ?? 1 / Double(input).squareRoot()
    weight = try (address / "weight").normal(output, input, deviation: deviation)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight) }
}
