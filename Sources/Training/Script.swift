import Procedural
import Scene

/// A shard before it is filmed: worlds, and where the cameras stand in them. Cheap to make, and all
/// that a GPU needs to film the shard by itself.
///
/// Letters: S scenes, C contexts of each, J targets of each.
struct Script: Sendable {
  let scenes: [Scene]
  /// Whether it is to be found out what contexts show of the targets.
  let visibility: Bool
  /// Whether the contexts' true depths are wanted.
  let contextDepths: Bool

  /// A world and the cameras in it.
  struct Scene: Sendable {
    let world: ProceduralWorld
    /// The contexts' cameras, then those of the targets that come back to no context.
    let cameras: [Camera]
    /// How many of them are contexts.
    let contextCount: Int
    /// The camera of each target, by its number.
    let targets: [Int]
  }

  var extent: Extent {
    Extent(scenes: scenes.count, contexts: contextCount, targets: targetsPerScene)
  }
  /// World units a network unit, of each scene.
  var scales: [Double] { scenes.map(\.world.scale) }
  /// C, the same for every scene.
  var contextCount: Int { scenes[0].contextCount }
  /// J.
  var targetsPerScene: Int { scenes[0].targets.count }
}

/// How much a shard holds.
struct Extent: Hashable, Sendable {
  let scenes: Int
  /// Of each scene.
  let contexts: Int
  /// Of each scene.
  let targets: Int
}

extension Script {
  /// The shard of one step: a function of the plan, the step and the shard's number alone.
  ///
  /// - Parameter visibility: whether to find out what contexts show; if the plan needs it where nil.
  init(_ plan: Plan, step: Int, index: Int, visibility: Bool? = nil) {
    var random = Randomness(plan.seed, UInt64(step), UInt64(index))
    let count = plan.contextCount(step: step)
    scenes = (0..<plan.scenesPerShard).map { _ in
      Scene(plan, contexts: count, random: &random)
    }
    self.visibility = visibility ?? plan.needsVisibility
    contextDepths = plan.needsContextDepths
  }
}

extension Plan {
  /// How many contexts the scenes of a step have: as many in every shard, so that none waits for
  /// another.
  func contextCount(step: Int) -> Int {
    var random = Randomness(seed, UInt64(step))
    return random.index(weights: contextShares)
  }
}

extension Script.Scene {
  init(_ plan: Plan, contexts count: Int, random: inout Randomness) {
    let seed = plan.worlds.map { random.next() % UInt64($0) } ?? random.next() >> 16
    let world = ProceduralWorld(seed: seed)
    let detail = plan.detail > 1 ? 1 + Int(random.next() % UInt64(plan.detail)) : 1
    let side = plan.resolution
    let size = Tiling.size(ofDetail: detail, width: side, height: side, side: side)
    let lens = world.lens(width: size.width, height: size.height)
    let recalls = count > 0 && random.unit() < plan.recallShare
    let length =
      recalls
      ? Pick.recallLength(contexts: count, targets: plan.targetsPerScene)
      : Pick.length(contexts: count, targets: plan.targetsPerScene)
    let walk = world.walk(
      count: length, intrinsics: lens, seed: plan.worlds == nil ? random.next() : 0)
    let pick =
      recalls
      ? Pick(
        recalled: count, targets: plan.targetsPerScene, of: walk, scale: world.scale,
        random: &random)
      : Pick(contexts: count, targets: plan.targetsPerScene, random: &random)
    var views = (contexts: pick.contexts.map { walk[$0] }, targets: pick.targets.map { walk[$0] })
    if detail > 1 {
      views = Self.tiles(of: views, side: side, scale: world.scale, random: &random)
    }
    var cameras = views.contexts
    targets = views.targets.map { target in
      let again = count > 0 && random.unit() < plan.revisits
      if again { return Int(random.next() % UInt64(count)) }
      cameras.append(target)
      return cameras.count - 1
    }
    (self.world, self.cameras, contextCount) = (world, cameras, count)
  }

  /// A tile of each target, all of them looking about where a random one of the first looks, and as
  /// many tiles of the contexts as there are contexts: what a memory recalls for that one.
  private static func tiles(
    of views: (contexts: [Camera], targets: [Camera]), side: Int, scale: Double,
    random: inout Randomness
  ) -> (contexts: [Camera], targets: [Camera]) {
    let first = views.targets[0].tiles(side: side)
    let aim = first[Int(random.next() % UInt64(first.count))]
    func best(_ count: Int, of tiles: [Camera]) -> [Camera] {
      let kept = tiles.indices.shuffled(using: &random)
      // None is newer than another.
      return Pick.filled(
        count, from: kept, for: aim, of: tiles, scale: scale, keepsNearest: false
      ).map { tiles[$0] }
    }
    let others = views.targets.dropFirst().flatMap { best(1, of: $0.tiles(side: side)) }
    let contexts = best(views.contexts.count, of: views.contexts.flatMap { $0.tiles(side: side) })
    return (contexts, [aim] + others)
  }
}
