/// A picture cut into tiles of one size, row by row: how a network draws a picture that is larger
/// than those it has learned.
///
/// Tiles are spaced evenly and cover the picture; where its sides are no multiples of theirs,
/// neighbours overlap.
///
///     let tiling = Tiling(width: 256, height: 192, side: 128)!  // 2 x 2, rows overlap by 64 pixels
///     let cameras = tiling.cameras(of: camera)
public struct Tiling: Hashable, Sendable {
  /// Of the picture, in pixels.
  public let width: Int
  public let height: Int
  /// The tiles' left and upper edges.
  public let columns: [Int]
  public let rows: [Int]
  /// Of a tile; as large as the picture where that is the smaller one.
  public let tileWidth: Int
  public let tileHeight: Int

  /// Nil where one tile would hold the picture.
  ///
  /// - Parameter side: of the square tiles, in pixels.
  public init?(width: Int, height: Int, side: Int) {
    precondition(side > 0, "Tiling: tiles of \(side) pixels")
    guard width > side || height > side else { return nil }
    (self.width, self.height) = (width, height)
    (tileWidth, tileHeight) = (min(side, width), min(side, height))
    columns = Self.edges(of: width, side: side)
    rows = Self.edges(of: height, side: side)
  }

  private static func edges(of length: Int, side: Int) -> [Int] {
    guard length > side else { return [0] }
    let gaps = (length - 1) / side  // one less than the tiles
    return (0...gaps).map { $0 * (length - side) / gaps }
  }

  /// How far tiles overlap where whoever chooses the picture's size can see to it, in pixels: enough
  /// for one to fade into the next.
  public static let fade = 16

  /// The size of a picture of the same shape, `detail` times as many tiles wide and high, about, whose
  /// tiles overlap by ``fade``.
  public static func size(ofDetail detail: Int, width: Int, height: Int, side: Int)
    -> (width: Int, height: Int)
  {
    guard detail > 1 else { return (width, height) }
    let longest = max(width, height)
    let count = detail * edges(of: longest, side: side).count
    let factor = Double(count * side - (count - 1) * min(fade, side / 4)) / Double(longest)
    func scaled(_ length: Int) -> Int { Int((Double(length) * factor).rounded()) }
    return (scaled(width), scaled(height))
  }

  /// The size of the whole picture, reduced until its longer side is a tile's.
  public var reducedSize: (width: Int, height: Int) {
    let (side, longest) = (max(tileWidth, tileHeight), max(width, height))
    func reduced(_ length: Int) -> Int { max(1, (length * side + longest / 2) / longest) }
    return (reduced(width), reduced(height))
  }

  /// How many tiles there are.
  public var count: Int { rows.count * columns.count }

  /// The tiles' upper left corners, row by row.
  public var corners: [(x: Int, y: Int)] { rows.flatMap { y in columns.map { (x: $0, y: y) } } }

  /// A picture's tiles, row by row.
  ///
  /// - Precondition: the picture is as large as the tiling says.
  public func parts(of image: Image) -> [Image] {
    corners.map { image.cropped(x: $0, y: $1, width: tileWidth, height: tileHeight) }
  }

  /// The cameras that take the tiles: the same pose behind parts of the lens.
  public func cameras(of camera: Camera) -> [Camera] {
    corners.map { x, y in
      Camera(
        intrinsics: camera.intrinsics.cropped(x: x, y: y, width: tileWidth, height: tileHeight),
        pose: camera.pose)
    }
  }
}

extension Camera {
  /// The cameras of its tiles of that side; itself alone where one tile would hold its picture.
  public func tiles(side: Int) -> [Camera] {
    let lens = intrinsics
    return Tiling(width: lens.width, height: lens.height, side: side)?.cameras(of: self) ?? [self]
  }
}

