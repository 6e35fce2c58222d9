import Generation
import Scene
import TestSupport
import Torch

@testable import Training

extension Plan {
  /// Small enough for a test: a step takes some 10 milliseconds.
  static func small(steps: Int = 8, _ change: (inout Plan) -> Void = { _ in }) -> Plan {
    let model = Configuration(
      layers: 2, width: 64, heads: 2, keyValueHeads: 1, headWidth: 32, patch: 4)
    var plan = Plan(model: model, resolution: 16, steps: steps)
    plan.scenesPerShard = 2
    plan.targetsPerScene = 2
    plan.optimizer.warmUp = 2
    plan.precision = .float32  // on every machine
    change(&plan)
    return plan
  }
}

extension Trainer {
  /// Every number of a run, by name: weights, average, moments.
  var everything: [String: [UInt8]] {
    let all =
      model.parameters.map { ("model.\($0.name)", $0.tensor) }
      + average.parameters.map { ("average.\($0.name)", $0.tensor) } + optimizer.state
    return Dictionary(uniqueKeysWithValues: all.map { ($0.0, $0.1.bytes) })
  }
}
