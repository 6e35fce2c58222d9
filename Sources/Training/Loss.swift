import Layers
import Torch

/// How far a prediction is from the truth, in six terms (`Tests/Reference/loss.py` says the same).
///
/// Letters: B pictures, Y x X pixels, N patches.
struct Loss {
  /// What each term counts.
  static let shares = (
    squared: 1.0, laplacian: 0.2, structure: 0.1, certainty: 0.05, depth: 0.05, guess: 0.3
  )

  let squared: Tensor
  let laplacian: Tensor
  let structure: Tensor
  let certainty: Tensor
  let depth: Tensor
  /// 0 where contexts' depths are not guessed.
  let guess: Tensor
  private let depthShare: Double

  /// What a network guessed of its contexts' depths, and the truth.
  struct Guess {
    /// Logarithms of patches' depths over the anchors' middle, `[B, N]`.
    let depths: Tensor
    /// Along z, in world scales, `[B, Y, X]`.
    let truth: Tensor
    /// The anchors' middle, in world scales.
    let middle: Double
    let patch: Int

    /// What should have been guessed: the logarithm of the depth of the patch's mean inverse depth.
    var goal: Tensor { -(inverse * middle).log() }  // [B, N]

    /// How wrong it is, in inverse depths: what displacements in other pictures go by.
    var error: Tensor { ((-depths).exp() * (1 / middle) - inverse).abs().mean() }

    private var inverse: Tensor {  // [B, N]
      let s = truth.shape
      let inverse = (1 / truth).clamped(0.05, 10).reshaped(s[0], 1, s[1], s[2])
      return inverse.averagePooled(patch).reshaped(s[0], -1)
    }
  }

  /// - Parameters:
  ///   - image: x̂ and `truth`, x: `[B, 3, Y, X]` in -1...1.
  ///   - logVariance: `[B, N, 1]`; `inverseDepth`: `[B, N, 4]`.
  ///   - trueDepth: along z, in world scales, `[B, Y, X]`; nil where nobody knows, which counts as
  ///     no error.
  ///   - t: `[B]`.
  ///   - mask: 1 at pixels that count, 0 at others, `[B, 1, Y, X]`; nil where all do.
  init(
    image: Tensor, logVariance: Tensor, inverseDepth: Tensor, truth: Tensor, trueDepth: Tensor?,
    t: Tensor, patch: Int, mask: Tensor? = nil, depthShare: Double = shares.depth,
    guess: Guess? = nil
  ) {
    // Where nothing counts, nothing differs.
    let image = mask.map { $0 * image + (1 - $0) * truth } ?? image
    let error = (image - truth).squared()
    let weight = (1 - t).power(-2).clamped(0, 25)
    squared = (weight * error.mean(1, 2, 3)).mean()
    laplacian = zip(bands(image), bands(truth)).map { ($0 - $1).abs().mean() }.sum
    structure = 1 - multiScaleSimilarity(image, truth)
    let e = patchify(error.detached(), patch).mean(-1, keepAxes: true)  // [B, N, 1]
    let counting = mask.map { patchify($0, patch).mean(-1, keepAxes: true) }
    let spread = counting.map { $0 * logVariance } ?? logVariance
    certainty = ((-logVariance).exp() * e + spread).mean() * 0.5
    let off = trueDepth.map { (inverseDepth - quarters($0, patch)).abs() } ?? inverseDepth * 0
    depth = (mask.map { off * patchify($0.averagePooled(patch / 2), 2) } ?? off).mean()
    self.guess = guess.map(\.error) ?? .zeros([], on: t.device)
    self.depthShare = depthShare
  }

  var total: Tensor {
    let s = Self.shares
    let shape = squared * s.squared + laplacian * s.laplacian + structure * s.structure
    return shape + certainty * s.certainty + depth * depthShare + guess * s.guess
  }

  static let names = ["squared", "laplacian", "structure", "certainty", "depth", "guess"]

  /// The total and the terms, kept where they were computed.
  struct Figures {
    let tensor: Tensor  // [7]

    /// The total, then the terms in the order of their names. Waits for the device.
    var values: [Double] { tensor.doubles }
  }

