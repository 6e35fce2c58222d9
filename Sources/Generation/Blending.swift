import Images
import Scene
import Torch

// A large picture is drawn twice: in tiles, which have its details, and as a whole, small. In what both
// show, their mean errs less than either, by up to a decibel (`Documentation/LOG.md`).

/// The size at which both drawings are compared: what is larger than some three pixels of the
/// smaller one is taken from both.
private func coarseSize(_ small: (width: Int, height: Int)) -> (width: Int, height: Int) {
  (max(1, small.width * 3 / 8), max(1, small.height * 3 / 8))
}

extension Image {
  /// This picture, but that what is larger than some three pixels of a smaller one is the mean of both.
  func blendedCoarsely(with small: Image) -> Image {
    let size = coarseSize((small.width, small.height))
    func coarse(_ image: Image) -> [UInt8] {
      image.resized(width: size.width, height: size.height).resized(width: width, height: height)
        .pixels
    }
    let (own, other) = (coarse(self), coarse(small))
    let blended = pixels.indices.map { i in
      UInt8(clamping: (2 * Int(pixels[i]) + Int(other[i]) - Int(own[i])) / 2)
    }
    return Image(width: width, height: height, pixels: blended)
  }
}

extension Tensor {
  /// The same of images `[.., Y, X]`, none of which is rounded.
  func blendedCoarsely(with small: Tensor) -> Tensor {
    let (coarse, own) = (coarseSize(small.imageSize), imageSize)
    func reduced(_ t: Tensor) -> Tensor { t.resized(width: coarse.width, height: coarse.height) }
    let change = reduced(small) - reduced(self)
    return self + change.resized(width: own.width, height: own.height) / 2
  }

  /// Images at another size, as `Image.resized` does it.
  private func resized(width: Int, height: Int) -> Tensor {
    let (rows, columns) = weights(width: width, height: height)
    return rows.matmul(matmul(columns.transposed(0, 1)))
  }

  /// White noise as a smaller picture has it: seen from farther away, and as strong.
  func noise(width: Int, height: Int) -> Tensor {
    func even(_ weights: Tensor) -> Tensor {
      weights / (weights * weights).sum(1, keepAxes: true).sqrt()
    }
    let (rows, columns) = weights(width: width, height: height)
    return even(rows).matmul(matmul(even(columns).transposed(0, 1)))
  }

  /// What each row, and each column, of another size is made of: `[height, Y]` and `[width, X]`.
  private func weights(width: Int, height: Int) -> (rows: Tensor, columns: Tensor) {
    let own = imageSize
    return (
      Tensor(Taps(from: own.height, to: height)).sent(to: device),
      Tensor(Taps(from: own.width, to: width)).sent(to: device)
    )
  }

  private var imageSize: (width: Int, height: Int) {
    (shape[shape.count - 1], shape[shape.count - 2])
  }

  /// Weights as a matrix `[outputs, inputs]`.
  private init(_ taps: Taps) {
    var matrix = [Float](repeating: 0, count: taps.first.count * taps.inputs)
    for (output, first) in taps.first.enumerated() {
      for k in 0..<taps.count {
        matrix[output * taps.inputs + first + k] = taps.weights[output * taps.count + k]
      }
    }
    self.init(matrix, shape: [taps.first.count, taps.inputs])
  }
}

extension Tiling {
  /// The camera before the whole picture, reduced.
  func reduced(_ camera: Camera) -> Camera {
    let (w, h) = reducedSize
    return Camera(intrinsics: camera.intrinsics.resized(width: w, height: h), pose: camera.pose)
  }

  /// The whole picture, reduced.
  func reduced(_ frame: Frame) -> Frame {
    let (w, h) = reducedSize
    return Frame(image: frame.image.resized(width: w, height: h), camera: reduced(frame.camera))
  }
}
