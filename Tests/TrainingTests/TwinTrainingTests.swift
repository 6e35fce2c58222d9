import Foundation
import Generation
import Scene
import TestSupport
import Testing
import Torch

@testable import Training

/// Twenty steps, side by side with PyTorch (Tests/Reference/training.py).
@Suite struct TwinTrainingTests {
  let file: Safetensors

  init() throws { file = try Safetensors(contentsOf: Package.golden("training")) }

  @Test func twentyStepsAreTheTwins() throws {
    let trainer = try trainer()
    let (losses, norms) = (file.tensors["losses/total"]!.doubles, file.tensors["norms"]!.doubles)
    for step in losses.indices {
      let batch = try batch(step)
      let progress = try trainer.change(by: [trainer.batchLoss(batch, 0)]).progress()
      for (name, value) in progress.terms where name != "guess" {  // this network makes none
        let expected = file.tensors["losses/\(name)"]!.doubles[step]
        #expect(abs(value / expected - 1) < 1e-3, "\(name) of step \(step): \(value), \(expected)")
      }
      #expect(abs(progress.loss / losses[step] - 1) < 1e-4, "\(progress.loss), \(losses[step])")
      #expect(abs(progress.norm / norms[step] - 1) < 1e-3, "\(progress.norm), \(norms[step])")
      #expect(progress.rate == 1 && !progress.skipped && progress.step == step + 1)
    }
    for (name, weight) in trainer.model.parameters {
      let (initial, final) = (file.tensors["initial/\(name)"]!, file.tensors["final/\(name)"]!)
      let change = final - initial
      expectClose(
        weight.detached() - initial, change, within: 2e-2, "the way gone, after 20 steps: \(name)")
    }
  }

  private func trainer() throws -> Trainer {
    var start = Safetensors(tensors: [:], metadata: file.metadata)
    for (name, tensor) in file.tensors where name.hasPrefix("initial/") {
      start.tensors[String(name.dropFirst(8))] = tensor.copy()
    }
    let model = try FrameModel(start, origin: "training.safetensors")
    var plan = Plan(model: model.configuration, resolution: 16, steps: 20)
    (plan.shards, plan.precision) = (1, .float32)
    (plan.clip, plan.skipAbove) = (1, .infinity)
    plan.optimizer.rate = 1e-3
    plan.optimizer.betas = [0.9, 0.98]
    plan.optimizer.decay = 0.01
    (plan.optimizer.warmUp, plan.optimizer.rewarmUp, plan.optimizer.decayShare) = (1, 1, 0)
    return Trainer(plan, weights: model)
  }

  private func batch(_ step: Int) throws -> Batch {
    let scene = step % 4
    func part(_ name: String) -> Tensor { file.tensors["batch/\(scene)/\(name)"]! }
    func flat(_ t: Tensor) -> Tensor { t.reshaped([4] + t.shape.dropFirst(2)) }
    func cameras(_ name: String) -> [Camera] {
      Camera.list(lens: part("\(name)/lens"), pose: part("\(name)/pose"))
    }
    let contexts = cameras("context")
    func at(_ name: String) -> Tensor {
      file.tensors[name]!.narrowed(0, step..<step + 1)
    }
    let z = at("z")
    return Batch(
      contexts: [Array(contexts[..<2]), Array(contexts[2...])],
      contextImages: flat(part("context/image")), targets: cameras("target"),
      truth: flat(part("target/image")), depth: flat(part("target/depth")),
      t: at("t").reshaped(4), z: z.reshaped([4] + z.shape.suffix(3)), perScene: 2, scales: [2, 2])
  }
}

extension Camera {
  /// Cameras from `[.., 6]` lenses (fx, fy, cx, cy, X, Y) and `[.., 4, 4]` camera-to-world poses.
  fileprivate static func list(lens: Tensor, pose: Tensor) -> [Camera] {
    let lenses = lens.reshaped(-1, 6).split(lens.count / 6, axis: 0).map(\.doubles)
    let poses = pose.reshaped(-1, 16).split(pose.count / 16, axis: 0).map(\.doubles)
    return zip(lenses, poses).map { l, p in
      Camera(
        intrinsics: Intrinsics(
          width: Int(l[4]), height: Int(l[5]), focal: [l[0], l[1]], center: [l[2], l[3]]),
        pose: Pose(
          rotation: Matrix3(
            columns: [p[0], p[4], p[8]], [p[1], p[5], p[9]], [p[2], p[6], p[10]]),
          position: [p[3], p[7], p[11]]))
    }
  }
}
