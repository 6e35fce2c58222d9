import Generation
import Memory
import Procedural
import Scene
import Torch

/// A shard filmed on a CPU, or taken from photographs: contexts, targets that share them, and true
/// depths, which photographs lack.
///
/// Plain values, so that background threads can make them; tensors are made where they are used.
struct Shard: Sendable {
  /// C frames for each of the S scenes.
  let contexts: [[Frame]]
  /// J frames for each scene.
  let targets: [[Frame]]
  /// Along z, in world units, row by row, for each target of each scene; nil where nobody knows.
  let depths: [[Float]]?
  /// The same for each context of each scene; if asked for.
  let contextDepths: [[Float]]?
  /// World units a network unit, of each scene.
  let scales: [Double]
  /// For each target, each context of its scene and each of the target's pixels, whether the context
  /// shows the surface; if asked for.
  let shown: [[[Bool]]]?

  var extent: Extent {
    Extent(scenes: targets.count, contexts: contexts[0].count, targets: targets[0].count)
  }
}

extension Shard {
  /// Films the shard of one step: a function of the plan, the step and the shard's number alone.
  ///
  /// - Parameter visibility: whether to find out what contexts show; if the plan needs it where nil.
  init(_ plan: Plan, step: Int, index: Int, visibility: Bool? = nil) {
    self.init(Script(plan, step: step, index: index, visibility: visibility))
  }

  /// Films what was planned.
  init(_ script: Script) {
    let scenes = script.scenes.map(FilmedScene.init)
    contexts = scenes.map { $0.contexts.map(\.frame) }
    targets = scenes.map { $0.targets.map(\.frame) }
    depths = scenes.flatMap { $0.targets.map(\.depth) }
    contextDepths =
      script.contextDepths ? scenes.flatMap { $0.contexts.map(\.depth) } : nil
    scales = script.scales
    shown = script.visibility ? scenes.flatMap(\.shown) : nil
  }
}

/// One scene's films.
private struct FilmedScene {
  let contexts: [Film]
  let targets: [Film]

  init(_ scene: Script.Scene) {
    let films = scene.cameras.map { scene.world.film($0) }
    contexts = Array(films[..<scene.contextCount])
    targets = scene.targets.map { films[$0] }
  }

  var shown: [[[Bool]]] {
    targets.map { target in contexts.map { target.visibility(from: $0) } }
  }
}

/// Which frames of a walk or an album are contexts, and which, close to those, are targets.
struct Pick {
  var contexts: [Int]
  var targets: [Int]

  init(contexts: [Int], targets: [Int]) { (self.contexts, self.targets) = (contexts, targets) }

  /// Contexts are every other frame of a stretch of the walk; targets are the frames nearest to
  /// them, those between first.
  init(contexts count: Int, targets: Int, random: inout Randomness) {
    let length = Self.length(contexts: count, targets: targets)
    let stretch = max(1, 2 * count - 1)
    let start = Int(random.next() % UInt64(length - stretch + 1))
    let chosen = (0..<count).map { start + 2 * $0 }
    let anchors = chosen.isEmpty ? [start] : chosen
    let ranked = (0..<length).filter { !chosen.contains($0) }
      .map { i in (index: i, distance: anchors.map { abs($0 - i) }.min()!, tie: random.next()) }
      .sorted { ($0.distance, $0.tie) < ($1.distance, $1.tie) }
    self.targets = ranked.prefix(targets).map(\.index)
    contexts = random.unit() < 0.5 ? chosen : chosen.reversed()
  }

  /// How long a walk that needs.
  static func length(contexts count: Int, targets: Int) -> Int {
    max(2 * count, count + targets, 8)
  }

  /// Targets are the frames around a moment of the walk; contexts are what a memory that holds a
  /// random part of the other frames recalls for that moment, as in use.
  ///
  /// Where recall finds fewer, as it does when more would add nothing, the nearest others follow.
  init(
    recalled count: Int, targets: Int, of walk: [Camera], scale: Double,
    random: inout Randomness
  ) {
    let moment = Int(random.next() % UInt64(walk.count))
    let near = walk.indices.map { i in (index: i, distance: abs(i - moment), tie: random.next()) }
      .sorted { ($0.distance, $0.tie) < ($1.distance, $1.tie) }.map(\.index)
    let share = 0.3 + 0.5 * random.unit()
    self.init(
      recalled: count, for: moment, targets: Array(near.prefix(targets)),
      from: Array(near.dropFirst(targets)), share: share, of: walk, scale: scale, random: &random)
  }

  /// Contexts are what a memory that holds a random share of some frames, given nearest first, recalls
  /// for a moment.
  init(
    recalled count: Int, for moment: Int, targets: [Int], from others: [Int], share: Double,
    of cameras: [Camera], scale: Double, random: inout Randomness
  ) {
    var kept = others.filter { _ in random.unit() < share }
    kept += others.filter { !kept.contains($0) }.prefix(max(0, count - kept.count))
    self.targets = targets
    contexts = Self.filled(count, from: kept, for: cameras[moment], of: cameras, scale: scale)
  }

  /// What a memory of some frames, nearest first, recalls for a query; where that are fewer than asked
  /// for, the first others follow.
  ///
  /// - Parameter keepsNearest: whether the first is recalled whatever it shows, as a walk's newest is.
  static func filled(
    _ count: Int, from kept: [Int], for query: Camera, of cameras: [Camera], scale: Double,
    keepsNearest: Bool = true
  ) -> [Int] {
    var policy = Policy()
    policy.gainThreshold = 1e-4  // fill the limit where anything is gained at all
    policy.keepsNewest = keepsNearest
    var memory = SpatialMemory<Int>(scale: scale, policy: policy)
    for i in kept.reversed() { memory.admit(i, camera: cameras[i], always: true) }
    let recalled = memory.recall(for: query, limit: count).map(\.value)
    return (recalled + kept).reduce(into: []) { chosen, i in
      if chosen.count < count && !chosen.contains(i) { chosen.append(i) }
    }
  }

  /// How long a walk that needs: room for the memory to choose from.
  static func recallLength(contexts count: Int, targets: Int) -> Int { 3 * count + targets + 8 }
}

/// A stream of random numbers that is a function of its keys (SplitMix64).
struct Randomness: RandomNumberGenerator {
  private var state: UInt64

  init(_ keys: UInt64...) {
    state = 0x9E37_79B9_7F4A_7C15
    for key in keys {
      state ^= key
      _ = next()
    }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    state ^= z << 1
    return z ^ (z >> 31)
  }

  /// A number in 0..<1.
  mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  /// An index, each as often as its weight says.
  mutating func index(weights: [Double]) -> Int {
    var left = unit() * weights.reduce(0, +)
    for (i, weight) in weights.enumerated() {
      left -= weight
      if left < 0 { return i }
    }
    return weights.lastIndex { $0 > 0 } ?? 0
  }
}
