import Images
import Scene
import Testing

struct ResamplingTests {
  /// Area average by repeating every pixel until whole blocks of them make an output pixel.
  private func areaAverage(_ image: Image, _ width: Int, _ height: Int) -> [Double] {
    var average: [Double] = []
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<3 {
          var sum = 0
          for v in 0..<image.height {
            for u in 0..<image.width {
              sum += Int(image[(x * image.width + u) / width, (y * image.height + v) / height][c])
            }
          }
          average.append(Double(sum) / Double(image.width * image.height))
        }
      }
    }
    return average
  }

  @Test(arguments: [(12, 8, 6, 4), (13, 7, 5, 3), (9, 9, 1, 1), (10, 6, 7, 5), (8, 5, 8, 2)])
  func shrinkingAveragesAreas(_ w: Int, _ h: Int, _ newWidth: Int, _ newHeight: Int) {
    let image = Image.noise(w, h)
    let small = image.resized(width: newWidth, height: newHeight)
    #expect((small.width, small.height) == (newWidth, newHeight))
    for (got, expected) in zip(small.pixels, areaAverage(image, newWidth, newHeight)) {
      #expect(abs(Double(got) - expected) <= 0.501)
    }
  }

  @Test func growingInterpolatesBetweenPixelCentres() {
    let two = Image(width: 2, height: 1, pixels: [0, 0, 0, 200, 100, 40])
    // Centres at 1/8, 3/8, ... of the width; the old ones at 1/4 and 3/4.
    let eight = two.resized(width: 8, height: 3)
    let reds = (0..<8).map { eight[$0, 1].x }
    #expect(reds == [0, 0, 25, 75, 125, 175, 200, 200])
  }

  @Test(arguments: 1...6, 1...7) func keepsFlatImagesFlat(_ from: Int, _ to: Int) {
    let color = SIMD3<UInt8>(255, 1, 127)
    let flat = Image(width: from, height: from + 1, color: color)
    let other = flat.resized(width: to, height: to * 2)
    #expect(other == Image(width: to, height: to * 2, color: color))
  }

  @Test func neverOvershoots() {
    var image = Image(width: 16, height: 16, color: [50, 50, 50])
    for y in 0..<16 { for x in 8..<16 { image[x, y] = [200, 200, 200] } }
    for size in [5, 11, 16, 23, 61] {
      let pixels = image.resized(width: size, height: size).pixels
      #expect(pixels.min()! >= 50 && pixels.max()! <= 200)
    }
  }

  @Test func cropsAWindow() {
    let image = Image.noise(7, 5)
    let window = image.cropped(x: 2, y: 1, width: 4, height: 3)
    for y in 0..<3 { for x in 0..<4 { #expect(window[x, y] == image[x + 2, y + 1]) } }
    #expect(image.cropped(x: 0, y: 0, width: 7, height: 5) == image)
  }

  @Test func croppingOutsideStops() async {
    await #expect(processExitsWith: .failure) {
      _ = Image(width: 4, height: 4).cropped(x: 2, y: 0, width: 3, height: 1)
    }
  }
}
