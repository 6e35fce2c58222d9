import CCodecs
public import Scene

/// Turns images into JPEG, one after the other, without taking memory for each.
///
///     let encoder = JPEGEncoder(quality: 80)
///     encoder.encode(image) { bytes in socket.send(bytes) }
///
/// Not for two threads at once: one encoder a stream.
public final class JPEGEncoder {
  /// From 1 (smallest) to 100 (best).
  public var quality: Int
  /// Whether colours are kept at full resolution (4:4:4), or at half of it (4:2:0).
  public let keepsColor: Bool
  private let encoder: OpaquePointer

  public init(quality: Int = 85, keepsColor: Bool = false) {
    guard let encoder = codecs_encoder_create() else { fatalError("JPEGEncoder: out of memory") }
    self.encoder = encoder
    self.quality = quality
    self.keepsColor = keepsColor
  }

  deinit { codecs_encoder_destroy(encoder) }

  /// Lends the encoded bytes to `body`; they are overwritten by the next call.
  ///
  /// - Precondition: neither side of the image is over 65,500 pixels, JPEG's limit.
  public func encode<Result>(
    _ image: Image, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    var bytes: UnsafePointer<UInt8>?
    var count = 0
    let failure = reason { text in
      codecs_jpeg_encode(
        encoder, image.pixels, Int32(image.width), Int32(image.height),
        Int32(min(100, max(1, quality))), keepsColor ? 1 : 0, &bytes, &count, text)
    }
    if let failure {
      fatalError("JPEGEncoder: \(image.width) x \(image.height) pixels: \(failure)")
    }
    return try body(UnsafeRawBufferPointer(start: bytes, count: count))
  }

  /// The encoded bytes in an array of their own.
  public func encode(_ image: Image) -> [UInt8] {
    encode(image) { Array($0) }
  }
}

extension Image {
  /// This image as a JPEG file; for many images keep a `JPEGEncoder`.
  public func jpeg(quality: Int = 85) -> [UInt8] {
    JPEGEncoder(quality: quality).encode(self)
  }

  /// This image as a PNG file, which decodes to the same pixels.
  public func png() -> [UInt8] {
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let failure = reason {
      codecs_png_encode(pixels, Int32(width), Int32(height), &bytes, &count, $0)
    }
    if let failure { fatalError("Image.png: \(width) x \(height) pixels: \(failure)") }
    defer { free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }

  /// Writes a PNG file: all of it or, where that fails, nothing, with what was there kept.
  public func writePNG(to path: String) throws {
    try writeFile(png(), to: path)
  }
}
