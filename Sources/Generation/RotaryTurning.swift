import Torch

extension FrameModel {
  /// The same weights with other rotary frequencies, to train on with: a finer ladder tells
  /// neighbouring patches better apart, and what was learned of one place meeting itself holds, since
  /// there the angle is zero on any ladder.
  ///
  /// - Parameters:
  ///   - peak: the fastest pair's turn across an image, in radians; as it was where nil.
  ///   - base: how many times slower the pair after the slowest would turn; as it was where nil.
  public func turning(peak: Double? = nil, base: Double? = nil) -> FrameModel {
    var configuration = configuration
    configuration.rotaryPeak = peak ?? configuration.rotaryPeak
    configuration.rotaryBase = base ?? configuration.rotaryBase
    return rebuilt(as: configuration) { $1.detached().copy() }
  }
  /// The same weights with anchors that follow the network's guesses of depth in another way, to train
  /// on with; a network that guessed none guesses the anchors' middle of everything at first.
  ///
  /// - Parameters:
  ///   - pull: how far anchors follow; as it was where nil.
  ///   - spread: what is left of the anchors' spread; as it was where nil.
  public func anchoring(pull: Double? = nil, spread: Double? = nil) -> FrameModel {
    var configuration = configuration
    configuration.anchorPull = pull ?? configuration.anchorPull
    configuration.anchorSpread = spread ?? configuration.anchorSpread
    let isNew = configuration.anchorPull != nil && distance == nil
    let head = isNew ? ["distance.weight": Tensor.zeros([1, configuration.width], on: device)] : [:]
    return rebuilt(as: configuration, adding: head) { $1.detached().copy() }
  }
}
