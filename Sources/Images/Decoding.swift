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
    let image = try Image(data, codec, size: codec.size(of: data, name: name), name: name)
    let turn = codec == .jpeg && upright ? Orientation(ofJPEG: data) : .upright
    self = image.turned(turn)
  }

  private init(_ data: [UInt8], _ codec: Codec, size: (width: Int, height: Int), name: String)
    throws
  {
    let count = size.width * size.height * 3
    let pixels = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try codec.decode(data, into: buffer.baseAddress!, size.width, size.height, name: name)
      initialized = count
    }
    self.init(width: size.width, height: size.height, pixels: pixels)
  }

  /// Decodes a picture, as stored, and fits it to a size (``fitted(width:height:)``). A JPEG with many
  /// more pixels is decoded at a half, a quarter or an eighth of its size, which takes less time.
  init(decoding data: [UInt8], name: String, fittedTo width: Int, _ height: Int) throws {
    let codec = try Codec(of: data, name: name)
    let size = try codec.size(of: data, name: name)
    let part = codec == .jpeg ? Self.part(of: size, for: width, height) : 1
    let image = try Image(
      data, codec, size: (size.width / part, size.height / part), name: name)
    self = image.fitted(width: width, height: height)
  }

  /// How many times smaller a picture may be decoded: so that the window that is wanted of it has whole
  /// pixels there, too, and still twice as many on each side as are wanted.
  private static func part(
    of size: (width: Int, height: Int), for width: Int, _ height: Int
  ) -> Int {
    let lens = Intrinsics(width: size.width, height: size.height, focal: [1, 1], center: .zero)
    let window = lens.centeredWindow(width: width, height: height)
    let sides = [size.width, size.height, window.x, window.y, window.width, window.height]
    return [8, 4, 2].first { part in
      sides.allSatisfy { $0 % part == 0 }
        && window.width >= 2 * width * part && window.height >= 2 * height * part
    } ?? 1
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
