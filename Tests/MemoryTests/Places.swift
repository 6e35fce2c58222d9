import Memory
import Scene

/// Cameras for the tests: scattered at random, on a loop, in a corridor.
enum Places {
  static let lens = Intrinsics(width: 256, height: 256, horizontalFieldOfView: 1.2)
  static let up = SIMD3(0.0, -1, 0)

  static func camera(at position: SIMD3<Double>, facing direction: SIMD3<Double>) -> Camera {
    Camera(intrinsics: lens, pose: Pose(at: position, facing: direction, up: up))
  }

  /// Cameras that look about level, anywhere in a cube of `size`.
  static func scattered(_ count: Int, size: Double, seed: UInt64) -> [Camera] {
    var random = Random(state: seed)
    return (0..<count).map { _ in
      let position = SIMD3(random.number, random.number, random.number) - 0.5
      let angle = random.number * 2 * .pi
      let direction = SIMD3(sin(angle), (random.number - 0.5) * 0.6, cos(angle))
      return camera(at: position * size, facing: direction)
    }
  }

  /// Once around a circle, eyes forward.
  static func lap(_ count: Int, radius: Double, phase: Double = 0) -> [Camera] {
    (0..<count).map { i in
      let a = 2 * .pi * (Double(i) + phase) / Double(count)
      return camera(
        at: [radius * cos(a), 0, radius * sin(a)], facing: [-sin(a), 0, cos(a)])
    }
  }

  /// Straight ahead, a frame every `step` units.
  static func corridor(_ count: Int, step: Double) -> [Camera] {
    (0..<count).map { camera(at: [0, 0, Double($0) * step], facing: [0, 0, 1]) }
  }
}

/// SplitMix64: small, seeded, the same everywhere.
struct Random: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  var number: Double {
    mutating get { Double.random(in: 0..<1, using: &self) }
  }
}

extension Policy {
  /// A coarser sampling, for tests that ask thousands of times.
  static var coarse: Policy {
    var policy = Policy()
    policy.rays = 8
    return policy
  }

  /// Greed alone: no place for the newest, no threshold.
  static var plain: Policy {
    var policy = Policy.coarse
    policy.keepsNewest = false
    policy.gainThreshold = 0
    return policy
  }
}

extension SpatialMemory where Value == Int {
  /// A memory of all the cameras, whether new or not; values are their numbers.
  init(_ cameras: [Camera], scale: Double = 1, policy: Policy = .coarse) {
    self.init(scale: scale, policy: policy)
    for (i, camera) in cameras.enumerated() { admit(i, camera: camera, always: true) }
  }

  func ids(for query: Camera, limit: Int = 4) -> [Int] {
    recall(for: query, limit: limit).map(\.id)
  }
}
