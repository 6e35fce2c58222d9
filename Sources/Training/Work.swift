import Generation
import Torch

// How much work a training step is, counted as in PaLM (Chowdhery et al., arXiv 2204.02311, B):
// two operations a multiply-add of products with weights and of attention, forward once and backward
// twice. Norms, geometry, loss and optimiser are not counted, nor is anything that is computed again.
//
// Letters: N patches, T tokens, M tokens attended to, C contexts.
extension Configuration {
  /// The floating-point operations of one step on a shard, forward and backward.
  func work(_ extent: Extent, resolution: Int) -> Double {
    let (scenes, contexts) = (extent.scenes, extent.contexts)
    let encoding = Double(scenes * contexts) * encodingWork(side: resolution)
    let drawing =
      Double(scenes * extent.targets) * drawingWork(side: resolution, contexts: contexts)
    return 3 * (encoding + drawing)
  }

  /// Of encoding one frame; its last layer only makes keys and values.
  func encodingWork(side: Int) -> Double {
    let (n, t) = tokens(side: side)
    return embedding(n) + Double(layers - 1) * layer(t, attended: t) + keysAndValues(t)
  }

  /// Of one evaluation for a target that attends to itself, the null key and so many contexts.
  func drawingWork(side: Int, contexts: Int) -> Double {
    let (n, t) = tokens(side: side)
    let conditioning = 2 * Double(width) * Double(128 + 6 * width)
    let heads = 2 * n * Double(width) * Double(paint + 1 + 4)
    let attended = t + 1 + Double(contexts) * t
    return embedding(n) + conditioning + Double(layers) * layer(t, attended: attended) + heads
  }

  private func tokens(side: Int) -> (n: Double, t: Double) {
    let rows = (side + patch - 1) / patch
    return (Double(rows * rows), Double(rows * rows + registers))
  }

  private func embedding(_ n: Double) -> Double { 2 * n * Double(6 * patch * patch * width) }

  private func keysAndValues(_ t: Double) -> Double {
    2 * t * Double(2 * width * keyValueHeads * headWidth)
  }

  private func layer(_ t: Double, attended m: Double) -> Double {
    let inside = Double(heads * headWidth)
    let queryAndOut = 2 * t * Double(width) * 2 * inside
    let feedForward = 2 * t * Double(3 * width * hidden)
    return keysAndValues(t) + queryAndOut + feedForward + 4 * t * m * inside
  }
}

extension Device {
  /// Dense BFloat16 operations a second, by the maker's data sheet; nil for devices not listed.
  var peakFLOPS: Double? { facts.flatMap { Self.peak(of: $0.name) } }

  static func peak(of name: String) -> Double? {
    let isSlower = name.contains("PCIe") || name.contains("NVL")
    return (name.contains("H100") || name.contains("H200")) && !isSlower ? 989e12 : nil
  }
}
