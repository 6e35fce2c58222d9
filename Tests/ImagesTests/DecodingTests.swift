import Foundation
import Images
import Scene
import Testing

/// One-pixel-high PNG files of every kind, with the pixels that they stand for.
struct PNGKind: CustomTestStringConvertible {
  let testDescription: String
  let file: [UInt8]
  let pixels: [UInt8]

  static let all: [PNGKind] = [
    PNGKind(
      "grey, 1 bit", width: 3, depth: 1, type: 0, row: [0b1010_0000],
      [255, 255, 255, 0, 0, 0, 255, 255, 255]),
    PNGKind("grey, 4 bits", width: 2, depth: 4, type: 0, row: [0x3F], [51, 51, 51, 255, 255, 255]),
    PNGKind("grey, 8 bits", width: 2, depth: 8, type: 0, row: [7, 200], [7, 7, 7, 200, 200, 200]),
    PNGKind(
      "grey, 16 bits", width: 2, depth: 16, type: 0, row: [0x80, 0x80, 0x12, 0xFF],
      [128, 128, 128, 19, 19, 19]),
    PNGKind("RGB, 8 bits", width: 1, depth: 8, type: 2, row: [1, 2, 3], [1, 2, 3]),
    PNGKind(
      "RGB, 16 bits", width: 1, depth: 16, type: 2, row: [1, 1, 2, 2, 254, 255], [1, 2, 254]),
    PNGKind(
      "palette, 2 bits", width: 3, depth: 2, type: 3, row: [0b0110_0000],
      [6, 5, 4, 3, 2, 1, 9, 8, 7], [("PLTE", [9, 8, 7, 6, 5, 4, 3, 2, 1])]),
    PNGKind(
      "palette with alpha", width: 2, depth: 8, type: 3, row: [0, 1],
      [40, 20, 10, 6, 5, 4], [("PLTE", [200, 100, 50, 6, 5, 4]), ("tRNS", [51])]),
    PNGKind(
      "grey with alpha", width: 2, depth: 8, type: 4, row: [200, 255, 200, 51],
      [200, 200, 200, 40, 40, 40]),
    PNGKind(
      "RGBA, 8 bits", width: 2, depth: 8, type: 6, row: [100, 200, 250, 102, 9, 9, 9, 0],
      [40, 80, 100, 0, 0, 0]),
    PNGKind(
      "RGBA, 16 bits", width: 1, depth: 16, type: 6, row: [100, 100, 200, 200, 250, 250, 102, 102],
      [40, 80, 100]),
    PNGKind(
      "RGBA with a gamma", width: 1, depth: 8, type: 6, row: [100, 200, 250, 102],
      [40, 80, 100], [("gAMA", bigEndian(45_455))]),
    PNGKind(
      "RGB with a transparent colour", width: 2, depth: 8, type: 2, row: [1, 2, 3, 4, 5, 6],
      [0, 0, 0, 4, 5, 6], [("tRNS", [0, 1, 0, 2, 0, 3])]),
  ]

  private init(
    _ name: String, width: Int, depth: UInt8, type: UInt8, row: [UInt8],
    _ pixels: [UInt8], _ chunks: [(String, [UInt8])] = []
  ) {
    testDescription = name
    file = handmadePNG(
      width: width, height: 1, depth: depth, colorType: type, rows: [row], chunks: chunks)
    self.pixels = pixels
  }
}

struct DecodingTests {
  @Test(arguments: PNGKind.all) func readsEveryKindOfPNG(_ kind: PNGKind) throws {
    #expect(try Image(decoding: kind.file, name: "fixture").pixels == kind.pixels)
  }

