public import Torch

/// How far a frame is from noise (t in 0...1), as numbers: cosines and sines of 64 frequencies.
public func timeEmbedding(_ t: Tensor) -> Tensor {  // [B] -> [B, 128]
  let half = 64
  let frequencies = (Tensor.arange(half, on: t.device) * (-6.907755278982137 / Double(half))).exp()
  let angles = t.reshaped(-1, 1) * (frequencies * 100)
  return .concatenated([angles.cos(), angles.sin()], axis: 1)
}

/// What conditions one layer: shifts, scales and gates of its two halves, each `[B, 1, D]`.
///
/// adaLN-single (Chen et al., arXiv 2310.00426): one shared network of (t, role) makes the numbers,
/// each layer adds an offset of its own.
public struct Modulation {
  public struct Half {
    public let shift: Tensor
    public let scale: Tensor
    public let gate: Tensor

    /// The normalised, shifted and scaled input of a sub-layer.
    public func normalize(_ x: Tensor) -> Tensor {  // [B, T, D]
      x.layerNorm(groups: scale + 1, bias: shift)
    }

    /// The residual stream with a sub-layer's gated output added.
    public func add(_ y: Tensor, to x: Tensor) -> Tensor { x.adding(y, groups: gate + 1) }
  }

  public let attention: Half
  public let feedForward: Half

  /// - Parameters:
  ///   - shared: what the shared network gives, `[B, 6 D]`.
  ///   - offset: the layer's own, `[6 D]`.
  ///   - type: of the stream that it conditions.
  public init(shared: Tensor, offset: Tensor, type: ElementType = .float32) {
    let batch = shared.shape[0]
    let m = (shared + offset).to(type).reshaped(batch, 6, 1, -1).split(6, axis: 1)
      .map { $0.reshaped(batch, 1, -1) }
    attention = Half(shift: m[0], scale: m[1], gate: m[2])
    feedForward = Half(shift: m[3], scale: m[4], gate: m[5])
  }
}
