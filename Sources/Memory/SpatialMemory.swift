public import Scene

/// A place, remembered as posed frames: admits what is new, recalls what a query needs.
///
///     var memory = SpatialMemory<Image>(scale: 2)
///     memory.admit(photo.image, camera: photo.camera, always: true)
///     let context = memory.recall(for: query, limit: 4)  // best first
///     let image = draw(query, context)
///     memory.admit(image, camera: query, generation: memory.generation(of: query, from: context))
///
/// It is a value, and a collection of its keyframes in order of admission. Nothing in it is
/// geometry: what a camera sees is judged by points spread through its frustum at several depths,
/// so surfaces that hide each other are left aside.
public struct SpatialMemory<Value> {
  /// World units in a network unit: about the typical distance of what there is to see.
  public var scale: Double { lookout.scale }
  public var policy: Policy { lookout.policy }
  private var keyframes: [Keyframe<Value>] = []
  private var lookout: Lookout

  /// - Precondition: `scale` is positive and finite.
  public init(scale: Double, policy: Policy = Policy()) {
    precondition(
      scale > 0 && scale.isFinite, "SpatialMemory: a scale of \(scale); give a positive length")
    lookout = Lookout(scale: scale, policy: policy)
  }

  /// Keeps a frame if it shows something new, and says under which id; nil if the memory already
  /// explains it, or if the camera's numbers make no sense (not finite, no lens).
  ///
  /// - Parameters:
  ///   - generation: 0 for given pictures; ``generation(of:from:)`` for drawn ones.
  ///   - always: keep it even if it shows nothing new, as given pictures deserve.
  @discardableResult
  public mutating func admit(
    _ value: Value, camera: Camera, generation: Double = 0, always: Bool = false
  ) -> Int? {
    precondition(
      generation >= 0 && generation.isFinite,
      "SpatialMemory: a generation of \(generation); 0 is the first")
    guard camera.isUsable, always || novelty(of: camera).exceeds(policy) else { return nil }
    let id = keyframes.count
    keyframes.append(Keyframe(id: id, camera: camera, value: value, generation: generation))
    lookout.append(camera, generation: generation)
    return id
  }

  /// How much of what a camera would see is new.
  ///
  /// Keyframes beyond the policy's range explain nothing, since they cannot be recalled here.
  public func novelty(of camera: Camera) -> Novelty { lookout.novelty(of: camera) }

  /// The keyframes to draw a query from: at most `limit`, best first, together covering as much of
  /// the query's frustum as greed finds.
  ///
  /// The keyframe admitted last is among them (see ``Policy/keepsNewest``), also when it alone
  /// fills the limit. None is farther than the policy's range, not even that one, unless no
  /// keyframe in range sees anything. Fewer than `limit` come when more would add nothing.
  public func recall(for query: Camera, limit: Int) -> [Keyframe<Value>] {
    lookout.recall(for: query, limit: limit).map { keyframes[$0] }
  }

  /// How well keyframes show what a query would see, 0...1: the mean, over points in its frustum,
  /// of the best keyframe's weight. This is what recall makes large.
  ///
  /// A weight is the cosine between the two viewing directions, times the keyframe's resolution
  /// over the query's (at most 1), times the policy's decay for each generation.
  public func coverage(of query: Camera, by keyframes: [Keyframe<Value>]) -> Double {
    guard query.isUsable else { return 0 }
    let set = keyframes.map { (camera: $0.camera, generation: $0.generation) }
    return lookout.coverage(of: query, by: set).total / Double(lookout.pointCount)
  }

  /// The generation of a frame drawn from a context: one more than the context's mean, each
  /// keyframe weighed by what it alone shows best; 1 when the context shows nothing.
  public func generation(of query: Camera, from context: [Keyframe<Value>]) -> Double {
    guard query.isUsable else { return 1 }
    let set = context.map { (camera: $0.camera, generation: $0.generation) }
    let coverage = lookout.coverage(of: query, by: set)
    let shares = coverage.shares.map(Double.init)
    let sum = zip(coverage.rows, shares).reduce(0) { $0 + context[$1.0].generation * $1.1 }
    let total = shares.reduce(0, +)
    return total > 0 ? 1 + sum / total : 1
  }

  /// The keyframe of that id; nil if there is none.
  public subscript(id id: Int) -> Keyframe<Value>? {
    keyframes.indices.contains(id) ? keyframes[id] : nil
  }

  /// Changes what is stored with a keyframe, in place: to cache keys and values, or to drop them.
  ///
  /// - Precondition: the memory has a keyframe of that id.
  public mutating func update<Result, Failure: Error>(
    _ id: Int, _ change: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(keyframes.indices.contains(id), "SpatialMemory: no keyframe has the id \(id)")
    return try change(&keyframes[id].value)
  }
}

extension SpatialMemory: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { keyframes.count }
  public subscript(position: Int) -> Keyframe<Value> { keyframes[position] }
}

extension SpatialMemory: Sendable where Value: Sendable {}
