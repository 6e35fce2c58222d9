public import Scene

/// Images of one size in a grid, row by row, each with a caption below it if it has one.
///
///     var sheet = ContactSheet(columns: 4)
///     for frame in frames { sheet.add(frame.image, caption: "seed 3") }
///     try sheet.image().writePNG(to: "sheet.png")
public struct ContactSheet {
  private let columns: Int
  private let gap: Int
  private var cells: [(image: Image, caption: String?)] = []

  /// - Parameter gap: pixels between images and around them.
  public init(columns: Int, gap: Int = 4) {
    precondition(columns > 0 && gap >= 0, "ContactSheet: \(columns) columns, gap \(gap)")
    (self.columns, self.gap) = (columns, gap)
  }

  /// - Precondition: the image has the size of the first one.
  public mutating func add(_ image: Image, caption: String? = nil) {
    if let first = cells.first?.image {
      precondition(
        (image.width, image.height) == (first.width, first.height),
        "ContactSheet: \(image.width) x \(image.height) beside \(first.width) x \(first.height)")
    }
    cells.append((image, caption))
  }

  /// The sheet so far; without images a single pixel of background.
  public func image() -> Image {
    guard let first = cells.first?.image else { return Image(width: 1, height: 1, color: paper) }
    let scale = first.width >= 240 ? 2 : 1
    let captionHeight =
      cells.contains { $0.caption != nil } ? (Typeface.height + 2) * scale + gap / 2 : 0
    let (stepX, stepY) = (first.width + gap, first.height + captionHeight + gap)
    var canvas = Canvas(
      width: min(columns, cells.count) * stepX + gap,
      height: (cells.count + columns - 1) / columns * stepY + gap, color: paper)
    for (i, cell) in cells.enumerated() {
      let (x, y) = (gap + i % columns * stepX, gap + i / columns * stepY)
      canvas.paste(cell.image, x: x, y: y)
      guard let caption = cell.caption else { continue }
      let room = (first.width / scale + 1) / (Typeface.width + 1)
      canvas.write(
        String(caption.prefix(room)), x: x, y: y + first.height + 2 * scale, scale: scale, ink)
    }
    return canvas.image
  }
}

private let paper: SIMD3<UInt8> = [24, 24, 26]
private let ink: SIMD3<UInt8> = [225, 225, 220]
