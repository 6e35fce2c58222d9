import Foundation
public import Torch

/// Puts a picture together out of what its tokens paint, windows that reach beyond their patches.
///
/// Where windows overlap, a pixel is the mean of theirs, each counting less towards its own edge: the
/// picture has no seams, since no window ends where it still counts. Overlap-add synthesis with a
/// window, as in signal processing (Griffin and Lim, 1984).
///
///     let put = OverlapAdd(side: 8, overlap: 4, rows: 16, columns: 16)
///     let picture = put(paint)  // [B, 256, 3 * 16 * 16] to [B, 3, 128, 128]
public struct OverlapAdd {
  private let side: Int
  private let overlap: Int
  private let grid: (rows: Int, columns: Int)
  private let fade: Tensor?  // [w²]; nil where windows are the patches
  private let sums: Tensor?  // [Y, X]

  /// - Parameters:
  ///   - side: of a patch, in pixels.
  ///   - overlap: how far windows reach beyond it on each side, at most half of it.
  ///   - rows, columns: of patches in the picture.
  public init(side: Int, overlap: Int, rows: Int, columns: Int, on device: Device = .cpu) {
    precondition(
      (0...side / 2).contains(overlap), "OverlapAdd: patches of \(side) overlap by \(overlap)")
    (self.side, self.overlap, grid) = (side, overlap, (rows, columns))
    guard overlap > 0 else {
      (fade, sums) = (nil, nil)
      return
    }
    let ramp = Self.ramp(side: side, overlap: overlap)
    func sum(_ count: Int) -> [Float] { Self.sums(ramp, count, side: side, overlap: overlap) }
    fade = Self.product(ramp, ramp).reshaped(-1).sent(to: device)
    sums = Self.product(sum(rows), sum(columns)).sent(to: device)
  }

  /// - Parameter windows: `[B, N, C w²]` with w = side + 2 overlap, patches rows first, a window's
  ///   numbers ordered (channel, row, column).
  /// - Returns: `[B, C, Y, X]`, whole patches.
  public func callAsFunction(_ windows: Tensor) -> Tensor {
    guard let fade, let sums else {
      return unpatchify(windows, side, rows: grid.rows, columns: grid.columns)
    }
    let s = windows.shape
    let faded = windows.reshaped(s[0], s[1], -1, fade.count) * fade
    let added = faded.reshaped(s).transposed(1, 2).folded(
      height: grid.rows * side, width: grid.columns * side, side: side, overlap: overlap)
    return added / sums
  }

  /// How much a window counts along one axis: sin² up, all inside, and down again, so that
  /// neighbours add up to 1.
  static func ramp(side: Int, overlap: Int) -> [Float] {
    let width = side + 2 * overlap
    return (0..<width).map { x in
      let inside = (Double(min(x, width - 1 - x)) + 0.5) / Double(2 * overlap)
      return inside < 1 ? Float(pow(sin(inside * .pi / 2), 2)) : 1
    }
  }

  /// What all windows count together along one axis of the picture: 1 but at its ends.
  private static func sums(_ ramp: [Float], _ count: Int, side: Int, overlap: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: count * side)
    for i in 0..<count {
      for (x, share) in ramp.enumerated() {
        let at = i * side + x - overlap
        if sums.indices.contains(at) { sums[at] += share }
      }
    }
    return sums
  }

  private static func product(_ a: [Float], _ b: [Float]) -> Tensor {
    Tensor(a, shape: [a.count, 1]) * Tensor(b, shape: [1, b.count])
  }
}
