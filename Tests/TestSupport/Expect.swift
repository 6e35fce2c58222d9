public import Testing
public import Torch

/// Expects two tensors to have one shape and to differ by no more than a tolerance anywhere.
///
/// - Parameters:
///   - tolerance: positive; relative to the largest expected magnitude where `relative`.
///   - why: the reason for the tolerance, printed with a failure.
public func expectClose(
  _ actual: Tensor, _ expected: Tensor, within tolerance: Double, relative: Bool = true,
  _ why: String = "Float32 rounding", at location: SourceLocation = #_sourceLocation
) {
  guard actual.shape == expected.shape else {
    Issue.record("shape \(actual.shape), expected \(expected.shape)", sourceLocation: location)
    return
  }
  let (a, e) = (actual.detached().doubles, expected.detached().doubles)
  let difference = zip(a, e).map { abs($0 - $1) }.max() ?? 0
  let bound = tolerance * (relative ? max(1e-6, e.map(abs).max() ?? 1) : 1)
  #expect(
    difference <= bound && !a.contains(where: \.isNaN),
    "largest difference \(difference), allowed \(bound): \(why)", sourceLocation: location)
}
