public import Scene

/// A picture as a file holds it: the bytes of a JPEG or a PNG, for keeping and passing on unchanged.
///
///     let photo = try ImageFile(contentsOf: "garden.jpg")  // byte for byte
///     let drawn = ImageFile(frame.image)                   // visually lossless
///     let pixels = try drawn.image()
public struct ImageFile: Hashable, Sendable {
  /// The formats that are understood.
  public enum Kind: String, CaseIterable, Sendable {
    case jpeg, png

    /// What files of this kind are called: `jpg`, `png`.
    public var fileExtension: String { self == .jpeg ? "jpg" : "png" }
  }

  public let kind: Kind
  public let bytes: [UInt8]

  /// Takes the bytes of a JPEG or PNG file; only their first few are looked at.
  ///
  /// - Parameter name: what errors call it.
  /// - Throws: `ImageError`
  public init(_ bytes: [UInt8], name: String) throws {
    kind = try Codec(of: bytes, name: name) == .jpeg ? .jpeg : .png
    self.bytes = bytes
  }

  /// The bytes of a file, as they are.
  public init(contentsOf path: String) throws {
    try self.init(readFile(path), name: path)
  }

  /// An image, visually lossless: as a JPEG of quality 95 with colours at full resolution if that
  /// comes back with more than 40 dB of PSNR, as nearly all do; noise and the like as a PNG.
  public init(_ image: Image) {
    let jpeg = JPEGEncoder(quality: 95, keepsColor: true).encode(image)
    let isGood = (try? Image(decoding: jpeg, name: "", upright: false)).map(image.isLike) ?? false
    (kind, bytes) = isGood ? (.jpeg, jpeg) : (.png, image.png())
  }

  /// The size in pixels, by the header alone.
  public func size(name: String = "picture") throws -> (width: Int, height: Int) {
    try Codec(of: bytes, name: name).size(of: bytes, name: name)
  }

  /// The pixels, as stored: a camera's intrinsics are about these, so no EXIF turn is applied.
  ///
  /// - Throws: `ImageError` where the bytes are damaged.
  public func image(name: String = "picture") throws -> Image {
    try Image(decoding: bytes, name: name, upright: false)
  }

  /// The pixels, as stored, of the largest centred window of the shape of width x height, scaled to that
  /// size: in less time than by ``image(name:)`` where a JPEG has many more.
  ///
  /// - Throws: `ImageError` where the bytes are damaged.
  public func image(name: String = "picture", fittedTo width: Int, _ height: Int) throws -> Image {
    try Image(decoding: bytes, name: name, fittedTo: width, height)
  }
}

extension Image {
  /// Whether the mean square difference of the pixels is below 40 dB's: 255² / 10⁴.
  fileprivate func isLike(_ other: Image) -> Bool {
    let sum = zip(pixels, other.pixels).reduce(into: 0) { sum, pair in
      let difference = Int(pair.0) - Int(pair.1)
      sum += difference * difference
    }
    return Double(sum) < 6.5025 * Double(pixels.count)
  }
}
