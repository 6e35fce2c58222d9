import CCodecs
public import Scene

extension Image {
  /// Pictures with more pixels than this are refused before any memory is taken for them.
  public static let pixelLimit = 100_000_000
  /// And those that are wider or higher than this, as JPEGs cannot be.
  public static let sideLimit = 65_500

  /// Reads a JPEG or PNG file; which of the two is told by its first bytes, not by its name.
  ///
  /// Any colour type becomes 8-bit RGB: grey is repeated, alpha is laid over black, 16 bits are
  /// rounded to 8.
  ///
  /// - Parameter upright: whether to turn a JPEG as its EXIF orientation says. A camera's
  ///   intrinsics are about the pixels as stored: pass false where they matter.
  /// - Throws: `ImageError`, naming the file.
  public init(contentsOf path: String, upright: Bool = true) throws {
    try self.init(decoding: readFile(path), name: path, upright: upright)
  }

  /// Decodes a JPEG or PNG in memory; `name` is what errors call it.
  public init(decoding data: [UInt8], name: String, upright: Bool = true) throws {
    let codec = try Codec(of: data, name: name)
    let (width, height) = try codec.size(of: data, name: name)
    let count = width * height * 3
    let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try codec.decode(data, into: buffer.baseAddress!, width, height, name: name)
      initialized = count
    }
    let image = Image(width: width, height: height, pixels: pixels)
    let turn = codec == .jpeg && upright ? Orientation(ofJPEG: data) : .upright
    self = image.turned(turn)
  }

  /// A picture's size as stored, read from the file's header alone.
  public static func size(ofFile path: String) throws -> (width: Int, height: Int) {
    let start = try readFile(path, limit: 1 << 18)
    let codec = try Codec(of: start, name: path)
    if let size = try? codec.size(of: start, name: path) { return size }
    return try codec.size(of: readFile(path), name: path)
  }
}

/// The two formats that are understood.
enum Codec {
  case jpeg, png

  init(of data: [UInt8], name: String) throws {
    if data.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if data.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if data.isEmpty {
      throw ImageError.damaged(file: name, reason: "it is empty")
    } else {
      throw ImageError.foreign(file: name)
    }
  }

  /// The size by the header, refused where it is over the limit.
  func size(of data: [UInt8], name: String) throws -> (width: Int, height: Int) {
    var (width, height): (Int32, Int32) = (0, 0)
    let read = self == .jpeg ? codecs_jpeg_size : codecs_png_size
    let failure = reason { read(data, data.count, &width, &height, $0) }
    if let failure { throw ImageError.damaged(file: name, reason: failure) }
    let (w, h) = (Int(width), Int(height))
    guard w * h <= Image.pixelLimit, max(w, h) <= Image.sideLimit else {
      throw ImageError.tooLarge(file: name, width: w, height: h)
    }
    return (w, h)
  }

  func decode(
    _ data: [UInt8], into pixels: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int,
    name: String
  ) throws {
    let decode = self == .jpeg ? codecs_jpeg_decode : codecs_png_decode
    let failure = reason {
      decode(data, data.count, pixels, Int32(width), Int32(height), $0)
    }
    if let failure { throw ImageError.damaged(file: name, reason: failure) }
  }
}

/// Calls a C function that writes its reason for failing; nil where it did not fail.
func reason(of call: (UnsafeMutablePointer<CChar>) -> Int32) -> String? {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CODECS_REASON)) { text in
    call(text.baseAddress!) == 0 ? nil : String(cString: text.baseAddress!)
  }
}
