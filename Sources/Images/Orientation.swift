import Scene

/// How a JPEG's EXIF data says that it must be turned: a number from 1 (as it is) to 8.
///
/// Anything that is not a well-formed EXIF block means upright.
struct Orientation: Equatable {
  var number: Int

  static let upright = Orientation(number: 1)

  init(number: Int) { self.number = number }

  init(ofJPEG data: [UInt8]) {
    self = Self.exif(in: data).flatMap(Self.init(exif:)) ?? .upright
  }

  /// The TIFF block of the first APP1 segment that holds EXIF.
  private static func exif(in data: [UInt8]) -> ArraySlice<UInt8>? {
    var i = 2
    while i + 4 <= data.count, data[i] == 0xFF, data[i + 1] != 0xDA {
      let end = i + 2 + Int(data[i + 2]) << 8 + Int(data[i + 3])
      guard end <= data.count, end >= i + 4 else { return nil }
      let body = data[(i + 4)..<end]
      if data[i + 1] == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) { return body.dropFirst(6) }
      i = end
    }
    return nil
  }

  /// Looks for tag 0x0112, a 16-bit number, in the block's first directory.
  private init?(exif: ArraySlice<UInt8>) {
    let bytes = Array(exif)
    guard let mark = bytes.first, mark == 0x49 || mark == 0x4D else { return nil }
    func number(at i: Int, bytes n: Int) -> Int? {
      guard i >= 0, i + n <= bytes.count else { return nil }
      let field = bytes[i..<i + n]
      return (mark == 0x4D ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }
    guard let start = number(at: 4, bytes: 4), let entries = number(at: start, bytes: 2)
    else { return nil }
    for entry in 0..<entries {
      let at = start + 2 + entry * 12
      guard let tag = number(at: at, bytes: 2) else { return nil }
      guard tag == 0x0112 else { continue }
      guard let value = number(at: at + 8, bytes: 2), (1...8).contains(value) else { return nil }
      self.init(number: value)
      return
    }
    return nil
  }
}

extension Image {
  /// The picture as it was meant to be seen.
  func turned(_ orientation: Orientation) -> Image {
    // Walking along the output's x and y walks along these axes of the source, from a corner.
    let (w, h) = (width, height)
    let (right, down) = (3, w * 3)
    let (lastX, lastY) = ((w - 1) * right, (h - 1) * down)
    switch orientation.number {
    case 2: return walked(w, h, from: lastX, x: -right, y: down)
    case 3: return walked(w, h, from: lastX + lastY, x: -right, y: -down)
    case 4: return walked(w, h, from: lastY, x: right, y: -down)
    case 5: return walked(h, w, from: 0, x: down, y: right)
    case 6: return walked(h, w, from: lastY, x: -down, y: right)
    case 7: return walked(h, w, from: lastX + lastY, x: -down, y: -right)
    case 8: return walked(h, w, from: lastX, x: down, y: -right)
    default: return self
    }
  }

  private func walked(_ width: Int, _ height: Int, from start: Int, x dx: Int, y dy: Int) -> Image {
    let count = width * height * 3
    let turned = [UInt8](unsafeUninitializedCapacity: count) { out, initialized in
      pixels.withUnsafeBufferPointer { source in
        for y in 0..<height {
          for x in 0..<width {
            let (to, from) = ((y * width + x) * 3, start + x * dx + y * dy)
            for c in 0..<3 { out[to + c] = source[from + c] }
          }
        }
      }
      initialized = count
    }
    return Image(width: width, height: height, pixels: turned)
  }
}