  var figures: Figures {
    let all = [total, squared, laplacian, structure, certainty, depth, guess]
    return Figures(tensor: .stacked(all.map { $0.detached() }))
  }

  /// The terms by name, as numbers. Waits for the device.
  var terms: [(name: String, value: Double)] {
    zip(Self.names, figures.values.dropFirst()).map { ($0, $1) }
  }
}

extension [Tensor] {
  fileprivate var sum: Tensor { dropFirst().reduce(self[0], +) }
}

/// A Laplacian pyramid: two bands and the low-pass.
private func bands(_ image: Tensor) -> [Tensor] {
  var result: [Tensor] = []
  var image = image
  for _ in 0..<2 {
    let low = image.averagePooled(2)
    let s = image.shape
    result.append(image - low.upsampledNearest(height: s[2], width: s[3]))
    image = low
  }
  return result + [image]
}

/// The mean inverse depth, at most 10, in each quarter of a patch, `[B, N, 4]`.
private func quarters(_ depth: Tensor, _ patch: Int) -> Tensor {
  let inverse = (1 / depth).clamped(0, 10)
  let s = depth.shape
  return patchify(inverse.reshaped(s[0], 1, s[1], s[2]).averagePooled(patch / 2), 2)
}

/// Multi-scale SSIM (Wang et al., 2003) of pictures in -1...1, over as many of its five scales as
/// fit a window of 11 pixels; luminance counts at the last scale only.
func multiScaleSimilarity(_ image: Tensor, _ truth: Tensor) -> Tensor {
  var (a, b) = ((image + 1) * 0.5, (truth + 1) * 0.5)
  var side = min(image.shape[2], image.shape[3])
  var weights: [Double] = []
  for weight in [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] where side >= 11 {
    weights.append(weight)
    side /= 2
  }
  let sum = weights.reduce(0, +)
  var product: Tensor?
  for (i, weight) in weights.enumerated() {
    let last = i == weights.count - 1
    let s = similarity(a, b)
    let factor = (last ? s.whole : s.contrast).clamped(1e-4, .infinity).power(weight / sum)
    product = product.map { $0 * factor } ?? factor
    if !last { (a, b) = (a.averagePooled(2), b.averagePooled(2)) }
  }
  return product!.mean()
}

/// SSIM and its contrast-structure part, means over pixels: `[B, 3]`.
private func similarity(_ a: Tensor, _ b: Tensor) -> (whole: Tensor, contrast: Tensor) {
  let (c1, c2) = (0.0001, 0.0009)
  let blurred = windowed(Tensor.stacked([a, b, a * a, b * b, a * b]))
  let parts = blurred.split(5, axis: 0).map { $0.reshaped(Array($0.shape.dropFirst())) }
  let (ma, mb) = (parts[0], parts[1])
  let spread = parts[2] - ma * ma + (parts[3] - mb * mb) + c2
  let contrast = ((parts[4] - ma * mb) * 2 + c2) / spread
  let luminance = (ma * mb * 2 + c1) / (ma * ma + mb * mb + c1)
  return ((luminance * contrast).mean(2, 3), contrast.mean(2, 3))
}

/// Means over a window of 11 x 11 with sigma 1.5, wherever it fits: `[.., Y, X]` to `[.., Y - 10, X - 10]`.
///
/// As products with two matrices, which are faster than a convolution of each channel with a window of
/// its own, forward and back. Variances are small differences of such means: they need Float32 proper.
private func windowed(_ x: Tensor) -> Tensor {
  let (height, width) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
  let rows = window(height, like: x)
  return x.windowed(rows: rows, columns: width == height ? rows : window(width, like: x))
}

/// The window's row at each place of a line, `[length - 10, length]`.
private func window(_ length: Int, like x: Tensor) -> Tensor {
  let at = Tensor.arange(length, type: x.type, on: x.device)
  let first = Tensor.arange(length - 10, type: x.type, on: x.device)
  let off = at.reshaped(1, -1) - first.reshaped(-1, 1) - 5
  let g = ((off * off) * (-1 / 4.5)).exp() * (off.abs() .< 5.5).to(x.type)
  return g / g.sum(1, keepAxes: true)
}
