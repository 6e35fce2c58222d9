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
}
