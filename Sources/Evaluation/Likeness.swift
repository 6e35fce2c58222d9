public import Scene

/// How two images differ, pixel by pixel: worked out once, and scored over any region.
///
///     let likeness = Likeness(of: drawn, to: truth)
///     let (all, covered) = (likeness.score(), likeness.score(mask: isCovered))
public struct Likeness {
  private let image: Image
  private let truth: Image
  private let similarity: Similarity
  private let flip: Channel

  /// - Precondition: the images have the same size.
  public init(of image: Image, to truth: Image) {
    checkSizes("Likeness", image, truth, nil)
    (self.image, self.truth) = (image, truth)
    similarity = Similarity(of: image, to: truth)
    flip = Channel(
      width: image.width, height: image.height, values: flipMap(image, truth))
  }

  /// The measures over a region; nil if it has no pixel, or only some so close to the border that
  /// SSIM has no window there.
  /// - Precondition: the mask, if any, has the images' size.
  public func score(mask: [Bool]? = nil) -> Score? {
    let psnr = psnr(image, truth, mask: mask)
    let ssim = similarity.ssim(mask)
    guard !psnr.isNaN, !ssim.isNaN else { return nil }
    let msSSIM = similarity.msSSIM(mask)
    return Score(
      psnr: min(100, psnr), ssim: ssim, flip: mean(flip, mask: mask),
      msSSIM: msSSIM.isNaN ? nil : msSSIM)
  }
}
