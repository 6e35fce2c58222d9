internal import CTorch

// The operations that networks are made of.
extension Tensor {
  /// The matrix product over the last two axes; the axes before broadcast.
  public func matmul(_ b: Tensor) -> Tensor { with(b, "matmul", ct_matmul) }

  /// `self · weightᵀ`, with weight `[out, in]`.
  public func linear(_ weight: Tensor) -> Tensor { with(weight, "linear", ct_linear) }

  /// Mean 0 and variance 1 over the last axis, then `* weight + bias` where given.
  public func layerNorm(weight: Tensor? = nil, bias: Tensor? = nil, epsilon: Double = 1e-5)
    -> Tensor
  {
    Tensor.make("layerNorm", [self]) {
      ct_layer_norm(pointer, weight?.pointer, bias?.pointer, epsilon)
    }
  }

  /// `softmax(q kᵀ / √d) v` for q `[.., H, N, d]`, k and v `[.., G, M, d]`, where G divides H.
  public static func attention(_ q: Tensor, _ k: Tensor, _ v: Tensor) -> Tensor {
    let grouped = q.shape[q.rank - 3] != k.shape[k.rank - 3]
    return make("attention", [q, k, v]) {
      ct_attention(q.pointer, k.pointer, v.pointer, grouped)
    }
  }

  public func softmax(_ axis: Int = -1) -> Tensor {
    Tensor.make("softmax", [self]) { ct_softmax(pointer, Int32(axis)) }
  }

  /// `rows x columnsᵀ` of all images `[.., Y, X]`, in Float32 proper, also where TF32 is allowed.
  ///
  /// No gradient goes to the two matrices.
  public func windowed(rows: Tensor, columns: Tensor) -> Tensor {
    Tensor.make("windowed", [self, rows, columns]) {
      ct_windowed(pointer, rows.pointer, columns.pointer)
    }
  }

  /// Windows of `side + 2 overlap` pixels around squares of `side`, added up where they overlap.
  ///
  /// From `[B, C window², N]`, squares rows first, to `[B, C, height, width]`, whole squares; what
  /// lies outside is left out.
  public func folded(height: Int, width: Int, side: Int, overlap: Int) -> Tensor {
    Tensor.make("fold", [self]) {
      ct_fold(pointer, Int64(height), Int64(width), Int64(side), Int64(overlap))
    }
  }

  /// Means over squares of `side` pixels of `[B, C, Y, X]`.
  public func averagePooled(_ side: Int) -> Tensor {
    Tensor.make("avgPool", [self]) { ct_avg_pool2d(pointer, Int64(side)) }
  }

  public func upsampledNearest(height: Int, width: Int) -> Tensor {
    Tensor.make("upsampleNearest", [self]) {
      ct_upsample_nearest2d(pointer, Int64(height), Int64(width))
    }
  }

  public func upsampledBilinear(height: Int, width: Int) -> Tensor {
    Tensor.make("upsampleBilinear", [self]) {
      ct_upsample_bilinear2d(pointer, Int64(height), Int64(width))
    }
  }

  /// Zeros added to the last two axes, on the right and below.
  public func padded(right: Int, bottom: Int) -> Tensor {
    guard right > 0 || bottom > 0 else { return self }
    return Tensor.make("pad", [self]) { ct_pad2d(pointer, Int64(right), Int64(bottom)) }
  }
}
