import Evaluation
import Generation
import Images
import Memory
import Procedural
import Scene
import Torch

/// A walk in a circle through a memory of encoded keyframes, its frames timed part by part.
final class TimedWalk {
  /// Milliseconds of each part of one frame.
  struct Lap {
    var recall = 0.0
    var gather = 0.0
    var network = 0.0
    var pixels = 0.0
    var jpeg = 0.0
    /// From the action to the bytes.
    var endToEnd = 0.0

    static var parts: KeyValuePairs<String, KeyPath<Lap, Double>> {
      [
        "recall": \.recall, "gather": \.gather, "network": \.network, "pixels": \.pixels,
        "jpeg": \.jpeg, "end_to_end": \.endToEnd,
      ]
    }
  }

  private let model: FrameModel
  private let contexts: Int
  private var memory: SpatialMemory<KV>
  private var camera: Camera
  /// Encoded in place of what random weights draw, which is flat and so compresses too fast.
  private let standIn: Image?
  private let encoder = JPEGEncoder()
  private let gait = Gait(up: ProceduralWorld.up, speed: 1.4)

  /// - Parameter trained: whether the model draws pictures worth compressing.
  init(_ model: FrameModel, size: Size, contexts: Int, keyframes: Int, trained: Bool) {
    self.model = model
    self.contexts = contexts
    let world = ProceduralWorld(.room, seed: 1)
    let lens = world.lens(width: size.width, height: size.height)
    let walk = world.walk(count: max(1, keyframes), intrinsics: lens, seed: 0)
    var policy = Policy()
    policy.gainThreshold = 1e-4
    policy.keepsNewest = false
    memory = SpatialMemory(scale: ProceduralWorld.scale, policy: policy)
    for camera in walk.prefix(keyframes) {
      let image = world.picture(camera, within: 64)
      let kv = model.encode(Frame(image: image, camera: camera))
      memory.admit(kv, camera: camera, always: true)
    }
    camera = walk[0]
    standIn = trained ? nil : world.picture(camera, within: 512)
  }

  /// Walks on by a step and draws what is seen there, as a session does.
  func lap(steps: Int) -> Lap {
    var lap = Lap()
    var timer = SplitTimer()
    camera.move(by: Action(move: [0, 0, 1], turn: [0.05, 0]), gait: gait)
    let context = recall()
    lap.recall = timer.split()
    let gathered = model.gather(context, for: camera, scale: memory.scale)
    model.device.synchronize()
    lap.gather = timer.split()
    let drawn = model.draw(camera, context: gathered, steps: steps).image
    model.device.synchronize()
    lap.network = timer.split()
    let image = drawn.image
    lap.pixels = timer.split()
    encoder.encode(standIn ?? image) { _ in }
    lap.jpeg = timer.split()
    lap.endToEnd = timer.total
    return lap
  }

  /// As many keyframes as asked for, also where fewer would do.
  private func recall() -> [(kv: KV, camera: Camera)] {
    var found = memory.recall(for: camera, limit: contexts)
    let spare = memory.filter { keyframe in !found.contains { $0.id == keyframe.id } }
    found += spare.prefix(contexts - found.count)
    return found.map { ($0.value, $0.camera) }
  }

  /// Draws frame after frame for so many seconds, at least five, after two that don't count.
  func laps(steps: Int, seconds: Double) -> [Lap] {
    for _ in 0..<2 { _ = lap(steps: steps) }
    let end = ContinuousClock.now + .seconds(seconds)
    var laps: [Lap] = []
    while ContinuousClock.now < end || laps.count < 5 { laps.append(lap(steps: steps)) }
    return laps
  }
}

extension [TimedWalk.Lap] {
  /// The durations of each part.
  var durations: [String: Durations] {
    let pairs = TimedWalk.Lap.parts.map { part in
      (part.key, Durations(map { $0[keyPath: part.value] }))
    }
    return Dictionary(uniqueKeysWithValues: pairs)
  }
}

extension ProceduralWorld {
  /// What a camera sees, filmed with at most so many pixels a side and scaled up from there.
  fileprivate func picture(_ camera: Camera, within side: Int) -> Image {
    let lens = camera.intrinsics
    let scale = min(1, Double(side) / Double(max(lens.width, lens.height)))
    var small = camera
    small.intrinsics = lens.resized(
      width: max(1, Int(Double(lens.width) * scale)),
      height: max(1, Int(Double(lens.height) * scale)))
    return film(small, samples: 1).frame.image.resized(width: lens.width, height: lens.height)
  }
}
