import Filming
import Generation
import Procedural
import TestSupport
import Testing
import Torch

@testable import Training

/// What a GPU that films makes of a script, with its films made by the CPU, against what CPU threads
/// make of it.
@Suite struct FootageTests {
  private func pair(_ plan: Plan, step: Int = 2) -> (tensors: Footage, values: Footage) {
    let script = Script(plan, step: step, index: 0)
    let films = script.scenes.flatMap { scene in scene.cameras.map { scene.world.film($0) } }
    return (Footage(script, Films(films)), Footage(Shard(script), on: .cpu))
  }

  @Test(arguments: [0, 1, 2, 8], [nil, 0.5])
  func tensorsOfFilmsAreWhatThreadsBring(contexts: Int, pull: Double?) {
    let plan = Plan.small {
      $0.model.anchorPull = pull
      ($0.contextShares, $0.scenesPerShard) = ((0...8).map { $0 == contexts ? 1 : 0 }, 5)
      ($0.targetsPerScene, $0.revisits) = (4, 0.3)
    }
    let (a, b) = pair(plan)
    #expect(a.contexts == b.contexts && a.targets == b.targets)
    #expect(a.scales == b.scales && a.perScene == b.perScene)
    #expect(a.images.bytes == b.images.bytes && a.depth?.bytes == b.depth?.bytes)
    #expect(a.contextImages?.bytes == b.contextImages?.bytes && a.shown == nil && b.shown == nil)
    #expect((a.contextImages == nil) == (contexts == 0))
    #expect(a.contextDepth?.bytes == b.contextDepth?.bytes)
    let asked = contexts > 0 && pull != nil
    #expect(a.contextDepth?.shape == (asked ? [5 * contexts, 16, 16] : nil))
  }

  @Test(arguments: [0, 1, 3])
  func theSamePixelsAreShown(contexts: Int) {
    let plan = Plan.small {
      ($0.contextShares, $0.ownErrors) = ((0...3).map { $0 == contexts ? 1 : 0 }, 0.5)
      ($0.scenesPerShard, $0.resolution) = (12, 24)
    }
    let (a, b) = pair(plan)
    guard contexts > 0 else {
      #expect(a.shown == nil && b.shown == nil)
      return
    }
    let (shown, truth) = (a.shown!.floats, b.shown!.floats)
    #expect(a.shown!.shape == [24, contexts, 24, 24] && b.shown!.shape == a.shown!.shape)
    let unlike = zip(shown, truth).count { $0 != $1 }
    #expect(unlike <= truth.count / 10_000, "\(unlike) of \(truth.count): rounding in Float64")
    #expect(truth.contains(0) && truth.contains(1))
  }

  /// All that training does with them, in each stage.
  @Test(arguments: 1...4) func theSameIsLearnedFromBoth(stage: Int) throws {
    var plan = Plan.small { $0.contextShares = [0, 0, 1] }
    plan.enter(stage: stage)
    let (a, b) = pair(plan, step: 0)
    let losses = try [a, b].map { footage in
      let trainer = Trainer(plan)
      let batch = Batch(footage, plan: plan, step: 0, index: 0)
        .exposed(to: trainer.average, plan: plan, step: 0, index: 0)
      return try trainer.change(by: [trainer.batchLoss(batch, 0)]).progress().loss
    }
    #expect(abs(losses[0] / losses[1] - 1) < 1e-3)
  }
}

@Suite struct StudioTests {
  @Test func aCPUFilmsItself() {
    let studio = Studio(.small(), from: 3, on: .cpu)
    #expect(studio.description == "films by 2 CPU threads")
    for step in 3...4 {
      for (i, shot) in studio.next().enumerated() {
        let shard = Shard(.small(), step: step, index: i)
        #expect(studio.develop(shot).images.bytes == Footage(shard, on: .cpu).images.bytes)
        #expect(shot.extent == shard.extent)
      }
    }
  }

  @Test(.tags(.gpu), .enabled(if: Device.hasGPU, "no GPU here"))
  func aGPUFilmsWhatTheCPUFilms() {
    var plan = Plan.small { ($0.resolution, $0.scenesPerShard) = (64, 8) }
    plan.enter(stage: 2)
    let there = Studio(plan, from: 0, on: .best)
    let here = Studio(plan, from: 0, on: .best, filmsThere: false)
    #expect(here.description.contains("as was asked for"))
    for (a, b) in zip(there.next(), here.next()) {
      let (x, y) = (there.develop(a), here.develop(b))
      let unlike = zip(x.images.floats, y.images.floats).count { abs($0 - $1) > 2.5 / 127.5 }
      #expect(unlike <= y.images.count / 1000)
      let (shown, truth) = (x.shown?.floats ?? [], y.shown?.floats ?? [])
      #expect(
        zip(shown, truth).count { $0 != $1 } <= truth.count / 200 && shown.count == truth.count)
    }
  }
}
