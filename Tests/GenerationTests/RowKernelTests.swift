import TestSupport
import Testing

@testable import Torch

/// What layers do to rows between their products, as a GPU's kernels do it, against libtorch's operations
/// one after the other. `rtfm selfcheck` holds a GPU against the same.
@Suite struct RowKernelTests {
  /// Results and all gradients of a norm, a gate and a feed-forward gate, in which each of `groups`
  /// neighbouring rows has its own weights.
  private func outcome(_ type: ElementType, width: Int, groups: Int) -> [Tensor] {
    let random = Generator(seed: 5)
    func numbers(_ shape: [Int]) -> Tensor {
      let made = random.normal(shape).to(type)
      made.trackGradient()
      return made
    }
    let (x, y) = (numbers([6, 11, width]), numbers([6, 11, width]))
    let weights = (0..<3).map { _ in numbers(groups == 1 ? [1, 1, width] : [groups, 1, width]) }
    let gain = numbers([width])
    let normed = (x * 2 + 1).layerNorm(groups: weights[0], bias: weights[1])
    let gated = x.adding(y, groups: weights[2])
    let heads = y.reshaped(6, 11, -1, width).rmsNorm(weight: gain)
    let swished = normed.silu(times: gated)
    let scales = Generator(seed: 6)
    [normed, gated, heads, swished].map { ($0 * scales.normal($0.shape).to(type)).sum() }
      .reduce(Tensor(repeating: 0, shape: []).to(type), +).backward()
    return [normed, gated, heads, swished].map { $0.detached().to(.float32) }
      + ([x, y, gain] + weights).map { $0.gradient!.to(.float32) }
  }

  @Test(arguments: [64, 192], [1, 6])
  func kernelsSayWhatOperationsSay(width: Int, groups: Int) {
    let truth = outcome(.float32, width: width, groups: groups)
    let asKernels = Tensor.rowsAsKernels { outcome(.float32, width: width, groups: groups) }
    #expect(truth.count == asKernels.count)
    for (a, b) in zip(asKernels, truth) { expectClose(a, b, within: 2e-5) }
  }

  /// In BFloat16 they are nearer to the truth than operations that round in between, or as near.
  @Test(arguments: [64, 192])
  func kernelsRoundOnce(width: Int) {
    let truth = outcome(.float32, width: width, groups: 6)
    let operations = outcome(.bfloat16, width: width, groups: 6)
    let asKernels = Tensor.rowsAsKernels { outcome(.bfloat16, width: width, groups: 6) }
    for ((a, b), c) in zip(zip(asKernels, operations), truth) {
      let (off, usual) = ((a - c).squared().mean().item, (b - c).squared().mean().item)
      #expect(off < 1.1 * usual + 1e-6)
    }
  }

  /// What every GPU has to do first: kernels that are right pass, and with a margin.
  @Test(arguments: [ElementType.float32, .bfloat16], [64, 192])
  func theTrialIsPassed(type: ElementType, width: Int) {
    let truth = RowKernels.Trial.outcome(of: type, in: .float32, width, on: .cpu)
    let found = Tensor.rowsAsKernels {
      RowKernels.Trial.outcome(of: type, in: type, width, on: .cpu)
    }
    let error = greatestDifference(truth, found)
    #expect(error > 0, "the kernels' text did it")
    #expect(error < RowKernels.Trial.tolerance / 2)
  }

  /// Numbers that are no rows of known kernels go the usual way.
  @Test func otherWidthsAreDoneToo() {
    let x = Generator(seed: 1).normal([2, 3, 40])
    let weight = Generator(seed: 2).normal([40])
    let usual = x.rmsNorm(weight: weight)
    expectClose(Tensor.rowsAsKernels { x.rmsNorm(weight: weight) }, usual, within: 0)
  }

  @Test(
    .enabled(if: Compiler.isHere, "NVRTC is not here (make bundle brings it)"),
    arguments: [64, 384, 768])
  func theKernelsCompileForHopper(width: Int) throws {
    #expect(try RowKernels.code(architecture: 90, width: width).size > 4_000)
  }

  @Test func aDeviceThatCannotSaysWhy() {
    #expect(RowKernels.reason(on: .cpu, width: 64) != nil)
    if !Device.hasGPU { #expect(RowKernels.reason(on: .cuda(0), width: 64) != nil) }
  }
}
