public import Scene

/// How close an image comes to the truth: higher PSNR and SSIM are better, lower FLIP is.
public struct Score: Codable, Hashable, Sendable {
  /// In dB; 100 at most (see ``init(of:against:mask:)``).
  public var psnr: Double
  /// At most 1.
  public var ssim: Double
  /// 0...1.
  public var flip: Double
  /// 0...1; nil where a region is too thin to be seen at a coarse scale.
  public var msSSIM: Double?

  public init(psnr: Double, ssim: Double, flip: Double, msSSIM: Double? = nil) {
    (self.psnr, self.ssim, self.flip, self.msSSIM) = (psnr, ssim, flip, msSSIM)
  }

  /// Compares two images of the same size; nil if the mask picks no pixel, or only some so close to
  /// the border that SSIM has no window there.
  ///
  /// PSNR is cut off at 100 dB, about what one wrong byte in a 256-pixel image leaves: JSON has no
  /// infinity, and one perfect frame would make a mean infinite. For several regions of the same
  /// two images, make one ``Likeness``.
  public init?(of image: Image, against truth: Image, mask: [Bool]? = nil) {
    guard let score = Likeness(of: image, to: truth).score(mask: mask) else { return nil }
    self = score
  }

  /// The mean of each measure, MS-SSIM's of those that have it; nil of nothing.
  public static func mean(_ scores: some Collection<Score>) -> Score? {
    guard !scores.isEmpty else { return nil }
    func mean(_ part: (Score) -> Double) -> Double {
      scores.reduce(0) { $0 + part($1) } / Double(scores.count)
    }
    return Score(
      psnr: mean { $0.psnr }, ssim: mean { $0.ssim }, flip: mean { $0.flip },
      msSSIM: scores.compactMap(\.msSSIM).average)
  }
}

extension Collection<Double> {
  /// The mean; nil of nothing.
  var average: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }
}

/// The peak signal-to-noise ratio in dB, over all pixels and channels of the sRGB values in 0...1.
///
/// Infinite for equal images; not a number if the mask picks no pixel.
/// - Precondition: the images, and the mask if any, have the same size.
public func psnr(_ a: Image, _ b: Image, mask: [Bool]? = nil) -> Double {
  checkSizes("psnr", a, b, mask)
  var (sum, count) = (0, a.pixels.count)
  if let mask {
    count = 3 * mask.count { $0 }
    for i in mask.indices where mask[i] { for c in 3 * i..<3 * i + 3 { sum += square(a, b, c) } }
  } else {
    for c in a.pixels.indices { sum += square(a, b, c) }
  }
  return -10 * log10(Double(sum) / Double(count) / (255 * 255))
}

private func square(_ a: Image, _ b: Image, _ i: Int) -> Int {
  let difference = Int(a.pixels[i]) - Int(b.pixels[i])
  return difference * difference
}

/// The mean over the pixels that a mask picks, a border left out.
func mean(_ channel: Channel, mask: [Bool]?, margin: Int = 0) -> Double {
  var (sum, count) = (0.0, 0)
  for y in margin..<channel.height - margin {
    for i in y * channel.width + margin..<(y + 1) * channel.width - margin where mask?[i] ?? true {
      sum += Double(channel.values[i])
      count += 1
    }
  }
  return count > 0 ? sum / Double(count) : .nan
}

func checkSizes(_ name: String, _ a: Image, _ b: Image, _ mask: [Bool]?) {
  precondition(
    a.width == b.width && a.height == b.height,
    "\(name): \(a.width) x \(a.height) against \(b.width) x \(b.height); resize one of them")
  if let mask {
    precondition(
      mask.count == a.width * a.height,
      "\(name): a mask of \(mask.count) for \(a.width) x \(a.height) pixels")
  }
}
