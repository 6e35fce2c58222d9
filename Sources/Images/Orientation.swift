import Scene

/// How a JPEG's EXIF data says that it must be turned: a number from 1 (as it is) to 8.
///
/// Anything that is not a well-formed EXIF block means upright.
struct Orientation: Equatable {
  var number: Int

  static let upright = Orientation(number: 1)

  init(number: Int) { self.number = number }

  init(ofJPEG data: [UInt8]) {
    number = EXIF(ofJPEG: data)?.number(0x0112).flatMap { (1...8).contains($0) ? $0 : nil } ?? 1
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
