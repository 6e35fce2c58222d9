import Evaluation
import Scene
import Testing

struct MultiscaleTests {
  /// Whole, and where x < 0.6 of the width; printed by `Reference/msssim_golden.py`.
  static let goldens: [(String, String, Int, Int, Double, Double)] = [
    ("ramp", "ramp+2", 48, 40, 0.743497, 0.785782),
    ("ramp", "dark", 128, 128, 0.763333, 0.763308),
    ("boxes", "boxes+1", 128, 128, 0.894743, 0.894944),
    ("boxes", "boxes+1", 181, 177, 0.908046, 0.908185),
    ("noise", "ramp", 181, 177, 0.009813, 0.010420),
    ("noise", "boxes", 90, 47, 0.017252, 0.019805),
  ]

  @Test(arguments: goldens) func agreesWithPyTorch(
    a: String, b: String, width: Int, height: Int, whole: Double, left: Double
  ) {
    let (a, b) = (
      picture(a, width: width, height: height), picture(b, width: width, height: height)
    )
    let mask = (0..<width * height).map { Double($0 % width) < Double(width) * 0.6 }
    // Float32, and scales whose means are close to nothing.
    #expect(abs(msSSIM(a, b) - whole) < 2e-4)
    #expect(abs(msSSIM(a, b, mask: mask) - left) < 2e-4)
    #expect(abs(msSSIM(b, a) - whole) < 2e-4)
  }

  @Test(arguments: [(8, 6), (11, 11), (24, 30), (200, 180)])
  func equalImagesAreWhollySimilarAtEverySize(width: Int, height: Int) {
    let a = picture("ramp", width: width, height: height)
    #expect(abs(msSSIM(a, a) - 1) < 1e-5)
  }

  /// Too small for a second scale, it is SSIM.
  @Test func aSingleScaleIsSSIM() {
    let (a, b) = (picture("ramp", width: 20, height: 15), picture("dark", width: 20, height: 15))
    #expect(abs(msSSIM(a, b) - ssim(a, b)) < 1e-6)
    #expect(ssim(a, b) < 0.95)
  }

  @Test func aRegionThatVanishesAtACoarseScaleHasNoScoreThere() throws {
    let image = picture("ramp", width: 64, height: 64)
    let line = (0..<64 * 64).map { $0 % 64 == 32 }
    #expect(msSSIM(image, image, mask: line).isNaN)
    let score = try #require(Score(of: image, against: image, mask: line))
    #expect(score.msSSIM == nil && score.psnr == 100)
  }

  @Test func oneLikenessScoresEveryRegionAsItsMeasuresDo() throws {
    let (a, b) = (picture("boxes"), picture("boxes+1"))
    let mask = (0..<48 * 40).map { $0 % 48 < 30 }
    let score = try #require(Likeness(of: a, to: b).score(mask: mask))
    #expect(score.psnr == psnr(a, b, mask: mask) && score.flip == flip(a, b, mask: mask))
    #expect(score.ssim == ssim(a, b, mask: mask) && score.msSSIM == msSSIM(a, b, mask: mask))
  }
}

struct SharpnessTests {
  /// Printed by `Reference/msssim_golden.py`.
  @Test(arguments: [
    ("ramp", 5.82027), ("boxes", 25.63611), ("noise", 43.67035), ("dark", 1.45324),
  ]) func detailAgreesWithADenseBlur(kind: String, energy: Double) {
    #expect(abs(detail(of: picture(kind)) - energy) < 1e-4 * energy)
  }

  @Test func regionsAddUpToTheWhole() {
    let image = picture("boxes")
    let mask = (0..<48 * 40).map { $0 % 7 < 3 }
    let parts = detail(of: image, mask: mask) + detail(of: image, mask: mask.map(!))
    #expect(abs(parts - detail(of: image)) < 1e-9)
    #expect(detail(of: picture("green")) < 1e-9)
  }

  @Test func aBlurHasLessDetailAndNoiseHasMore() {
    let image = picture("boxes")
    var (blurred, noisy) = (image, image)
    for i in image.pixels.indices {
      let near = [i, max(0, i - 3), min(image.pixels.count - 1, i + 3)]
      blurred.pixels[i] = UInt8(near.reduce(0) { $0 + Int(image.pixels[$1]) } / 3)
      noisy.pixels[i] = UInt8(min(255, max(0, Int(image.pixels[i]) + i * 7919 % 81 - 40)))
    }
    #expect(detail(of: blurred) < 0.7 * detail(of: image))
    #expect(detail(of: noisy) > 1.1 * detail(of: image))
  }
}