extension Frame {
  /// Its tiles as frames, row by row; itself alone where one tile would hold it.
  public func tiles(side: Int) -> [Frame] {
    guard let tiling = Tiling(width: image.width, height: image.height, side: side) else {
      return [self]
    }
    return zip(tiling.parts(of: image), tiling.cameras(of: camera)).map {
      Frame(image: $0, camera: $1)
    }
  }
}

extension Image {
  /// The window whose upper left pixel is at (x, y).
  ///
  /// - Precondition: it lies inside.
  public func cropped(x: Int, y: Int, width w: Int, height h: Int) -> Image {
    precondition(
      x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= width && y + h <= height,
      "Image.cropped: \(w) x \(h) at (\(x), \(y)) of \(width) x \(height) pixels")
    if (w, h) == (width, height) { return self }
    var part: [UInt8] = []
    part.reserveCapacity(3 * w * h)
    for row in y..<y + h {
      let start = 3 * (row * width + x)
      part += pixels[start..<start + 3 * w]
    }
    return Image(width: w, height: h, pixels: part)
  }

  /// Puts a smaller picture into this one, its upper left corner at (x, y).
  ///
  /// - Precondition: it lies inside.
  public mutating func paste(_ part: Image, x: Int, y: Int) {
    precondition(
      x >= 0 && y >= 0 && x + part.width <= width && y + part.height <= height,
      "Image.paste: \(part.width) x \(part.height) at (\(x), \(y)) of \(width) x \(height) pixels")
    let count = 3 * part.width
    for row in 0..<part.height {
      let (from, to) = (row * count, 3 * ((y + row) * width + x))
      pixels.replaceSubrange(to..<to + count, with: part.pixels[from..<from + count])
    }
  }

  /// A picture put together out of its tiles, row by row. Where two overlap, one fades into the other:
  /// first along rows, then along columns.
  ///
  /// - Precondition: there are as many tiles as the tiling says, and they are as large.
  public init(joining tiles: [Image], of tiling: Tiling) {
    let (w, h) = (tiling.tileWidth, tiling.tileHeight)
    precondition(
      tiles.count == tiling.count && tiles.allSatisfy { $0.width == w && $0.height == h },
      "Image.init(joining:): \(tiles.count) tiles for \(tiling.count) of \(w) x \(h) pixels")
    let columns = tiling.columns
    /// Row `y` of the picture as the tiles of one row show it.
    func line(_ row: Int, _ y: Int) -> [Float] {
      var line = [Float](repeating: 0, count: 3 * tiling.width)
      for (column, x) in columns.enumerated() {
        let pixels = tiles[row * columns.count + column].pixels
        let start = 3 * w * (y - tiling.rows[row])
        for u in 0..<w {
          let share = Tiling.share(of: column, at: x + u, columns, w)
          for c in 0..<3 {
            let (at, new) = (3 * (x + u) + c, Float(pixels[start + 3 * u + c]))
            line[at] += (new - line[at]) * share
          }
        }
      }
      return line
    }
    var pixels: [UInt8] = []
    pixels.reserveCapacity(3 * tiling.width * tiling.height)
    for y in 0..<tiling.height {
      let row = tiling.rows.lastIndex { $0 <= y }!
      let share = Tiling.share(of: row, at: y, tiling.rows, h)
      var shown = line(row, y)
      if share < 1 { shown = zip(line(row - 1, y), shown).map { $0 + ($1 - $0) * share } }
      pixels += shown.map { UInt8($0.rounded()) }
    }
    self.init(width: tiling.width, height: tiling.height, pixels: pixels)
  }
}

extension Tiling {
  /// What a tile counts at a coordinate beside the one before it.
  fileprivate static func share(of tile: Int, at x: Int, _ edges: [Int], _ side: Int) -> Float {
    guard tile > 0, case let overlap = edges[tile - 1] + side - edges[tile],
      x - edges[tile] < overlap
    else { return 1 }
    return (Float(x - edges[tile]) + 0.5) / Float(overlap)
  }
}
