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
/// geometry: what a camera sees is judged by points spread through its frustum at several depths.
/// Keyframes may come with a coarse guess of how far they see, which tells what hides what; it is
/// never drawn from.
public struct SpatialMemory<Value> {
  /// World units in a network unit: about the typical distance of what there is to see.
  public var scale: Double { lookout.scale }
  public var policy: Policy { lookout.policy }
  var values = Pile<Value>()
  var lookout: Lookout

  /// - Precondition: `scale` is positive and finite.
  public init(scale: Double, policy: Policy = Policy()) {
    precondition(
      scale > 0 && scale.isFinite, "SpatialMemory: a scale of \(scale); give a positive length")
    lookout = Lookout(scale: scale, policy: policy)
  }

  /// Keeps a frame if it shows something new, and says under which id; nil if the memory already
  /// explains it, if the model was too unsure of it, or if the camera's numbers make no sense (not
  /// finite, no lens).
  ///
  /// An unsure frame is kept, so that a place that was guessed stays as it was shown; but its say in
  /// recall is multiplied by its certainty, and it does not stand in the way of a surer one.
  ///
  /// - Parameters:
  ///   - generation: 0 for given pictures; ``generation(of:from:)`` for drawn ones.
  ///   - certainty: how sure the model is of the frame, 0...1: 1 for given pictures.
  ///   - inverseDepth: about how far away its surfaces are, if anyone knows; asked for once the frame
  ///     is kept.
  ///   - always: keep it even if it shows nothing new, as given pictures deserve.
  @discardableResult
  public mutating func admit(
    _ value: Value, camera: Camera, generation: Double = 0, certainty: Double = 1,
    inverseDepth: @autoclosure () -> CoarseDepth? = nil, always: Bool = false
  ) -> Int? {
    precondition(
      generation >= 0 && generation.isFinite,
      "SpatialMemory: a generation of \(generation); 0 is the first")
    precondition(
      certainty >= 0 && certainty <= 1, "SpatialMemory: a certainty of \(certainty), not 0...1")
    guard camera.isUsable, always || isWelcome(camera, certainty: certainty) else { return nil }
    values.append(value)
    lookout.append(
      camera, generation: generation, certainty: certainty, depths: inverseDepth())
    return values.count - 1
  }

  private func isWelcome(_ camera: Camera, certainty: Double) -> Bool {
    certainty >= policy.certaintyThreshold
      && lookout.novelty(of: camera, certainty: certainty).exceeds(policy)
  }

  /// How much of what a camera would see is new.
  ///
  /// Keyframes beyond the policy's range explain nothing, since they cannot be recalled here; nor do
  /// those that are much less certain (see ``Policy/certaintyGain``).
  public func novelty(of camera: Camera, certainty: Double = 1) -> Novelty {
    lookout.novelty(of: camera, certainty: certainty)
  }

  /// The keyframes to draw a query from: at most `limit`, best first, together covering as much of
  /// the query's frustum as greed finds.
  ///
  /// The keyframe admitted last is among them (see ``Policy/keepsNewest``), also when it alone
  /// fills the limit. None is farther than the policy's range, not even that one, unless no
  /// keyframe in range sees anything. Fewer than `limit` come when more would add nothing.
  public func recall(for query: Camera, limit: Int) -> [Keyframe<Value>] {
    lookout.recall(for: query, limit: limit).map { self[$0] }
  }

  /// How well keyframes show what a query would see, 0...1: the mean, over points in its frustum,
  /// of the best keyframe's weight. This is what recall makes large.
  ///
  /// A weight is the cosine between the two viewing directions, times the keyframe's resolution
  /// over the query's (at most 1), times its certainty and the policy's decay for each generation.
  /// Where keyframes tell depths, half of what a ray weighs is on its surface, and what is hidden
  /// weighs nothing.
  public func coverage(of query: Camera, by keyframes: [Keyframe<Value>]) -> Double {
    guard query.isUsable else { return 0 }
    return coverage(of: query, keyframes).total / Double(lookout.pointCount)
  }

  private func coverage(of query: Camera, _ keyframes: [Keyframe<Value>]) -> Coverage {
    let set = keyframes.map { keyframe in
      Viewpoint(
        camera: keyframe.camera,
        discount: lookout.discount(
          generation: keyframe.generation, certainty: keyframe.certainty),
        depths: keyframe.inverseDepth)
    }
    return lookout.coverage(of: query, by: set)
  }

  /// The generation of a frame drawn from a context: one more than the context's mean, each
  /// keyframe weighed by what it alone shows best; 1 when the context shows nothing.
  public func generation(of query: Camera, from context: [Keyframe<Value>]) -> Double {
    guard query.isUsable else { return 1 }
    let coverage = coverage(of: query, context)
    let shares = coverage.shares.map(Double.init)
    let sum = zip(coverage.rows, shares).reduce(0) { $0 + context[$1.0].generation * $1.1 }
    let total = shares.reduce(0, +)
    return total > 0 ? 1 + sum / total : 1
  }

  /// The keyframe of that id; nil if there is none.
  public subscript(id id: Int) -> Keyframe<Value>? { indices.contains(id) ? self[id] : nil }

  /// Changes what is stored with a keyframe, in place: to cache keys and values, or to drop them.
  ///
  /// - Precondition: the memory has a keyframe of that id.
  public mutating func update<Result, Failure: Error>(
    _ id: Int, _ change: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    precondition(indices.contains(id), "SpatialMemory: no keyframe has the id \(id)")
    return try change(&values[id])
  }

  /// Says how far away a keyframe's surfaces are, about, once somebody knows: recall and admission go
  /// by it from now on.
  ///
  /// - Precondition: the memory has a keyframe of that id.
  public mutating func learn(_ depth: CoarseDepth, of id: Int) {
    precondition(indices.contains(id), "SpatialMemory: no keyframe has the id \(id)")
    lookout.learn(depth, of: id)
  }

  /// Bytes that cameras, depths and the index take, beside the values.
  public var overhead: Int { lookout.bytes }
}

extension SpatialMemory: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { values.count }

  public subscript(position: Int) -> Keyframe<Value> {
    let record = lookout.register[position]
    return Keyframe(
      id: position, camera: lookout.register.camera(of: record), value: values[position],
      generation: record.generation, certainty: Double(record.certainty),
      inverseDepth: lookout.register.depths(of: record))
  }
}

extension SpatialMemory: Sendable where Value: Sendable {}