  /// A large JPEG that is fitted to a small size is decoded smaller: like the whole one, fitted.
  @Test(arguments: [(1600, 1200), (1200, 1600), (1604, 1202), (1001, 701), (300, 200)])
  func fitsLargePicturesAsIfTheyWereDecodedWhole(_ width: Int, _ height: Int) throws {
    var image = Image(width: width, height: height)
    for y in 0..<height {
      for x in 0..<width {
        let wave = sin(Double(x) / 23) * cos(Double(y) / 31) + (x / 80 % 2 == y / 60 % 2 ? 0.4 : 0)
        image[x, y] = SIMD3(UInt8(120 + 80 * wave), UInt8(x * 255 / width), UInt8(y * 255 / height))
      }
    }
    let file = try ImageFile(image.jpeg(quality: 90), name: "fixture")
    for (w, h) in [(64, 64), (96, 64), (width, height)] {
      let (found, whole) = (
        try file.image(fittedTo: w, h), try file.image().fitted(width: w, height: h)
      )
      #expect((found.width, found.height) == (w, h))
      let apart = zip(found.pixels, whole.pixels).map { abs(Int($0) - Int($1)) }
      #expect(apart.max()! <= 6 && Double(apart.reduce(0, +)) < 0.7 * Double(apart.count))
    }
  }

  @Test func goesByContentAndNotByName() throws {
    let folder = try TemporaryFolder()
    let image = Image.noise(5, 4)
    let path = try folder.write(image.png(), as: "photo.jpg")
    #expect(try Image(contentsOf: path) == image)
    #expect(try Image.size(ofFile: path) == (5, 4))
  }

  @Test(arguments: [Image.noise(61, 47).png(), Image.noise(61, 47).jpeg()])
  func refusesTruncatedFiles(_ whole: [UInt8]) {
    for count in stride(from: 0, to: whole.count, by: 97) + [whole.count - 2, whole.count - 1] {
      #expect(throws: ImageError.self, "\(count) of \(whole.count) bytes") {
        try Image(decoding: Array(whole[..<count]), name: "cut")
      }
    }
  }

  @Test(arguments: [Image.noise(40, 30).png(), Image.waves(40, 30).jpeg()])
  func survivesGarbage(_ whole: [UInt8]) {
    var random = Sequence64(state: 7)
    var failures = 0
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        bytes[.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      do { _ = try Image(decoding: bytes, name: "garbage") } catch {
        failures += 1
        #expect(error is ImageError)
      }
    }
    #expect(failures > 10)
  }

  @Test func refusesNoiseAfterTheMagicBytes() {
    for magic in [Array(Image.noise(1, 1).png().prefix(8)), [0xFF, 0xD8, 0xFF]] {
      for seed in 0..<50 {
        let bytes = magic + Image.noise(9, 9, seed: UInt64(seed)).pixels
        #expect(throws: ImageError.self) { try Image(decoding: bytes, name: "noise") }
      }
    }
  }

  @Test func refusesHugePicturesByTheirHeader() throws {
    let png = handmadePNG(width: 200_000, height: 200_000, depth: 8, colorType: 2, rows: [])
    #expect(throws: ImageError.tooLarge(file: "x", width: 200_000, height: 200_000)) {
      try Image(decoding: png, name: "x")
    }
    var jpeg = Image.waves(16, 16).jpeg()
    // The frame header: FF C0, length, 8 bits a sample, height, width.
    let start = try #require((0..<jpeg.count).first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
    jpeg.replaceSubrange(start + 5..<start + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    let clock = ContinuousClock()
    let time = clock.measure {
      #expect(throws: ImageError.tooLarge(file: "x", width: 65_500, height: 65_500)) {
        try Image(decoding: jpeg, name: "x")
      }
    }
    #expect(time < .seconds(1))
  }

  @Test func namesTheFileAndTheReason() throws {
    let folder = try TemporaryFolder()
    func text(_ path: String) -> String {
      do { _ = try Image(contentsOf: path) } catch { return "\(error)" }
      return "no error"
    }
    let missing = folder.path + "/none.png"
    #expect(text(missing) == "\(missing): cannot be read: No such file or directory")
    #expect(text(folder.path) == "\(folder.path): cannot be read: it is not a file")
    let words = try folder.write(Array("a text".utf8), as: "words.png")
    #expect(text(words) == "\(words): is neither JPEG nor PNG; convert it to one of them")
    let empty = try folder.write([], as: "empty.png")
    #expect(text(empty).contains("it is empty"))
    let pipe = folder.path + "/pipe"
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(text(pipe) == "\(pipe): cannot be read: it is not a file")
  }

  @Test func forgivesStrayBytesBeforeAMarkButNotAMissingEnd() throws {
    let whole = Image.waves(40, 24).jpeg()
    let expected = try Image(decoding: whole, name: "whole")
    let atEnd = whole.dropLast(2) + [0x12, 0x34, 0xFF, 0xD9]
    #expect(try Image(decoding: Array(atEnd), name: "stray") == expected)
    // Between the file's first mark and its next.
    let atStart = whole[..<2] + [0xFF, 0xFE, 0, 2, 0x12] + whole[2...]
    #expect(try Image(decoding: Array(atStart), name: "stray") == expected)
    for cut in [2, 20, 200] {
      #expect(throws: ImageError.self) {
        try Image(decoding: atStart.dropLast(cut), name: "stray and cut")
      }
    }
    #expect(throws: ImageError.self) { try Image(decoding: whole.dropLast(2), name: "cut") }
  }
}

