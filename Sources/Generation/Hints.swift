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
    let grid = Lenses([camera.intrinsics]).grid(patch: configuration.patch)
    return CoarseDepth(
      quarters: quarters, columns: grid.columns, rows: grid.rows, patch: configuration.patch,
      lens: camera.intrinsics)
  }

  /// How far away the surfaces of a given picture are, about: what the network guesses when it draws
  /// the picture from itself alone.
  public func coarseDepth(of frame: Frame, kv: KV, scale: Double) -> CoarseDepth {
    let context = gather([(kv: kv, camera: frame.camera)], for: frame.camera, scale: scale)
    return coarseDepth(draw(frame.camera, context: context), of: frame.camera)
  }
}

extension CoarseDepth {
  /// The means of a network's inverse depths over each of 16 x 16 cells of the image.
  ///
  /// - Parameters:
  ///   - quarters: 2 x 2 of each patch, row by row, patch by patch; patches may reach beyond the image.
  ///   - patch: its side in pixels.
  init(quarters: [Float], columns: Int, rows: Int, patch: Int, lens: Intrinsics) {
    let across = Self.shares(of: 2 * columns, each: Double(patch) / 2, in: Double(lens.width))
    let down = Self.shares(of: 2 * rows, each: Double(patch) / 2, in: Double(lens.height))
    func value(_ x: Int, _ y: Int) -> Double {
      Double(quarters[(y / 2 * columns + x / 2) * 4 + y % 2 * 2 + x % 2])
    }
    self.init(
      inverseDepths: down.flatMap { ys in
        across.map { xs in
          Float(
            ys.reduce(0) { sum, y in
              sum + y.share * xs.reduce(0) { $0 + $1.share * value($1.index, y.index) }
            })
        }
      })
  }

  /// For each of 16 cells along an image's side, which of some pieces of `each` pixels it covers, and
  /// which part of it each takes up; the parts add up to 1.
  private static func shares(of count: Int, each: Double, in length: Double) -> [[(
    index: Int, share: Double
  )]] {
    (0..<side).map { cell in
      let (start, end) = (
        Double(cell) * length / Double(side), Double(cell + 1) * length / Double(side)
      )
      let pieces = Int(start / each)..<min(count, Int((end / each).rounded(.up)))
      return pieces.map { i in
        let part = min(end, Double(i + 1) * each) - max(start, Double(i) * each)
        return (i, part / (end - start))
      }
    }
  }
}
