public import Images
public import Scene

/// What a world is, beside its frames: how its place is called, which way is up, how large it is.
public struct PlaceRecord: Hashable, Sendable {
  public var name: String
  /// The unit vector against gravity.
  public var up: SIMD3<Double>
  /// World units per network unit.
  public var scale: Double
  /// Milliseconds since 1970 when the world was made.
  public var created: Int

  public init(name: String, up: SIMD3<Double>, scale: Double, created: Int = now()) {
    (self.name, self.up, self.scale, self.created) = (name, up, scale, created)
  }

  /// Milliseconds since 1970.
  public static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }
}

/// A keyframe as a world file keeps it: a camera, and a picture byte for byte.
public struct KeyframeRecord: Hashable, Sendable {
  /// Larger for later ones, the same in the file and in the memory.
  public var id: Int
  /// Its intrinsics are about the picture's own pixels.
  public var camera: Camera
  public var generation: Double
  /// How sure the model was of it, 0...1; nil where nobody said, which counts as 1.
  public var certainty: Double?
  public var picture: ImageFile
  /// A coarse inverse depth for recall, in whatever form the memory gives it.
  public var depth: [UInt8]?
  /// The walk that it was drawn on; nil for a given picture.
  public var walk: Int?

  public init(
    id: Int, camera: Camera, generation: Double = 0, certainty: Double? = nil, picture: ImageFile,
    depth: [UInt8]? = nil, walk: Int? = nil
  ) {
    (self.id, self.camera, self.generation) = (id, camera, generation)
    self.certainty = certainty
    (self.picture, self.depth, self.walk) = (picture, depth, walk)
  }
}

/// A walk as the session log keeps it: all that was drawn in a world from its opening to its
/// closing, and what with.
public struct WalkRecord: Hashable, Sendable {
  /// 1 for the first walk of a world.
  public var id: Int
  /// Milliseconds since 1970.
  public var begun: Int
  /// How many keyframes the world had; nil where some of them are lost, and a replay with them.
  public var known: Int?
  /// The model's name.
  public var model: String
  /// A checksum of the model's file.
  public var weights: String
  /// How pictures were drawn, as JSON.
  public var settings: String

  public init(
    id: Int, begun: Int = PlaceRecord.now(), known: Int?, model: String, weights: String,
    settings: String
  ) {
    (self.id, self.begun, self.known) = (id, begun, known)
    (self.model, self.weights, self.settings) = (model, weights, settings)
  }
}

/// A piece of a walk: cameras drawn one after the other through one lens.
struct Leg: Sendable {
  var walk: Int
  /// The number of its first frame in the walk, from 0.
  var first: Int
  var lens: Intrinsics
  var poses: [Pose]

  var cameras: [Camera] { poses.map { Camera(intrinsics: lens, pose: $0) } }
}
