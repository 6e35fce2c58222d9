import Foundation
import Generation
import Scene
import TestSupport
import Testing
import Torch

@testable import Training

/// Proof that the whole chain learns: films, batches, network, loss, optimiser.
@Suite struct OverfitTests {
  @Test(.tags(.slow)) func oneSceneIsLearntByHeart() throws {
    let trainer = Trainer(Self.plan)
    while trainer.step < trainer.plan.steps { _ = try trainer.advance() }
    let quality = Self.quality(of: trainer.average, plan: Self.plan)
    #expect(quality.count >= 20 && quality.mean > 35, "PSNR in dB: \(quality)")
    #expect(quality.min()! > 28, "PSNR in dB: \(quality)")
  }

  /// One world of eight views, from two of which four others are drawn, in one step from zeros.
  static let plan: Plan = {
    let model = Configuration(
      layers: 3, width: 96, heads: 3, keyValueHeads: 3, headWidth: 32, patch: 4)
    var plan = Plan(model: model, resolution: 32, steps: 250)
    plan.worlds = 1
    plan.precision = .float32
    plan.scenesPerShard = 1
    plan.contextShares = [0, 0, 1]
    (plan.revisits, plan.recallShare) = (0, 0)
    (plan.atZero, plan.fromZeros) = (1, 1)
    plan.averaging = 0.99
    plan.optimizer.kind = .muon
    plan.optimizer.rate = 3e-3
    (plan.optimizer.warmUp, plan.optimizer.decayShare) = (20, 0.5)
    return plan
  }()

  /// PSNR in dB of views as they were trained.
  private static func quality(of model: FrameModel, plan: Plan) -> [Double] {
    (0..<6).flatMap { step in
      let shard = Shard(plan, step: step, index: 0)
      return zip(shard.contexts, shard.targets).flatMap { contexts, targets in
        let kv = contexts.map { (kv: model.encode($0), camera: $0.camera) }
        return targets.map { target in
          let context = model.gather(kv, for: target.camera, scale: shard.scales[0])
          return psnr(model.draw(target.camera, context: context).image.image, target.image)
        }
      }
    }
  }

  private static func psnr(_ a: Image, _ b: Image) -> Double {
    let squares = zip(a.pixels, b.pixels).map {
      (Double($0) - Double($1)) * (Double($0) - Double($1))
    }
    return -10 * log10(squares.mean / (255 * 255))
  }
}

extension [Double] {
  fileprivate var mean: Double { reduce(0, +) / Double(count) }
}
