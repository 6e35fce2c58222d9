import Foundation
import Images
import Scene
import TestSupport
import Testing

@Suite struct ImageFileTests {
  @Test(arguments: ["noise", "stripes", "gradient", "colours"])
  func whatIsKeptLooksTheSame(what: String) throws {
    var numbers = Numbers(seed: 4)
    var image = Image(width: 64, height: 48)
    for y in 0..<48 {
      for x in 0..<64 {
        image[x, y] =
          switch what {
          case "noise":
            [
              UInt8(truncatingIfNeeded: numbers.next()), UInt8(truncatingIfNeeded: numbers.next()),
              UInt8(truncatingIfNeeded: numbers.next()),
            ]
          case "stripes": x % 2 == 0 ? [255, 255, 255] : [0, 0, 0]
          case "gradient": [UInt8(x * 4), UInt8(y * 5), UInt8(x + y)]
          default: (x / 3 + y / 5) % 2 == 0 ? [255, 0, 0] : [0, 60, 255]
          }
      }
    }
    let file = ImageFile(image)
    #expect((file.kind == .png) == (what == "noise" || what == "colours"))
    let back = try file.image()
    let squares = zip(image.pixels, back.pixels).map {
      (Double($0) - Double($1)) * (Double($0) - Double($1))
    }
    let error = squares.reduce(0, +) / Double(squares.count)
    #expect(10 * log10(255 * 255 / error) > 40)
  }

  @Test func bytesStayAsTheyCame() throws {
    let image = Image(width: 7, height: 5, color: [9, 8, 7])
    for (kind, bytes) in [(ImageFile.Kind.png, image.png()), (.jpeg, image.jpeg())] {
      let file = try ImageFile(bytes, name: "a")
      #expect(file.bytes == bytes && file.kind == kind)
      let size = try file.size()
      #expect(size == (7, 5))
    }
    #expect(throws: ImageError.foreign(file: "a")) {
      try ImageFile(Array("GIF89a".utf8), name: "a")
    }
  }
}
