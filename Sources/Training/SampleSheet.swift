import Generation
import Images
import Layers
public import Scene
import Torch

extension Trainer {
  /// Six worlds that training never sees, drawn by the averaged model: context | truth | model.
  public func sampleSheet() -> Image {
    var plan = plan
    plan.seed = 0x5A3B1E
    plan.worlds = nil
    plan.shards = 1
    plan.scenesPerShard = 6
    plan.targetsPerScene = 2
    plan.revisits = 0
    plan.contextShares = [0, 0, 1]
    let shard = Shard(plan, step: 0, index: 0)
    let drawn = draw(shard)
    var sheet = ContactSheet(columns: 6)
    for (i, (contexts, targets)) in zip(shard.contexts, shard.targets).enumerated() {
      for frame in contexts { sheet.add(frame.image, caption: "context") }
      for (j, target) in targets.enumerated() {
        sheet.add(target.image, caption: "truth")
        sheet.add(drawn[i * targets.count + j], caption: "model")
      }
    }
    return sheet.image()
  }

  /// One step from zeros for every target of a shard.
  private func draw(_ shard: Shard) -> [Image] {
    Runtime.inference {
      let contexts = shard.contexts.flatMap { $0 }
      let images = Tensor.concatenated(contexts.map { Tensor($0.image) }, axis: 0)
        .to(average.device)
      let targets = shard.targets.flatMap { $0 }.map(\.camera)
      let kv = average.encode(images, Lenses(contexts.map(\.camera.intrinsics)))
      let recalled = average.recall(
        kv, of: shard.contexts.map { $0.map(\.camera) }, for: targets,
        perScene: shard.targets[0].count, scale: shard.scale)
      let lens = targets[0].intrinsics
      let z = Tensor.zeros([targets.count, 3, lens.height, lens.width], on: average.device)
      let t = Tensor.zeros([targets.count], on: average.device)
      let p = average.predict(z, t: t, Lenses(targets.map(\.intrinsics)), recalled: recalled)
      return targets.indices.map { p.image.narrowed(0, $0..<$0 + 1).image }
    }
  }
}
