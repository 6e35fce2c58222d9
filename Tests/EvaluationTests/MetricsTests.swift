import Evaluation
import Foundation
import Scene
import Testing

struct PSNRTests {
  let gray = Image(width: 8, height: 4, color: [100, 100, 100])

  @Test func equalImagesHaveInfinitePSNR() {
    #expect(psnr(gray, gray) == .infinity)
    #expect(Score(of: gray, against: gray)?.psnr == 100)
  }

  // 20 log10(255 / difference) of a difference everywhere.
  @Test(arguments: [(1, 48.1308), (10, 28.1308), (51, 13.9794), (155, 4.3241)])
  func aDifferenceEverywhereIsItsRatioTo255(difference: UInt8, expected: Double) {
    let other = Image(
      width: 8, height: 4, color: SIMD3(repeating: 100 + difference))
    #expect(abs(psnr(gray, other) - expected) < 1e-3)
    #expect(psnr(gray, other) == psnr(other, gray))
  }

  @Test func oneWrongByteIsSharedByAllOfThem() {
    var other = gray
    other[3, 2] = [100, 151, 100]
    // A fifth of the range in one of 96 bytes: 10 log10(96 * 25).
    #expect(abs(psnr(gray, other) - 33.8021) < 1e-3)
  }

  @Test func aMaskSplitsWhatIsCounted() throws {
    var other = gray
    for y in 0..<4 { for x in 0..<4 { other[x, y] = [151, 151, 151] } }
    let left = (0..<32).map { $0 % 8 < 4 }
    #expect(abs(psnr(gray, other, mask: left) - 13.9794) < 1e-3)
    #expect(psnr(gray, other, mask: left.map(!)) == .infinity)
    #expect(psnr(gray, other, mask: Array(repeating: false, count: 32)).isNaN)
    #expect(Score(of: gray, against: other, mask: Array(repeating: false, count: 32)) == nil)
  }

  @Test func scoresTravelAsJSONAndAverage() throws {
    let score = try #require(Score(of: picture("ramp"), against: picture("ramp")))
    let copy = try JSONDecoder().decode(Score.self, from: JSONEncoder().encode(score))
    #expect(copy == score)
    let scores = [Score(psnr: 20, ssim: 0.5, flip: 0.2), Score(psnr: 30, ssim: 0.7, flip: 0)]
    let mean = try #require(Score.mean(scores))
    #expect(mean.psnr == 25 && abs(mean.ssim - 0.6) < 1e-12 && mean.flip == 0.1)
    #expect(Score.mean([]) == nil && mean.msSSIM == nil)
    var third = scores[0]
    third.msSSIM = 0.25
    #expect(Score.mean(scores + [third])?.msSSIM == 0.25)
  }
}

struct SSIMTests {
  /// Every window by itself, in Float64, with variances about the window's own mean.
  func slow(_ a: Image, _ b: Image, keep: (Int, Int) -> Bool = { _, _ in true }) -> Double {
    let bell = (-5...5).map { (i: Int) -> Double in exp(-Double(i * i) / 4.5) }
    let weights: [Double] = (0..<121).map { bell[$0 % 11] * bell[$0 / 11] }
    var scores: [Double] = []
    for y in 5..<a.height - 5 {
      for x in 5..<a.width - 5 where keep(x, y) {
        for c in 0..<3 {
          let pixels = (0..<121).map { i in
            let k = ((y + i / 11 - 5) * a.width + x + i % 11 - 5) * 3 + c
            return SIMD2(Double(a.pixels[k]), Double(b.pixels[k])) / 255
          }
          scores.append(slow(pixels, weights))
        }
      }
    }
    return scores.reduce(0, +) / Double(scores.count)
  }

  private func slow(_ pixels: [SIMD2<Double>], _ weights: [Double]) -> Double {
    let total = weights.reduce(0, +)
    let mean = zip(pixels, weights).reduce(SIMD2<Double>.zero) { $0 + $1.0 * ($1.1 / total) }
    var (variance, covariance) = (SIMD2<Double>.zero, 0.0)
    for (pixel, weight) in zip(pixels, weights) {
      let d = pixel - mean
      variance += d * d * (weight / total)
      covariance += d.x * d.y * (weight / total)
    }
    let (c1, c2) = (0.0001, 0.0009)
    return (2 * mean.x * mean.y + c1) * (2 * covariance + c2)
      / (((mean * mean).sum() + c1) * (variance.sum() + c2))
  }

  @Test(arguments: ["ramp", "boxes", "noise", "black"])
  func equalImagesAreWhollySimilar(kind: String) {
    #expect(abs(ssim(picture(kind), picture(kind)) - 1) < 1e-5)
  }

  static let pairs = [
    ("ramp", "ramp+2"), ("ramp", "dark"), ("boxes", "boxes+1"), ("noise", "ramp"),
    ("black", "white"),
  ]

  @Test(arguments: pairs) func agreesWithADirectSumOverEveryWindow(a: String, b: String) {
    let (a, b) = (picture(a, width: 27, height: 24), picture(b, width: 27, height: 24))
    #expect(abs(ssim(a, b) - slow(a, b)) < 2e-4)  // Float32 variances of flat windows
  }

  @Test func aMaskCountsWindowsByTheirCentre() {
    let (a, b) = (
      picture("ramp", width: 27, height: 24), picture("noise", width: 27, height: 24)
    )
    let mask = (0..<27 * 24).map { $0 % 27 < 12 }
    #expect(abs(ssim(a, b, mask: mask) - slow(a, b) { x, _ in x < 12 }) < 2e-4)
    #expect(ssim(a, b, mask: mask.map { _ in false }).isNaN)
  }

  @Test func tinyImagesAreComparedToo() {
    let (a, b) = (picture("ramp", width: 6, height: 4), picture("dark", width: 6, height: 4))
    #expect(abs(ssim(a, a) - 1) < 1e-5)
    #expect(ssim(a, b) < 0.9)
  }
}
