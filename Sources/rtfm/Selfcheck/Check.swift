import Foundation
import Torch

/// One thing that was compared with the truth, and how far from it it was.
struct Check: Encodable {
  let name: String
  /// What was compared: `float32`, `bfloat16 gradients`, `4 contexts`.
  let part: String
  /// The largest found, in the unit of the tolerance; not a number where the result wasn't one.
  let error: Double
  let tolerance: Double
  let passed: Bool

  init(_ name: String, _ part: String, error: Double, within tolerance: Double) {
    (self.name, self.part, self.error, self.tolerance) = (name, part, error, tolerance)
    passed = error <= tolerance
  }

  /// The largest difference of two tensors, over the largest magnitude of the true one.
  init(
    _ name: String, _ part: String, _ actual: Tensor, truth: Tensor, within tolerance: Double
  ) {
    self.init(name, part, error: distance(actual, truth), within: tolerance)
  }

  /// The same check of several cases as one: the worst.
  static func worst(_ checks: [Check]) -> Check? {
    checks.max { a, b in
      (a.error.isNaN ? .infinity : a.error) < (b.error.isNaN ? .infinity : b.error)
    }
  }

  /// For people.
  var text: String {
    name.padded(to: 24) + part.padded(to: 32) + String(format: "%12.2e %12.2e  ", error, tolerance)
      + (passed ? "ok" : "MISMATCH")
  }
}

/// The largest difference of two tensors of one shape, over the largest magnitude of the true one;
/// infinite where the shapes differ, not a number where a value isn't one.
func distance(_ actual: Tensor, _ truth: Tensor) -> Double {
  guard actual.shape == truth.shape else { return .infinity }
  let (a, b) = (actual.detached().doubles, truth.detached().doubles)
  guard !a.contains(where: \.isNaN) else { return .nan }
  let difference = zip(a, b).map { abs($0 - $1) }.max() ?? 0
  return difference / max(1e-6, b.map(abs).max() ?? 1)
}
