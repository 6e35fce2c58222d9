import Foundation
import Generation
import Procedural
import Scene
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct ShardTests {
  @Test func isAFunctionOfPlanStepAndIndex() {
    let plan = Plan.small()
    let shard = Shard(plan, step: 5, index: 1)
    let again = Shard(plan, step: 5, index: 1)
    #expect(shard.contexts == again.contexts && shard.targets == again.targets)
    #expect(shard.depths == again.depths)
    let others = [
      Shard(plan, step: 6, index: 1), Shard(plan, step: 5, index: 0),
      Shard(.small { $0.seed = 2 }, step: 5, index: 1),
    ]
    for other in others { #expect(other.targets != shard.targets) }
  }

  @Test(arguments: 0...8, [1, 3, 8]) func hasAsManyFramesAsPlanned(contexts: Int, targets: Int) {
    let plan = Plan.small {
      $0.contextShares = (0...8).map { $0 == contexts ? 1 : 0 }
      $0.targetsPerScene = targets
      $0.scenesPerShard = 1
      $0.resolution = 8
    }
    let shard = Shard(plan, step: 0, index: 0)
    #expect(shard.contexts.map(\.count) == [contexts] && shard.targets.map(\.count) == [targets])
    #expect(shard.depths?.map(\.count) == Array(repeating: 64, count: targets))
    let images = (shard.contexts + shard.targets).flatMap { $0.map(\.image) }
    #expect(images.allSatisfy { $0.width == 8 && $0.height == 8 })
    #expect(shard.scales.count == 1 && shard.scales[0] > 0)
  }

  /// Whole pictures and tiles of pictures twice and three times as large, a third of the scenes each;
  /// a scene's cameras are all of one kind, and look where its first target looks.
  @Test func someScenesAreOfTiles() {
    let plan = Plan.small {
      ($0.detail, $0.scenesPerShard, $0.resolution, $0.revisits) = (3, 60, 16, 0)
      ($0.contextShares, $0.targetsPerScene) = ([0, 0, 0, 1], 3)
    }
    let script = Script(plan, step: 0, index: 0)
    var counts = [1: 0, 2: 0, 3: 0]
    var (near, far) = (0.0, 0.0)
    for scene in script.scenes {
      let widest = Set(scene.cameras.map(\.intrinsics.focal.x))
      #expect(widest.count == 1, "one kind")
      let whole = scene.world.lens(width: 16, height: 16)
      let detail = [16, 28, 40].firstIndex { (n: Int) in
        abs(whole.focal.x * Double(n) / 16 - widest.first!) < 1e-9
      }!
      counts[detail + 1]! += 1
      #expect(scene.cameras.allSatisfy { $0.intrinsics.width == 16 && $0.intrinsics.height == 16 })
      #expect(scene.contextCount == 3 && scene.targets.count == 3)
      #expect(Set(scene.cameras).count == scene.cameras.count)
      guard detail > 0 else { continue }
      func gaze(_ camera: Camera) -> SIMD3<Double> {
        (camera.unproject([8, 8], depth: 1) - camera.pose.position).normalized
      }
      let aim = gaze(scene.cameras[scene.targets[0]])
      near += scene.cameras[..<3].map { gaze($0).dot(aim) }.reduce(0, +)
      // Any tile of a whole view looks as far aside as its middle one, and more.
      let middle = scene.cameras[..<3].map { $0.pose.forward.dot(aim) }
      far += middle.reduce(0, +)
    }
    #expect(counts.values.allSatisfy { $0 > 8 }, "\(counts)")
    #expect(near > far, "\(near) and \(far)")
  }

  /// A tile of each picture that shows most of what the first target's tile does, were it one alone.
  @Test func tilesShowWhatTheFirstTargetDoes() {
    let plan = Plan.small {
      ($0.detail, $0.scenesPerShard, $0.resolution, $0.revisits) = (3, 60, 16, 0)
      ($0.contextShares, $0.targetsPerScene, $0.recallShare) = ([0, 1], 3, 0)
    }
    var (contexts, targets) = (Aside(), Aside())
    for scene in Script(plan, step: 0, index: 0).scenes {
      let whole = scene.world.lens(width: 16, height: 16)
      let aim = scene.cameras[scene.targets[0]]
      guard aim.intrinsics.focal.x > 1.5 * whole.focal.x else { continue }
      contexts.add(scene.cameras[0], beside: aim)
      for i in scene.targets.dropFirst() { targets.add(scene.cameras[i], beside: aim) }
    }
    #expect(contexts.tile < contexts.middle - 0.05, "\(contexts)")
    #expect(targets.tile < targets.middle - 0.05, "\(targets)")
  }

  /// How far to the side of another tile's gaze tiles look, and the middles of their pictures, in
  /// radians.
  private struct Aside {
    private(set) var (tile, middle) = (0.0, 0.0)
    private var count = 0.0

    mutating func add(_ camera: Camera, beside aim: Camera) {
      func gaze(_ camera: Camera) -> SIMD3<Double> {
        (camera.unproject([8, 8], depth: 1) - camera.pose.position).normalized
      }
      func angle(_ a: SIMD3<Double>) -> Double { acos(min(1, a.dot(gaze(aim)))) }
      count += 1
      tile += (angle(gaze(camera)) - tile) / count
      middle += (angle(camera.pose.forward) - middle) / count
    }
  }

  /// A tile is filmed as the part of the picture that it is, but for glare that comes from beside it.
  @Test func aTileIsFilmedAsAPartOfThePicture() {
    let world = ProceduralWorld(.room, seed: 4)
    let camera = world.walk(
      count: 2, intrinsics: world.lens(width: 48, height: 48), seed: 1)[0]
    let whole = Frame(image: world.film(camera, samples: 16).frame.image, camera: camera)
    for tile in whole.tiles(side: 24) {
      let film = world.film(tile.camera, samples: 16).frame.image
      let gaps = zip(film.pixels, tile.image.pixels).map { abs(Int($0) - Int($1)) }
      #expect(Double(gaps.reduce(0, +)) / Double(gaps.count) < 4)
    }
  }

  @Test func oneWorldIsAlwaysTheSameWorld() {
    let plan = Plan.small { ($0.worlds, $0.scenesPerShard, $0.resolution) = (1, 8, 8) }
    let lenses = (0..<3).flatMap { step in
      Shard(plan, step: step, index: 0).targets.flatMap { $0.map(\.camera.intrinsics) }
    }
    #expect(Set(lenses) == [ProceduralWorld(seed: 0).lens(width: 8, height: 8)])
  }

  @Test(arguments: [0, 0.4, 1]) func targetsComeBackToContextsAsOftenAsPlanned(share: Double) {
    let plan = Plan.small {
      ($0.revisits, $0.contextShares, $0.scenesPerShard, $0.resolution) = (share, [0, 1], 150, 4)
    }
    let shard = Shard(plan, step: 0, index: 0)
    let again = zip(shard.contexts, shard.targets).flatMap { contexts, targets in
      targets.map { contexts.contains($0) ? 1.0 : 0.0 }
    }
    #expect(abs(again.reduce(0, +) / Double(again.count) - share) < 0.12)
  }

  @Test func contextCountsFollowTheirShares() {
    var random = Randomness(1)
    var counts = [0, 0, 0, 0]
    for _ in 0..<10_000 { counts[random.index(weights: [0.1, 0, 0.6, 0.3])] += 1 }
    #expect((900...1100).contains(counts[0]) && counts[1] == 0)
    #expect((5800...6200).contains(counts[2]) && (2800...3200).contains(counts[3]))
  }

  @Test func randomNumbersAreEven() {
    var random = Randomness(3, 4)
    let numbers = (0..<20_000).map { _ in random.unit() }
    #expect(numbers.allSatisfy { (0..<1).contains($0) })
    #expect(abs(numbers.reduce(0, +) / 20_000 - 0.5) < 0.01)
    let pairs = zip(numbers, numbers.dropFirst()).map { ($0 - 0.5) * ($1 - 0.5) }
    #expect(abs(pairs.reduce(0, +) / 20_000) < 0.002)
    var streams = Set<UInt64>()
    for step in 0..<1000 {
      for index in 0..<4 {
        var random = Randomness(1, UInt64(step), UInt64(index))
        streams.insert(random.next())
      }
    }
    #expect(streams.count == 4000)
  }
}

@Suite struct PickTests {
  @Test(arguments: 0...8, 1...8)
  func contextsAndTargetsAreDistinctFramesOfTheWalk(contexts: Int, targets: Int) {
    for seed in 0..<50 {
      var random = Randomness(UInt64(seed))
      let pick = Pick(contexts: contexts, targets: targets, random: &random)
      let all = pick.contexts + pick.targets
      #expect(pick.contexts.count == contexts && pick.targets.count == targets)
      #expect(Set(all).count == contexts + targets)
      let length = Pick.length(contexts: contexts, targets: targets)
      #expect(all.allSatisfy { (0..<length).contains($0) })
    }
  }

  @Test func noFrameLeftOutIsNearerThanATarget() {
    for seed in 0..<100 {
      var random = Randomness(UInt64(seed))
      let pick = Pick(contexts: 2, targets: 2, random: &random)
      func distance(_ i: Int) -> Int { pick.contexts.map { abs($0 - i) }.min()! }
      let others = Set(0..<Pick.length(contexts: 2, targets: 2)).subtracting(
        pick.contexts + pick.targets)
      #expect(pick.targets.map(distance).max()! <= others.map(distance).min()!)
    }
  }
}

@Suite struct RecalledPickTests {
  private func walk(_ seed: UInt64, count: Int) -> (world: ProceduralWorld, cameras: [Camera]) {
    let world = ProceduralWorld(seed: seed)
    let lens = world.lens(width: 16, height: 16)
    return (world, world.walk(count: count, intrinsics: lens, seed: seed))
  }

  @Test(arguments: [1, 2, 4, 8], [1, 4, 8])
  func contextsAndTargetsAreDistinctFramesOfTheWalk(contexts: Int, targets: Int) {
    let length = Pick.recallLength(contexts: contexts, targets: targets)
    for seed in 0..<5 {
      var random = Randomness(UInt64(seed))
      let cameras = walk(UInt64(seed), count: length).cameras
      let pick = Pick(
        recalled: contexts, targets: targets, of: cameras, scale: 2, random: &random)
      let all = pick.contexts + pick.targets
      #expect(pick.contexts.count == contexts && pick.targets.count == targets)
      #expect(Set(all).count == contexts + targets && all.allSatisfy { (0..<length).contains($0) })
      #expect(pick.targets.max()! - pick.targets.min()! < 2 * targets)
    }
  }

  /// True visibility, which recall does not know, says that it chose well.
  @Test func recalledContextsShowMoreThanOthers() {
    var shown = (recalled: 0.0, others: 0.0)
    for seed in 0..<12 {
      var random = Randomness(UInt64(seed), 1)
      let (world, cameras) = walk(UInt64(seed), count: 24)
      let pick = Pick(recalled: 2, targets: 4, of: cameras, scale: 2, random: &random)
      let targets = pick.targets.map { world.film(cameras[$0], samples: 1) }
      func share(_ contexts: [Int]) -> Double {
        let films = contexts.map { world.film(cameras[$0], samples: 1) }
        let seen = targets.flatMap { target in
          films.map { target.visibility(from: $0) }.reduce(
            into: [Bool](repeating: false, count: 256)
          ) { for (i, sees) in $1.enumerated() where sees { $0[i] = true } }
        }
        return Double(seen.count { $0 }) / Double(seen.count)
      }
      let rest = cameras.indices.filter { !pick.targets.contains($0) }
      shown.recalled += share(pick.contexts) / 12
      shown.others += share(rest.shuffled(using: &random).prefix(2).map { $0 }) / 12
    }
    #expect(shown.recalled > shown.others + 0.1, "\(shown)")
  }
}

@Suite struct BatchTests {
  @Test func mixesTruthAndNoiseByTime() {
    let plan = Plan.small { ($0.atZero, $0.fromZeros, $0.scenesPerShard) = (0.5, 0.5, 20) }
    let shard = Shard(plan, step: 3, index: 0)
    let batch = Batch(shard, plan: plan, step: 3, index: 0, on: .cpu)
    let again = Batch(shard, plan: plan, step: 3, index: 0, on: .cpu)
    #expect(batch.z.floats == again.z.floats && batch.t.floats == again.t.floats)
    let t = batch.t.floats
    #expect(t.allSatisfy { (0..<1).contains($0) })
    var kinds = (zeros: 0, noise: 0, mixed: 0)
    for (i, time) in t.enumerated() {
      let (z, truth) = (batch.z.narrowed(0, i..<i + 1), batch.truth.narrowed(0, i..<i + 1))
      let rest = (z - truth * Double(time)) / Double(1 - time)
      let power = rest.squared().mean().item
      if time > 0 {
        kinds.mixed += 1
      } else if power == 0 {
        kinds.zeros += 1
      } else {
        kinds.noise += 1
      }
      #expect(power == 0 ? time == 0 : abs(power - 1) < 0.25, "noise of variance 1")
    }
    #expect(kinds.zeros > 2 && kinds.noise > 2 && kinds.mixed > 8)
  }

  @Test func keepsPicturesInTheirOrder() {
    let plan = Plan.small { $0.contextShares = [0, 0, 0, 1] }
    let shard = Shard(plan, step: 1, index: 0)
    let batch = Batch(shard, plan: plan, step: 1, index: 0, on: .cpu)
    let targets = shard.targets.flatMap { $0 }
    #expect(batch.truth.shape == [4, 3, 16, 16] && batch.targets == targets.map(\.camera))
    for (i, frame) in targets.enumerated() {
      #expect(batch.truth.narrowed(0, i..<i + 1).image == frame.image)
      let depth = batch.depth!.narrowed(0, i..<i + 1) * shard.scales[i / 2]
      expectClose(depth.reshaped(-1), Tensor(shard.depths![i], shape: [256]), within: 1e-6)
    }
    for (i, frame) in shard.contexts.flatMap({ $0 }).enumerated() {
      #expect(batch.contextImages?.narrowed(0, i..<i + 1).image == frame.image)
    }
    let none = Plan.small { $0.contextShares = [1] }
    let empty = Batch(Shard(none, step: 0, index: 0), plan: none, step: 0, index: 0, on: .cpu)
    #expect(empty.contextImages == nil)
  }
}
