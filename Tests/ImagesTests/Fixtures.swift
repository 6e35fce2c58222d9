import Foundation
import Scene

/// A folder that is gone when the test is over.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "rtfm-images-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var files: [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  func write(_ bytes: [UInt8], as name: String) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

extension Image {
  /// Random pixels: the hardest image for a codec.
  static func noise(_ width: Int, _ height: Int, seed: UInt64 = 1) -> Image {
    var random = Sequence64(state: seed)
    return Image(
      width: width, height: height,
      pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) })
  }

  /// Slow waves of colour: what a photo's smooth parts are to a codec.
  static func waves(_ width: Int, _ height: Int) -> Image {
    var image = Image(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        let phases = SIMD3(Double(x) / 40, Double(y) / 30, Double(x + y) / 50)
        for c in 0..<3 {
          image.pixels[(y * width + x) * 3 + c] = UInt8(127.5 + 110 * sin(phases[c]))
        }
      }
    }
    return image
  }

  func psnr(to other: Image) -> Double {
    let squares = zip(pixels, other.pixels).map { pow(Double($0) - Double($1), 2) }
    return 10 * log10(255 * 255 * Double(squares.count) / squares.reduce(0, +))
  }
}

/// A small seeded generator (a 64-bit linear congruence, high bits first).
struct Sequence64: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    func step() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 32
    }
    return step() << 32 | step()
  }
}

/// A PNG file made by the format's definition, without compression and without libpng.
func handmadePNG(
  width: Int, height: Int, depth: UInt8, colorType: UInt8, rows: [[UInt8]],
  chunks: [(String, [UInt8])] = []
) -> [UInt8] {
  let header = bigEndian(width) + bigEndian(height) + [depth, colorType, 0, 0, 0]
  let raw: [UInt8] = rows.flatMap { [0] + $0 }
  let length = [UInt8(raw.count & 255), UInt8(raw.count >> 8)]
  let deflated: [UInt8] =
    [0x78, 0x01, 0x01] as [UInt8] + length + length.map { ~$0 } + raw + bigEndian(adler(raw))
  var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  for (name, body) in [("IHDR", header)] + chunks + [("IDAT", deflated), ("IEND", [])] {
    let checked = Array(name.utf8) + body
    file += bigEndian(body.count) + checked + bigEndian(crc(checked))
  }
  return file
}

func bigEndian(_ number: Int) -> [UInt8] {
  [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

private func crc(_ bytes: [UInt8]) -> Int {
  let remainder = bytes.reduce(UInt32.max) { sum, byte in
    (0..<8).reduce(sum ^ UInt32(byte)) { s, _ in s & 1 == 1 ? s >> 1 ^ 0xEDB8_8320 : s >> 1 }
  }
  return Int(~remainder)
}

private func adler(_ bytes: [UInt8]) -> Int {
  let (a, b) = bytes.reduce((1, 0)) { sums, byte in
    let a = (sums.0 + Int(byte)) % 65_521
    return (a, (sums.1 + a) % 65_521)
  }
  return b << 16 | a
}
