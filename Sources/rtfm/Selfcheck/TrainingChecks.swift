import Generation
import Torch
import Training

/// Five steps of training on a device against the same steps on the CPU.
enum TrainingChecks {
  static func all(on device: Device) throws -> [Check] {
    try [OptimizerPlan.Kind.adamW, .muon].map { kind in
      let here = try losses(kind, on: .cpu)
      let there = try losses(kind, on: device)
      let apart = zip(here, there).map { abs($0 - $1) / abs($0) }
      let error = there.contains(where: \.isNaN) ? .nan : apart.max() ?? .nan
      return Check("5 training steps", "loss, \(kind)", error: error, within: 0.02)
    }
  }

  private static func losses(_ kind: OptimizerPlan.Kind, on device: Device) throws -> [Double] {
    var plan = Plan(
      model: Configuration(layers: 2, width: 128, heads: 2, keyValueHeads: 2, patch: 8),
      resolution: 32, steps: 5)
    plan.optimizer.kind = kind
    plan.optimizer.warmUp = 1
    // From zeros: devices have different noise.
    (plan.atZero, plan.fromZeros) = (1, 1)
    (plan.scenesPerShard, plan.targetsPerScene, plan.worlds) = (2, 2, 4)
    let trainer = Trainer(plan, on: device)
    return try (0..<5).map { _ in try trainer.advance().loss }
  }
}
