/// A picture: 8-bit sRGB, rows from the top, pixels R G B without padding.
public struct Image: Hashable, Sendable {
  public let width: Int
  public let height: Int
  /// `width * height * 3` bytes.
  public var pixels: [UInt8]

  /// - Precondition: `pixels.count == width * height * 3`.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(
      width > 0 && height > 0 && pixels.count == width * height * 3,
      "Image: \(pixels.count) bytes are not \(width) x \(height) x 3")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// An image of one colour.
  public init(width: Int, height: Int, color: SIMD3<UInt8> = .zero) {
    let row = [color.x, color.y, color.z]
    self.init(
      width: width, height: height,
      pixels: Array((0..<width * height).lazy.flatMap { _ in row }))
  }

  public subscript(x: Int, y: Int) -> SIMD3<UInt8> {
    get {
      let i = (y * width + x) * 3
      return [pixels[i], pixels[i + 1], pixels[i + 2]]
    }
    set {
      let i = (y * width + x) * 3
      (pixels[i], pixels[i + 1], pixels[i + 2]) = (newValue.x, newValue.y, newValue.z)
    }
  }
}

/// An image and the camera that took it: the only thing that a world is made of.
public struct Frame: Hashable, Sendable {
  public var image: Image
  public var camera: Camera

  public init(image: Image, camera: Camera) {
    self.image = image
    self.camera = camera
  }
}
