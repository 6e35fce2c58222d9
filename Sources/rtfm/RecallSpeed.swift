import Evaluation
import Memory
import Procedural
import Scene

/// How long a memory of made-up poses takes to admit and to recall, in milliseconds of its thread's
/// own time: others on the machine don't count.
struct RecallSpeed: Encodable {
  /// Where the poses are.
  enum Layout: String, CaseIterable, Encodable {
    /// As many to each square unit, however many there are.
    case city
    /// All in the same 6 x 6 units.
    case flat

    func side(of count: Int) -> Double {
      self == .city ? max(2, Double(count) / 11).squareRoot() : 6
    }
  }

  let layout: Layout
  let keyframes: Int
  let contexts: Int
  /// Putting a keyframe into the memory, once it is welcome.
  let insert: Durations
  let recall: Durations
  /// Deciding whether a frame is welcome.
  let novelty: Durations
  /// Beside the pixels.
  let bytesPerKeyframe: Double
  /// Recalled on average.
  let found: Double

  init(_ layout: Layout, keyframes: Int, contexts: Int) {
    (self.layout, self.keyframes, self.contexts) = (layout, keyframes, contexts)
    var random = Shuffle(state: 1)
    let side = layout.side(of: keyframes)
    let lens = Intrinsics(width: 256, height: 256, horizontalFieldOfView: 1.2)
    var memory = SpatialMemory<Void>(scale: 1)
    insert = Durations(
      (0..<keyframes).map { _ in
        let camera = Camera.scattered(over: side, lens, &random)
        return Stopwatch.time { memory.admit((), camera: camera, always: true) }
      })
    bytesPerKeyframe = Double(memory.overhead) / Double(keyframes)
    let queries = (0..<500).map { _ in Camera.scattered(over: side, lens, &random) }
    for query in queries.prefix(20) { _ = memory.recall(for: query, limit: contexts) }
    var found = 0
    recall = Durations(
      queries.map { query in
        Stopwatch.time { found += memory.recall(for: query, limit: contexts).count }
      })
    novelty = Durations(queries.map { query in Stopwatch.time { _ = memory.novelty(of: query) } })
    self.found = Double(found) / Double(queries.count)
  }

  /// For people.
  var line: String {
    "\(layout.rawValue.padded(to: 6))\(keyframes) keyframes: recall \(recall.p50.digits(3)) ms"
      + " (p99 \(recall.p99.digits(3))), novelty \(novelty.p50.digits(3)) (p99"
      + " \(novelty.p99.digits(3))), insert \(insert.p50.digits(4)) (p99 \(insert.p99.digits(4))),"
      + " \(Int(bytesPerKeyframe)) bytes a keyframe"
  }
}

/// Counts the running thread's own time.
private enum Stopwatch {
  static func time(_ work: () -> Void) -> Double {
    let start = now
    work()
    return now - start
  }

  /// Milliseconds.
  private static var now: Double {
    // Seconds and nanoseconds, read as words: which module has timespec's members differs by build.
    withUnsafeTemporaryAllocation(of: timespec.self, capacity: 1) { time in
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, time.baseAddress!)
      let words = UnsafeRawBufferPointer(time).bindMemory(to: Int.self)
      return Double(words[0]) * 1e3 + Double(words[1]) * 1e-6
    }
  }
}

/// SplitMix64.
struct Shuffle: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Camera {
  /// At eye level anywhere in a square, about level.
  static func scattered(
    over side: Double, _ lens: Intrinsics, _ random: inout Shuffle
  ) -> Camera {
    func number(_ range: Range<Double>) -> Double { .random(in: range, using: &random) }
    let position = SIMD3(number(0..<side), number(0..<side), number(0..<0.5))
    let (yaw, pitch) = (number(0..<2 * .pi), number(-0.3..<0.3))
    return Camera(
      intrinsics: lens,
      pose: Pose(at: position, facing: [cos(yaw), sin(yaw), pitch], up: ProceduralWorld.up))
  }
}
