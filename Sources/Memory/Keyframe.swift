public import Scene

/// A frame that a memory keeps: a camera, and whatever the memory's owner stores with it.
public struct Keyframe<Value>: Identifiable {
  /// The keyframe's name in its memory: never reused, larger for later admissions.
  public let id: Int
  public let camera: Camera
  /// Pixels, cached keys and values, ...; changed in place by ``SpatialMemory/update(_:_:)``.
  public let value: Value
  /// How far from reality: 0 for a given picture, one more than its context's mean for a drawn one.
  public let generation: Double
  /// How sure the model was of it, 0...1: 1 for a given picture.
  public let certainty: Double
  /// How far away its surfaces are, about; nil where nobody said.
  public let inverseDepth: CoarseDepth?
}

extension Keyframe: Sendable where Value: Sendable {}
