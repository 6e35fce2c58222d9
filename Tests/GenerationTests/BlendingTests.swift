import Images
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// What two drawings of one view have in common.
@Suite struct BlendingTests {
  /// Stripes of one pixel stay; what is as wide as the picture is halfway between both.
  @Test func detailsStayAndTheRestIsShared() {
    var fine = Image(width: 64, height: 64)
    for i in 0..<64 * 64 {
      fine[i % 64, i / 64] = SIMD3(repeating: i % 2 == 0 ? 90 : 110)
    }
    let blended = fine.blendedCoarsely(with: Image(width: 32, height: 32, color: [140, 100, 60]))
    for i in 0..<64 * 64 {
      let (x, y) = (i % 64, i / 64)
      let stripe: SIMD3<Int> = i % 2 == 0 ? [110, 90, 70] : [130, 110, 90]
      let gap = SIMD3<Int>(truncatingIfNeeded: blended[x, y]) &- stripe
      #expect((0..<3).allSatisfy { abs(gap[$0]) <= 2 }, "at \(x), \(y): \(blended[x, y])")
    }
    let same = fine.blendedCoarsely(with: fine)
    #expect(zip(same.pixels, fine.pixels).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    let dark = Image(width: 8, height: 8).blendedCoarsely(with: Image(width: 4, height: 4))
    #expect(dark == Image(width: 8, height: 8))
  }

  /// Tensors are blended as 8-bit pictures are, but for their rounding: three times to a step of 1.
  @Test(arguments: [(64, 48, 32, 24), (40, 32, 16, 13), (21, 9, 16, 7)])
  func tensorsAreBlendedAsPicturesAre(width: Int, height: Int, smaller: Int, lower: Int) {
    var scenes = Scenes(seed: 1)
    let fine = scenes.frame(width: width, height: height).image
    let small = scenes.frame(width: smaller, height: lower).image
    let blended = Tensor(fine).blendedCoarsely(with: Tensor(small))
    #expect(blended.shape == [1, 3, height, width])
    expectClose(
      blended.clamped(-1, 1), Tensor(fine.blendedCoarsely(with: small)), within: 4 / 127.5)
  }

  /// Half as large: twice the mean of 2 x 2.
  @Test func noiseIsAsStrongWhenItIsReduced() {
    let noise = Generator(seed: 3).normal([1, 3, 64, 96])
    let half = noise.noise(width: 48, height: 32)
    let means = noise.reshaped(1, 3, 32, 2, 48, 2).sum(3, 5) / 2
    expectClose(half, means, within: 1e-5)
    let odd = noise.noise(width: 40, height: 27)
    #expect(odd.shape == [1, 3, 27, 40])
    let variance = (odd * odd).sum(0, 1, 2, 3).item / Double(odd.count)
    #expect(abs(variance - 1) < 0.06, "of 3,240 numbers: \(variance)")
  }
}
