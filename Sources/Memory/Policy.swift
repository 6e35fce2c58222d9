/// What a memory takes for known, what it keeps and what it recalls.
///
/// Lengths are in *network units*: world units divided by the world's scale.
public struct Policy: Codable, Hashable, Sendable {
  /// Rays across a query's image, and as many down: 16, a ray for each 16-pixel patch at 256 pixels.
  public var rays = 16
  /// Points on each ray, from near to far in equal ratios: 4, since nobody knows the true depth.
  public var depths = 4
  /// The nearest point on a ray: 0.35, about an arm's length in a room.
  public var near = 0.35
  /// The farthest point on a ray: 3.5, where a move across the trained range still shows.
  public var far = 3.5

  /// How far away a keyframe may be and still be recalled: 2, what the network is trained on.
  public var range = 2.0
  /// How many keyframes are weighed in full: 48, a fifth of a millisecond's work.
  public var candidates = 48
  /// What a keyframe's say is multiplied by for each generation: 0.9, so that a copy loses to an
  /// original unless it shows a tenth more.
  public var generationDecay = 0.9
  /// Recall stops when a keyframe would add less than this part of what is covered: 0.2 %, two of a
  /// thousand points. At 2 % half the contexts stay empty, and a network that has learned to use
  /// four draws 0.27 dB worse from two; a place in the context costs time either way.
  public var gainThreshold = 0.002
  /// Whether recall always includes the keyframe admitted last: yes, it is what a viewer saw last.
  public var keepsNewest = true

  /// A point counts as known if seen from within this angle, in radians: 60°, beyond which a
  /// surface is too foreshortened to tell. Less and less up to 90°, not at all behind that.
  public var knownAngle = Double.pi / 3
  /// Admit if more than this part of the frustum is unknown: 8 %, one of twelve patches.
  public var uncoveredThreshold = 0.08
  /// Admit if the known part gets sharper by more than this: 1.5, half an octave.
  public var resolutionThreshold = 1.5
  /// Admit after a move of more than this from every keyframe that shows the same: a quarter of the
  /// world's scale ...
  public var moveThreshold = 0.25
  /// ... if more than this part is unknown too: 2 %; a move alone shows nothing new.
  public var movedUncoveredThreshold = 0.02

  /// A drawn frame of which the model is less certain than this is not admitted: 0.1; a blur would
  /// only teach later frames to be blurred.
  public var certaintyThreshold = 0.1
  /// A keyframe explains nothing to a frame of which the model is more certain by this factor: 1.5;
  /// so what was guessed is learned anew when it is seen better, a few times at most.
  public var certaintyGain = 1.5

  public init() {}
}

/// How much of what a camera would see is new to a memory.
public struct Novelty: Hashable, Sendable {
  /// The part of the camera's frustum that no keyframe explains, 0...1.
  public var uncovered: Double
  /// How many times sharper than the sharpest keyframe the camera sees the rest (geometric mean).
  public var resolutionGain: Double
  /// Network units to the nearest keyframe that sees any of it; infinite if none does.
  public var distance: Double

  public init(uncovered: Double, resolutionGain: Double, distance: Double) {
    self.uncovered = uncovered
    self.resolutionGain = resolutionGain
    self.distance = distance
  }

  static let complete = Novelty(uncovered: 1, resolutionGain: 1, distance: .infinity)

  /// Whether a policy admits a frame that is this new.
  public func exceeds(_ policy: Policy) -> Bool {
    uncovered > policy.uncoveredThreshold || resolutionGain > policy.resolutionThreshold
      || (distance > policy.moveThreshold && uncovered > policy.movedUncoveredThreshold)
  }
}
