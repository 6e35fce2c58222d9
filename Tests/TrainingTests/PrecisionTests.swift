import Generation
import TestSupport
import Testing
import Torch

@testable import Training

/// A network that computes in BFloat16, with Float32 weights, against Float32 throughout.
@Suite struct PrecisionTests {
  let plan = Plan.small {
    ($0.contextShares, $0.scenesPerShard) = ([0, 0, 1], 4)
  }

  /// Loss and gradients of a network that was trained for a few steps, so that no head is zero.
  private func gradients(in type: ElementType) throws -> (loss: Double, [(String, Tensor)]) {
    let trainer = Trainer(plan)
    for _ in 0..<4 { _ = try trainer.advance() }
    let model = trainer.model.copy()
    model.parameters.forEach { $0.tensor.trackGradient() }
    let shard = Shard(plan, step: 9, index: 0)
    let batch = Batch(shard, plan: plan, step: 9, index: 0, on: .cpu)
    let loss = batch.loss(model.computing(in: type)).total
    #expect(loss.type == .float32)
    loss.backward()
    return (loss.item, model.parameters.map { ($0.name, $0.tensor.gradient!) })
  }

  @Test func lossAndGradientsAreClose() throws {
    let (exact, rounded) = (try gradients(in: .float32), try gradients(in: .bfloat16))
    #expect(exact.loss != rounded.loss && abs(rounded.loss / exact.loss - 1) < 5e-3)
    for ((name, a), (_, b)) in zip(exact.1, rounded.1) {
      #expect(b.type == .float32 && b.shape == a.shape)
      let (length, error) = (a.squared().sum().sqrt().item, (a - b).squared().sum().sqrt().item)
      #expect(length > 0 && error < 0.1 * length, "\(name): \(error) of \(length)")
    }
  }

  @Test func trainsAsWell() throws {
    func losses(_ precision: Precision) throws -> [Double] {
      let trainer = Trainer(.small(steps: 30) { ($0.precision, $0.worlds) = (precision, 2) })
      return try (0..<30).map { _ in try trainer.advance().terms[0].value }
    }
    let (exact, rounded) = (try losses(.float32), try losses(.bfloat16))
    let (a, b) = (exact.suffix(10).reduce(0, +), rounded.suffix(10).reduce(0, +))
    #expect(exact != rounded && abs(b / a - 1) < 0.05, "\(a) against \(b)")
  }
}

/// Where a plan doesn't say, the device does.
@Suite struct DefaultPrecisionTests {
  @Test func theFastestIsTaken() throws {
    let trainer = Trainer(.small { $0.precision = nil })
    #expect(trainer.precision == (Runtime.hasFastBFloat16 ? .bfloat16 : .float32))
    #expect(try trainer.advance().loss.isFinite)
    #expect(Trainer(.small { $0.precision = .bfloat16 }).precision == .bfloat16)
  }
}

/// What a GPU makes of a run, beside the CPU's; without noise, which differs between devices.
@Suite(.tags(.gpu)) struct GPUTrainingTests {
  @Test(
    .enabled(if: Device.hasGPU, "no GPU here"),
    arguments: [(Precision.float32, 2e-3), (.bfloat16, 3e-2)], [OptimizerPlan.Kind.adamW, .muon])
  func aGPUTrainsAsTheCPUDoes(numbers: (Precision, Double), kind: OptimizerPlan.Kind) throws {
    let plan = Plan.small(steps: 20) {
      ($0.atZero, $0.fromZeros, $0.optimizer.kind) = (1, 1, kind)
      $0.precision = numbers.0
    }
    var exact = plan
    exact.precision = .float32
    let (here, there) = (Trainer(exact), Trainer(plan, on: Device.best))
    for step in 0..<10 {
      let (a, b) = (try here.advance(), try there.advance())
      #expect(abs(b.loss / a.loss - 1) < numbers.1, "step \(step): \(b.loss), \(a.loss)")
    }
  }

  @Test(.enabled(if: Device.hasGPU, "no GPU here"), arguments: 1...4)
  func everyStageIsResumedOnAGPU(stage: Int) throws {
    var plan = Plan.small { $0.precision = nil }
    plan.enter(stage: stage)
    try Package.withTemporaryFolder { folder in
      let first = Trainer(plan, on: Device.best)
      for _ in 0..<3 { #expect(try first.advance().loss.isFinite) }
      try first.save(to: "\(folder)/checkpoint")
      let second = try Trainer(resuming: "\(folder)/checkpoint", on: Device.best)
      let (a, b) = (try first.advance(), try second.advance())
      #expect(abs(a.loss / b.loss - 1) < 1e-3, "GPUs add in no fixed order")
    }
  }
}

/// Steps that a device decides on by itself are those that the host would have done.
@Suite struct DecisionTests {
  @Test(arguments: [OptimizerPlan.Kind.adamW, .muon])
  func badStepsAreLeftOutWithoutAsking(kind: OptimizerPlan.Kind) throws {
    let plan = Plan.small { ($0.optimizer.kind, $0.optimizer.warmUp) = (kind, 1) }
    let (host, device) = (Trainer(plan), Trainer(plan))
    device.decidesOnDevice = true
    for step in 0..<6 {
      let outcomes = try [host, device].map { trainer in
        let batches = (0..<2).map { i in
          Batch(Shard(plan, step: step, index: i), plan: plan, step: step, index: i, on: .cpu)
        }
        if step == 2 || step == 3 { batches[1].truth.fill(step == 2 ? .nan : 1e30) }
        let losses = batches.enumerated().map { trainer.batchLoss($1, $0) }
        let before = trainer.model.copy()
        let progress = try trainer.change(by: losses).progress()
        let moved = zip(before.parameters, trainer.model.parameters).contains {
          $0.tensor.bytes != $1.tensor.bytes
        }
        #expect(moved == !progress.skipped)
        return progress.skipped
      }
      #expect(outcomes == Array(repeating: step == 2 || step == 3, count: 2))
    }
    let moments = zip(host.optimizer.state, device.optimizer.state)
    for ((name, a), (_, b)) in moments { #expect(a.bytes == b.bytes, "\(name)") }
    for (a, b) in zip(host.model.parameters, device.model.parameters) {
      #expect(a.tensor.bytes == b.tensor.bytes && a.tensor.floats.allSatisfy(\.isFinite))
    }
  }

  @Test func aStepsFiguresCanBeReadLater() throws {
    let (now, later) = (Trainer(.small()), Trainer(.small()))
    let pending = (0..<5).map { _ in later.begin() }
    for (i, p) in pending.enumerated() {
      let (a, b) = (try now.advance(), try p.progress())
      #expect(a.loss == b.loss && a.norm == b.norm && a.rate == b.rate && b.step == i + 1)
    }
  }
}
