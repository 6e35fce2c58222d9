import Evaluation
import Scene
import Testing

struct FLIPTests {
  @Test(arguments: ["ramp", "boxes", "noise", "white"])
  func equalImagesDoNotDiffer(kind: String) {
    #expect(flip(picture(kind), picture(kind)) == 0)
  }

  @Test func blackAgainstWhiteIsAlmostAsFarAsColoursGo() {
    // By hand: HyAB is 100, 100^0.7 = 25.12; from green to blue it is 41.27; above the knee of
    // 16.51: 0.95 + 0.05 (25.12 - 16.51) / 24.76.
    #expect(abs(flip(picture("black"), picture("white")) - 0.9674) < 2e-4)
    #expect(abs(flip(picture("green"), picture("blue")) - 1) < 1e-5)
  }

  /// Mean, first pixel and middle pixel, printed by `Reference/flip_golden.py`. That script agrees
  /// with the tool that the paper's authors publish to 5e-5 on these pairs.
  static let goldens: [(String, String, Double, Float, Float)] = [
    ("black", "white", 0.967379, 0.967379, 0.967379),
    ("red", "green", 0.986661, 0.986661, 0.986661),
    ("green", "blue", 1.000000, 1.000000, 1.000000),
    ("ramp", "ramp+2", 0.391713, 0.205027, 0.621452),
    ("ramp", "dark", 0.824845, 0.433267, 0.965302),
    ("boxes", "boxes+1", 0.293567, 0.028666, 0.418222),
    ("boxes", "ramp", 0.898942, 0.452415, 0.955080),
    ("noise", "ramp", 0.795195, 0.848421, 0.944836),
    ("noise", "boxes", 0.820309, 0.967064, 0.680974),
  ]

  @Test(arguments: goldens) func agreesWithTheFormulasInFloat64(
    a: String, b: String, mean: Double, first: Float, middle: Float
  ) {
    let (a, b) = (picture(a), picture(b))
    let map = flipMap(a, b)
    // Float32, and white points that differ in the fifth digit.
    #expect(abs(flip(a, b) - mean) < 1e-4)
    #expect(abs(map[0] - first) < 3e-4)
    #expect(abs(map[20 * 48 + 24] - middle) < 3e-4)
    #expect(abs(flip(b, a) - mean) < 1e-4)
  }

  @Test func aMaskPicksFromTheMap() {
    let (a, b) = (picture("ramp"), picture("noise"))
    let mask = (0..<48 * 40).map { $0 % 5 == 0 }
    let picked = zip(flipMap(a, b), mask).filter(\.1).map { Double($0.0) }
    let mean = picked.reduce(0, +) / Double(picked.count)
    #expect(abs(flip(a, b, mask: mask) - mean) < 1e-9)
  }

  @Test func fromFartherAwayFineDetailMattersLess() {
    let (a, b) = (picture("boxes"), picture("boxes+1"))
    #expect(flip(a, b, pixelsPerDegree: 150) < flip(a, b, pixelsPerDegree: 30))
  }

  @Test func metricsAreFast() {
    let (a, b) = (
      picture("ramp", width: 256, height: 256), picture("noise", width: 256, height: 256)
    )
    func time(_ metric: (Image, Image) -> Double) -> Duration {
      ContinuousClock().measure { _ = metric(a, b) }
    }
    let times = [time { psnr($0, $1) }, time { ssim($0, $1) }, time { flip($0, $1) }]
    print("256 x 256: PSNR \(times[0]), SSIM \(times[1]), FLIP \(times[2])")
    #expect(times.reduce(.zero, +) < .seconds(20))
  }
}