struct InkTests {
  /// A progressive JPEG of 8 x 8 pixels in printing inks, stored inverted: 51, 204, 255 for cyan,
  /// magenta and yellow, 204 for black; encoded with TurboJPEG from those four numbers.
  private let file = """
    /9j/7gAOQWRvYmUAZAAAAAAC/9sAQwAQCwwODAoQDg0OEhEQExgoGhgWFhgxIyUdKDozPTw5Mzg3QEhcTkBEV0U3
    OFBtUVdfYmdoZz5NcXlwZHhcZWdj/9sAQwEREhIYFRgvGhovY0I4QmNjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj
    Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj/8IAFAgACAAIBAERAAIRAQMRAQQRAP/EABUAAQEAAAAAAAAAAAAAAAAA
    AAQF/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/2gAOBAEAAhADEAQAAAABKOnT/8QAFBABAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAQABBQJ//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAgEBBQJ//8QAFBEBAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAwEBBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBBAABBQJ//8QAFBABAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAQAGPwJ//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAgEGPwJ//8QAFBEBAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAwEGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBBAAGPwJ//8QAFBABAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAQABPyF//8QAFBEBAAAAAAAAAAAAAAAAAAAAAP/aAAgBAgEBPyF//8QAFBEBAAAAAAAAAAAAAAAAAAAA
    AP/aAAgBAwEBPyF//8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBBAABPyF//9oADgQBAAIAAwAEAAAAEI//xAAU
    EAEAAAAAAAAAAAAAAAAAAAAA/9oACAEBAAE/EH//xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oACAECAQE/EH//xAAU
    EQEAAAAAAAAAAAAAAAAAAAAA/9oACAEDAQE/EH//xAAUEAEAAAAAAAAAAAAAAAAAAAAA/9oACAEEAAE/EH//2Q==
    """

  @Test func laysInksOverEachOther() throws {
    let bytes = try [UInt8](#require(Data(base64Encoded: file, options: .ignoreUnknownCharacters)))
    let image = try Image(decoding: bytes, name: "inks")
    // Each ink's light times black's: 204 / 255 is 0.8.
    for (got, expected) in zip(image.pixels.prefix(3), [40.8, 163.2, 204]) {
      #expect(abs(Double(got) - expected) < 4)
    }
    #expect(throws: ImageError.self) { try Image(decoding: bytes.dropLast(30), name: "cut") }
  }
}

struct OrientationTests {
  /// Where the first stored row and the first stored column are seen, by the EXIF standard.
  static let sides: [(number: UInt8, row: String, column: String)] = [
    (1, "top", "left"), (2, "top", "right"), (3, "bottom", "right"), (4, "bottom", "left"),
    (5, "left", "top"), (6, "right", "top"), (7, "right", "bottom"), (8, "left", "bottom"),
  ]

