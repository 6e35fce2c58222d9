import Torch

extension FrameModel {
  /// The same weights in a network that places tokens in another way, to train on with: other rotary
  /// frequencies, turned values, anchors that follow guesses of depth.
  ///
  /// What was learned of one place meeting itself holds, since there the angle is zero on any ladder. A
  /// network that guessed no depths guesses the anchors' middle of everything at first.
  ///
  ///     let finer = model.repositioned { $0.rotaryPeak = 24 }
  ///
  /// - Parameter change: of what shapes no weight.
  public func repositioned(_ change: (inout Configuration) -> Void) -> FrameModel {
    var configuration = configuration
    change(&configuration)
    let isNew = configuration.anchorPull != nil && distance == nil
    let zeros = Tensor.zeros([1, configuration.width], on: device)
    let head = isNew ? ["distance.weight": zeros] : [:]
    return rebuilt(as: configuration, adding: head) { $1.detached().copy() }
  }
}
