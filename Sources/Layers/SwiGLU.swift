public import Torch

/// The gated feed-forward layer `down(silu(gate(x)) · up(x))` (Shazeer, arXiv 2002.05202).
public struct SwiGLU {
  public let gate: Linear
  public let up: Linear
  public let down: Linear

  /// - Parameter depth: how many layers add to the same stream: the first `down` shrinks with it.
  public init(_ address: Address, width: Int, hidden: Int, depth: Int) throws {
    gate = try Linear(address / "gate", width, hidden)
    up = try Linear(address / "up", width, hidden)
    let deviation = 1 / Double(hidden * 2 * depth).squareRoot()
    down = try Linear(address / "down", hidden, width, deviation: deviation)
  }

  public func callAsFunction(_ x: Tensor) -> Tensor { down(gate(x).silu(times: up(x))) }  // [.., D]
}