  @Test(arguments: sides, [false, true])
  func turnsAsTheStandardSays(
    _ side: (number: UInt8, row: String, column: String), bigEndian: Bool
  ) throws {
    // White where the first row and column meet, red at the first row's other end.
    var stored = Image(width: 48, height: 32)
    for y in 0..<16 {
      for x in 0..<16 {
        stored[x, y] = [255, 255, 255]
        stored[32 + x, y] = [255, 0, 0]
      }
    }
    let file = tagged(stored.jpeg(quality: 95), side.number, bigEndian: bigEndian)
    let seen = try Image(decoding: file, name: "turned")
    #expect(seen.width == (side.number < 5 ? 48 : 32) && seen.height == (side.number < 5 ? 32 : 48))
    let opposite = ["left": "right", "right": "left", "top": "bottom", "bottom": "top"]
    let white = corner(seen, [side.row, side.column])
    let red = corner(seen, [side.row, opposite[side.column]!])
    #expect(white.min() > 200)
    #expect(red.x > 200 && red.y < 60)
    #expect(try Image(decoding: file, name: "stored", upright: false).width == 48)
  }

  @Test func ignoresMalformedTags() throws {
    let plain = Image.waves(16, 16).jpeg()
    let expected = try Image(decoding: plain, name: "plain")
    #expect(try Image(decoding: tagged(plain, 9, bigEndian: true), name: "nine") == expected)
    let whole = tagged(plain, 3, bigEndian: true)
    // Every byte of the tag block changed in turn: turned or not, never a crash.
    for i in 12..<38 {
      var bytes = whole
      bytes[i] = 0xFF
      let image = try Image(decoding: bytes, name: "byte \(i)")
      #expect(image.width == 16)
    }
  }

  /// An orientation, a pointer, and where that points: the focal length on film, and no other.
  @Test(arguments: [false, true], [28, nil])
  func focalLengthsAreRead(bigEndian: Bool, length: UInt8?) throws {
    let tag: [UInt8] = length == nil ? [0xA4, 0x06] : [0xA4, 0x05]
    let fields: [[UInt8]] = [
      [0, 42], [0, 0, 0, 8], [0, 2],
      [0x01, 0x12], [0, 3], [0, 0, 0, 1], [0, 1], [0, 0],
      [0x87, 0x69], [0, 4], [0, 0, 0, 1], [0, 0, 0, 38], [0, 0, 0, 0],
      [0, 1], tag, [0, 3], [0, 0, 0, 1], [0, length ?? 28], [0, 0], [0, 0, 0, 0],
    ]
    let file = exif(Image.waves(16, 16).jpeg(), fields, bigEndian: bigEndian)
    #expect(try ImageFile(file, name: "").focalLengthIn35mm == length.map(Int.init))
    // A file that ends in the middle of it, or whose numbers are anything: no crash.
    for i in 20..<90 {
      var bytes = file
      bytes[i] ^= 0xFF
      _ = try ImageFile(bytes, name: "").focalLengthIn35mm
      _ = try ImageFile(Array(file.prefix(i)), name: "").focalLengthIn35mm
    }
    #expect(try ImageFile(Image.waves(16, 16).png(), name: "").focalLengthIn35mm == nil)
  }

  private func corner(_ image: Image, _ sides: [String]) -> SIMD3<UInt8> {
    image[
      sides.contains("left") ? 4 : image.width - 5, sides.contains("top") ? 4 : image.height - 5]
  }

  /// The JPEG with an EXIF block that holds nothing but an orientation.
  private func tagged(_ jpeg: [UInt8], _ number: UInt8, bigEndian: Bool) -> [UInt8] {
    let fields: [[UInt8]] = [
      [0, 42], [0, 0, 0, 8], [0, 1], [0x01, 0x12], [0, 3], [0, 0, 0, 1], [0, number], [0, 0],
      [0, 0, 0, 0],
    ]
    return exif(jpeg, fields, bigEndian: bigEndian)
  }

  /// The JPEG with an EXIF block of these fields, most significant byte first.
  private func exif(_ jpeg: [UInt8], _ fields: [[UInt8]], bigEndian: Bool) -> [UInt8] {
    let body =
      Array("Exif\0\0".utf8) + Array((bigEndian ? "MM" : "II").utf8)
      + fields.flatMap { bigEndian ? $0 : $0.reversed() }
    return jpeg[..<2] + [0xFF, 0xE1, 0, UInt8(body.count + 2)] + body + jpeg[2...]
  }
}
