import Evaluation
import Generation
import Images
import Memory
import Procedural
import Scene

/// How long whole frames take in a memory of so many keyframes, in milliseconds: recall, gathering,
/// the network, and deciding whether the frame is kept.
///
/// Poses are made up; all keyframes share the KV of a few filmed pictures.
struct FrameSpeed: Encodable {
  let keyframes: Int
  let recall: Durations
  let gather: Durations
  let network: Durations
  /// Deciding, and keeping the frame where it is welcome.
  let admission: Durations
  /// From the query to the picture, and the memory ready for the next one.
  let frame: Durations

  /// Draws so many frames in each of some memories, in turns, so that what else the machine does
  /// falls on all of them alike.
  static func measure(_ counts: [Int], model: FrameModel, frames: Int) -> [FrameSpeed] {
    let lens = Intrinsics(
      width: model.resolution, height: model.resolution, horizontalFieldOfView: 1.2)
    let kvs = pictures(lens).map(model.encode)
    var walks = counts.map { CrowdedWalk(keyframes: $0, lens: lens) }
    var laps = counts.map { _ in [CrowdedWalk.Lap]() }
    for frame in 0..<frames + 3 {
      for i in walks.indices {
        let lap = walks[i].lap(frame, model: model, kvs)
        if frame >= 3 { laps[i].append(lap) }  // the first ones make tables and find memory
      }
    }
    return zip(counts, laps).map { FrameSpeed(keyframes: $0, $1) }
  }

  private init(keyframes: Int, _ laps: [CrowdedWalk.Lap]) {
    func durations(_ part: (CrowdedWalk.Lap) -> Double) -> Durations { Durations(laps.map(part)) }
    self.keyframes = keyframes
    (recall, gather) = (durations(\.recall), durations(\.gather))
    (network, admission) = (durations(\.network), durations(\.admission))
    frame = durations { $0.recall + $0.gather + $0.network + $0.admission }
  }

  private static func pictures(_ lens: Intrinsics) -> [Frame] {
    let world = ProceduralWorld(.room, seed: 1)
    return world.walk(count: 8, intrinsics: lens, seed: 0).map {
      world.film($0, samples: 1).frame
    }
  }

  /// For people.
  var line: String {
    "\(String(keyframes).leftPadded(to: 8)) keyframes: a frame \(frame.p50.digits(2)) ms (p99"
      + " \(frame.p99.digits(2))): recall \(recall.p50.digits(3)), gather \(gather.p50.digits(3)),"
      + " network \(network.p50.digits(2)), admission \(admission.p50.digits(3))"
  }
}

/// A walk in a circle amid a crowd of keyframes that are spread as in a city.
private struct CrowdedWalk {
  /// Milliseconds of each part of a frame.
  struct Lap {
    var recall = 0.0
    var gather = 0.0
    var network = 0.0
    var admission = 0.0
  }

  private let middle: SIMD3<Double>
  private let lens: Intrinsics
  private var memory: SpatialMemory<Void>

  init(keyframes: Int, lens: Intrinsics) {
    self.lens = lens
    let side = RecallSpeed.Layout.city.side(of: keyframes)
    middle = [side / 2, side / 2, 0.25]
    var random = Shuffle(state: 1)
    memory = SpatialMemory(scale: 1) { filling in
      for _ in 0..<keyframes {
        filling.add((), camera: .scattered(over: side, lens, &random))
      }
    }
  }

  mutating func lap(_ frame: Int, model: FrameModel, _ kvs: [KV]) -> Lap {
    let turn = 0.05 * Double(frame)
    let query = Camera(
      intrinsics: lens,
      pose: Pose(
        at: middle + [cos(turn), sin(turn), 0], facing: [-sin(turn), cos(turn), 0],
        up: ProceduralWorld.up))
    var lap = Lap()
    var timer = SplitTimer()
    let context = memory.recall(for: query, limit: 4)
    lap.recall = timer.split()
    let frames = context.map { (kv: kvs[$0.id % kvs.count], camera: $0.camera) }
    let gathered = model.gather(frames, for: query, scale: memory.scale)
    lap.gather = timer.split()
    _ = model.draw(query, context: gathered).image.image
    lap.network = timer.split()
    let generation = memory.generation(of: query, from: context)
    memory.admit((), camera: query, generation: generation)
    lap.admission = timer.split()
    return lap
  }
}

extension [FrameSpeed] {
  /// Medians over the number of keyframes: whole frames, and what the memory takes of them.
  var plot: Image {
    func points(_ part: (FrameSpeed) -> Double) -> [SIMD2<Double>] {
      map { SIMD2(log10(Double($0.keyframes)), part($0)) }
    }
    let x = "keyframes, powers of ten (6 is a million)"
    var whole = LinePlot(title: "Time of a frame", x: x, y: "ms")
    whole.add("frame", points(\.frame.p50))
    whole.add("network", points(\.network.p50))
    whole.add("recall and admission", points { $0.recall.p50 + $0.admission.p50 })
    var memory = LinePlot(title: "What the memory takes of it", x: x, y: "ms")
    memory.add("recall", points(\.recall.p50))
    memory.add("admission", points(\.admission.p50))
    let images = [whole.image(height: 360), memory.image(height: 300)]
    return Image(
      width: images[0].width, height: images.reduce(0) { $0 + $1.height },
      pixels: images.flatMap(\.pixels))
  }
}
