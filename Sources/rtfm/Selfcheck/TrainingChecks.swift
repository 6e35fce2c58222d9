import Generation
import Torch
import Training

/// Five steps of training on a device against the same steps on the CPU.
enum TrainingChecks {
  /// - Parameter filmsThere: whether the device films, too, where it can.
  static func all(on device: Device, filmsThere: Bool = true) throws -> [Check] {
    try [OptimizerPlan.Kind.adamW, .muon].flatMap { kind -> [Check] in
      let truth = try losses(kind, .float32, on: .cpu, filmsThere: false)
      return try Precision.allCases.map { precision in
        let found = try losses(kind, precision, on: device, filmsThere: filmsThere)
        let apart = zip(truth, found).map { abs($0 - $1) / abs($0) }
        return Check(
          "5 training steps", "loss, \(kind), \(precision)",
          error: found.contains(where: \.isNaN) ? .nan : apart.max() ?? .nan,
          within: precision == .float32 ? 0.01 : 0.05)
      }
    }
  }

  private static func losses(
    _ kind: OptimizerPlan.Kind, _ precision: Precision, on device: Device, filmsThere: Bool
  ) throws -> [Double] {
    var plan = Plan(
      model: Configuration(layers: 2, width: 128, heads: 2, keyValueHeads: 2, patch: 8),
      resolution: 32, steps: 5)
    (plan.optimizer.kind, plan.precision) = (kind, precision)
    plan.optimizer.warmUp = 1
    // From zeros: devices have different noise.
    (plan.atZero, plan.fromZeros) = (1, 1)
    (plan.scenesPerShard, plan.targetsPerScene, plan.worlds) = (2, 2, 4)
    let trainer = Trainer(plan, on: device)
    trainer.filmsOnGPU = filmsThere
    return try (0..<5).map { _ in try trainer.advance().loss }
  }
}
