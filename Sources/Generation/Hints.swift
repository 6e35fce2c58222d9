import Foundation
public import Memory
public import Scene
import Torch

// What the network says of a picture beside its pixels, in the memory's words.

extension Prediction {
  /// How sure the network is of its picture, 0...1: the weight that a picture of so much expected
  /// error deserves beside a given one.
  ///
  /// The mean over patches of σ² / (σ² + e), where e is the squared error that the network expects and
  /// σ² what a picture's values vary by: the gain by which the best linear estimate follows an
  /// observation with so much noise (Wiener). 0.86 at an expected PSNR of 20 dB, 0.5 where nothing is
  /// known, and never near 0, so that what was invented is remembered too. In steps of 1/256, so that
  /// it is the same in the memory and in a file.
  public var certainty: Double {
    let gains = logVariance.doubles.map { Self.variety / (Self.variety + exp(min($0, 30))) }
    let mean = gains.reduce(0, +) / Double(max(1, gains.count))
    return mean.isFinite ? (mean * 256).rounded() / 256 : 0
  }

  /// The variance of a picture's values in -1...1, about: a standard deviation of a half.
  private static let variety = 0.25
}

extension FrameModel {
  /// How far away the surfaces of a drawn picture are, about: recall's hint, never drawn from.
  public func coarseDepth(_ prediction: Prediction, of camera: Camera) -> CoarseDepth {
    let quarters = Runtime.inference { inverseDepth(prediction).floats }
    let tiles = tiles(of: camera).map(\.intrinsics)
    let corners = tiling(of: camera.intrinsics)?.corners ?? [(x: 0, y: 0)]
    let grid = Lenses([tiles[0]]).grid(patch: configuration.patch)
    var cells = Cells(of: camera.intrinsics)
    for (i, corner) in corners.enumerated() {
      let count = 4 * grid.rows * grid.columns
      cells.add(
        Array(quarters[i * count..<(i + 1) * count]), columns: grid.columns, rows: grid.rows,
        patch: configuration.patch, of: tiles[i], at: corner)
    }
    return CoarseDepth(inverseDepths: cells.means)
  }

  /// How far away the surfaces of a given picture are, about: what the network guesses when it draws
  /// the picture from itself alone.
  public func coarseDepth(of frame: Frame, kv: KV, scale: Double) -> CoarseDepth {
    let context = gather([(kv: kv, camera: frame.camera)], for: frame.camera, scale: scale)
    return coarseDepth(draw(frame.camera, context: context), of: frame.camera)
  }
}

/// A network's inverse depths, averaged over each of 16 x 16 cells of a picture.
struct Cells {
  private static let side = CoarseDepth.side
  private let size: (width: Int, height: Int)
  private var sums = [Double](repeating: 0, count: side * side)
  private var weights = [Double](repeating: 0, count: side * side)

  init(of lens: Intrinsics) { size = (lens.width, lens.height) }

  var means: [Float] { zip(sums, weights).map { Float($0 / $1) } }

  /// Adds those of the picture, or of a tile of it.
  ///
  /// - Parameters:
  ///   - quarters: 2 x 2 of each patch, row by row, patch by patch; patches may reach beyond the image.
  ///   - patch: its side in pixels.
  ///   - corner: where the tile lies in the picture.
  mutating func add(
    _ quarters: [Float], columns: Int, rows: Int, patch: Int, of tile: Intrinsics,
    at corner: (x: Int, y: Int)
  ) {
    let each = Double(patch) / 2
    let across = Self.shares(
      of: 2 * columns, each: each, from: corner.x, to: corner.x + tile.width, in: size.width)
    let down = Self.shares(
      of: 2 * rows, each: each, from: corner.y, to: corner.y + tile.height, in: size.height)
    for (row, ys) in down.enumerated() {
      for (column, xs) in across.enumerated() {
        for y in ys {
          for x in xs {
            let quarter = (y.index / 2 * columns + x.index / 2) * 4 + y.index % 2 * 2 + x.index % 2
            sums[row * Self.side + column] += x.share * y.share * Double(quarters[quarter])
            weights[row * Self.side + column] += x.share * y.share
          }
        }
      }
    }
  }

  /// For each of 16 cells along a picture's side, which of some pieces of `each` pixels it covers, and
  /// how many pixels of them; the pieces begin at `start`, and what is beyond `end` does not count.
  private static func shares(
    of count: Int, each: Double, from start: Int, to end: Int, in length: Int
  ) -> [[(index: Int, share: Double)]] {
    (0..<side).map { cell in
      let low = max(Double(start), Double(cell * length) / Double(side))
      let high = min(Double(end), Double((cell + 1) * length) / Double(side))
      guard low < high else { return [] }
      let (first, last) = ((low - Double(start)) / each, (high - Double(start)) / each)
      return (Int(first)..<min(count, Int(last.rounded(.up)))).map { i in
        let from = Double(start) + Double(i) * each
        return (i, min(high, from + each) - max(low, from))
      }
    }
  }
}
