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

extension FrameModel {
  /// The same network whose tokens paint farther beyond their patches, or less far, to train on with.
  ///
  /// What is new continues the colours at the edge of what was.
  ///
  /// - Parameter overlap: in pixels, at most half a patch.
  public func overlapping(_ overlap: Int) -> FrameModel {
    var wider = configuration
    wider.overlap = overlap
    let more = overlap - configuration.overlap
    let old = configuration.patch + 2 * configuration.overlap
    let nearest = Tensor((-more..<old + more).map { min(max(0, $0), old - 1) }).to(device)
    return rebuilt(as: wider) { name, weight in
      guard name == "image.weight" else { return weight.detached().copy() }
      return weight.detached().reshaped(3, old, old, -1)
        .rows(nearest, axis: 1).rows(nearest, axis: 2).reshaped(wider.paint, -1)
    }
  }
}
