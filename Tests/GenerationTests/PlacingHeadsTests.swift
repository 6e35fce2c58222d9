import TestSupport
import Testing

@testable import Layers
@testable import Torch

/// Placing heads' channels in one pass, against tensor operations: on the CPU, and as a GPU's kernels
/// do it. `rtfm selfcheck` holds a GPU against the same.
@Suite struct PlacingHeadsTests {
  /// What goes in, and where tables and matrices are shared.
  struct Case: Sendable, CustomStringConvertible {
    let description: String
    let x: [Int]  // [.., T, H, d]
    let matrix: [Int]  // [..]
    let angles: [Int]?  // [.., T, G or 1, A or 1, n]
    var groups = 2
  }

  static let cases = [
    Case(
      description: "contexts of scenes as several targets see them", x: [2, 1, 3, 5, 4, 32],
      matrix: [2, 3, 3], angles: [2, 3, 3, 5, 4, 2, 4]),
    Case(
      description: "the same, two query heads to a table", x: [2, 1, 3, 5, 4, 32],
      matrix: [2, 3, 3], angles: [2, 3, 3, 5, 2, 2, 4]),
    Case(
      description: "layers of contexts, placed alike", x: [4, 3, 5, 2, 64], matrix: [3],
      angles: [3, 5, 2, 2, 8]),
    Case(
      description: "own tokens, one table", x: [3, 5, 6, 64], matrix: [3], angles: [5, 1, 1, 8]),
    Case(
      description: "own tokens, a table a head and group", x: [1, 5, 6, 128], matrix: [1],
      angles: [5, 6, 2, 16]),
    Case(description: "not turned", x: [2, 1, 3, 5, 3, 64], matrix: [2, 2, 3], angles: nil),
    Case(
      description: "four groups", x: [2, 5, 3, 64], matrix: [2], angles: [2, 5, 3, 4, 4],
      groups: 4),
  ]

  /// The result and the gradient of x.
  private func placed(_ c: Case, _ type: ElementType, inOnePass: Bool) -> [Tensor] {
    let random = Generator(seed: 8)
    let x = random.normal(c.x).to(type)
    let matrix = random.normal(c.matrix + [4, 4])
    let placing = Placing(
      matrix: matrix, angles: c.angles.map { random.normal($0) * 3 }, width: c.x.last! / 2,
      groups: c.groups, type: type, inOnePass: inOnePass)
    x.trackGradient()
    let y = placing(x)
    (y * Generator(seed: 9).normal(y.shape).to(type)).sum().backward()
    return [y.detached().to(.float32), x.gradient!.to(.float32)]
  }

  @Test(arguments: cases, [ElementType.float32, .bfloat16])
  func onePassIsWhatOperationsSay(c: Case, type: ElementType) {
    let truth = placed(c, type, inOnePass: false)
    let tolerance = type == .float32 ? 2e-6 : 0.02
    for (a, b) in zip(placed(c, type, inOnePass: true), truth) {
      expectClose(a, b, within: tolerance)
    }
    let asKernels = Tensor.placingAsKernels { placed(c, type, inOnePass: true) }
    for (a, b) in zip(asKernels, truth) { expectClose(a, b, within: tolerance) }
  }

  /// What contexts' keys get back is a part of what all keys get: it is read where it lies.
  @Test(arguments: [false, true])
  func gradientsMayBePartsOfLargerOnes(asKernels: Bool) {
    func gradient(joined: Bool) -> Tensor {
      let random = Generator(seed: 8)
      let x = random.normal([2, 1, 3, 5, 4, 32])
      let placing = Placing(
        matrix: random.normal([2, 3, 3, 4, 4]), angles: random.normal([2, 3, 3, 5, 2, 2, 4]),
        width: 16, groups: 2)
      x.trackGradient()
      let y = placing(x).reshaped(6, 15, 4, 32)
      let weight = random.normal([6, 15, 4, 32])
      let (others, more) = (random.normal([6, 7, 4, 32]), random.normal([6, 7, 4, 32]))
      if joined {
        let all = Tensor.concatenated([y, others], axis: 1)
        (all * .concatenated([weight, more], axis: 1)).sum().backward()
      } else {
        (y * weight).sum().backward()
      }
      return x.gradient!
    }
    let (whole, part) =
      asKernels
      ? Tensor.placingAsKernels { (gradient(joined: false), gradient(joined: true)) }
      : (gradient(joined: false), gradient(joined: true))
    expectClose(part, whole, within: 1e-6)
  }

  /// Where someone learns where things are, operations do it.
  @Test func anglesGetTheirGradients() {
    let angles = Generator(seed: 1).normal([5, 3, 2, 8])
    angles.trackGradient()
    let placing = Placing(
      matrix: Generator(seed: 2).normal([1, 4, 4]), angles: angles, width: 32, groups: 2)
    placing(Generator(seed: 3).normal([1, 5, 3, 64])).squared().sum().backward()
    #expect(angles.gradient != nil)
  }

  @Test(.enabled(if: Compiler.isHere, "NVRTC is not here (make bundle brings it)"))
  func theKernelsCompileForHopper() throws {
    #expect(try PlacingKernels.code(architecture: 90).size > 4_000)
  }

  @Test func aDeviceThatCannotSaysWhy() {
    #expect(PlacingKernels.work(on: .cpu))
    #expect(PlacingKernels.reason(on: .mps)?.description.contains("mps") == true)
    if !Device.hasGPU { #expect(PlacingKernels.reason(on: .cuda(0)) != nil) }
  }
}
