public import Scene

/// Keyframes on their way into a new memory, all of them kept: those of a file, say.
///
///     let memory = try SpatialMemory<Image>(scale: 2) { filling in
///       try file.forEachKeyframe { filling.add(image($0.id), camera: $0.camera) }
///     }
public struct Filling<Value> {
  fileprivate var memory: SpatialMemory<Value>

  /// How many there are so far.
  public var count: Int { memory.count }

  /// Keeps a keyframe whether it shows anything new or not; its id is the next one.
  ///
  /// - Parameters: as for ``SpatialMemory/admit(_:camera:generation:certainty:inverseDepth:always:)``.
  /// - Returns: false, and nothing is kept, if the camera's numbers make no sense.
  @discardableResult
  public mutating func add(
    _ value: Value, camera: Camera, generation: Double = 0, certainty: Double = 1
  ) -> Bool {
    guard camera.isUsable else { return false }
    memory.values.append(value)
    memory.lookout.enter(camera, generation: generation, certainty: certainty, depths: nil)
    return true
  }

  /// Says how far away a keyframe's surfaces are, about.
  ///
  /// - Precondition: there is a keyframe of that id.
  public mutating func learn(_ depth: CoarseDepth, of id: Int) { memory.learn(depth, of: id) }
}

extension SpatialMemory {
  /// A memory of keyframes that are all there already; their index is made when `fill` has
  /// returned, of a million in less than a second.
  ///
  /// It recalls as well as a memory that admitted them one by one; of up to 10,000 keyframes, exactly
  /// as that one.
  ///
  /// - Precondition: `scale` is positive and finite.
  public init(
    scale: Double, policy: Policy = Policy(), fill: (inout Filling<Value>) throws -> Void
  ) rethrows {
    var filling = Filling(memory: Self(scale: scale, policy: policy))
    try fill(&filling)
    self = filling.memory
    lookout.index()
  }
}
