import Images
import Scene

/// Cameras as bytes, exact to the last bit: little-endian Float64, as in the file's tables.
///
///     lens    width, height, focal x, y, center x, y            48 bytes
///     pose    right, down, forward, position, each x, y, z      96 bytes
///     camera  lens, pose                                       144 bytes
enum CameraBytes {
  static let lens = 48
  static let pose = 96
  static let camera = lens + pose
  /// What pictures' sides may be, in pixels: no file holds larger ones.
  static let sides = 1...Image.sideLimit
}

extension Intrinsics {
  var bytes: [UInt8] {
    numbers([Double(width), Double(height), focal.x, focal.y, center.x, center.y])
  }

  /// Reads `CameraBytes.lens` bytes; nil where the size is no picture's.
  init?(bytes: UnsafeRawBufferPointer) {
    func number(_ i: Int) -> Double { bytes.number(i) }
    guard let width = Int(exactly: number(0)), let height = Int(exactly: number(1)),
      CameraBytes.sides.contains(width), CameraBytes.sides.contains(height)
    else { return nil }
    self.init(
      width: width, height: height, focal: [number(2), number(3)], center: [number(4), number(5)])
  }
}

extension Pose {
  var bytes: [UInt8] {
    numbers([right, down, forward, position].flatMap { [$0.x, $0.y, $0.z] })
  }

  /// Reads `CameraBytes.pose` bytes.
  init(bytes: UnsafeRawBufferPointer) {
    func vector(_ i: Int) -> SIMD3<Double> {
      [bytes.number(i), bytes.number(i + 1), bytes.number(i + 2)]
    }
    self.init(
      rotation: Matrix3(columns: vector(0), vector(3), vector(6)), position: vector(9))
  }
}

extension Camera {
  var bytes: [UInt8] { intrinsics.bytes + pose.bytes }

  /// Reads `CameraBytes.camera` bytes; nil where there are not that many, or they are no camera.
  init?(bytes: UnsafeRawBufferPointer) {
    guard bytes.count == CameraBytes.camera,
      let lens = Intrinsics(bytes: .init(rebasing: bytes[..<CameraBytes.lens]))
    else { return nil }
    self.init(
      intrinsics: lens, pose: Pose(bytes: .init(rebasing: bytes[CameraBytes.lens...])))
  }
}

/// Float64 numbers, lowest byte first.
func numbers(_ values: [Double]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
}

extension UnsafeRawBufferPointer {
  /// The i-th Float64.
  func number(_ i: Int) -> Double {
    Double(
      bitPattern: UInt64(littleEndian: loadUnaligned(fromByteOffset: 8 * i, as: UInt64.self)))
  }
}
