import Scene

/// What goes before the picture in every binary message: little-endian, fixed up to the context.
///
///     offset  type    what
///          0  u16     0x4652, "RF"
///          2  u16     version, 1
///          4  u16     bytes of header, the context included: here the picture begins
///          6  u16     number of context keyframes, c
///          8  u32     frame id, from 1
///         12  u32     `seq` of the last input that this frame shows
///         16  u16 x2  width, height of the picture
///         20  u32     keyframes in the world
///         24  f32 x4  milliseconds: recall, gather, network, JPEG
///         40  f32 x3  on the map: x, y, heading
///         52  f64 x12 pose, camera to world: right, down, forward, position
///        148  u32 xc  ids of the context keyframes
struct FrameHeader: Hashable, Sendable {
  static let magic: UInt16 = 0x4652
  static let version: UInt16 = 1
  static let fixedSize = 148

  var id: UInt32
  var applied: UInt32
  var width: UInt16
  var height: UInt16
  var keyframes: UInt32
  var times: View.Times
  var place: Place
  var pose: Pose
  var context: [UInt32]
}

extension FrameHeader {
  init(_ view: View, id: UInt32, applied: UInt32, place: Place) {
    self.init(
      id: id, applied: applied,
      width: UInt16(clamping: view.camera.intrinsics.width),
      height: UInt16(clamping: view.camera.intrinsics.height),
      keyframes: UInt32(clamping: view.keyframes),
      times: view.times, place: place, pose: view.camera.pose,
      context: view.context.prefix(Self.maximumContext).map { UInt32(clamping: $0) })
  }

  /// As many ids as keep the header's size within its 16 bits.
  private static let maximumContext = 4096

  var encoded: [UInt8] {
    var out = LittleEndianWriter(capacity: encodedSize)
    out.put(Self.magic, Self.version, UInt16(encodedSize))
    out.put(UInt16(context.count))
    out.put(id, applied)
    out.put(width, height)
    out.put(keyframes)
    for f in [times.recall, times.gather, times.network, times.jpeg] { out.put(f.bitPattern) }
    for f in [place.x, place.y, place.heading] { out.put(f.bitPattern) }
    for v in [pose.right, pose.down, pose.forward, pose.position] {
      out.put(v.x.bitPattern, v.y.bitPattern, v.z.bitPattern)
    }
    for id in context { out.put(id) }
    return out.bytes
  }

  /// Reads the header of a message; nil where it is not one of this version.
  init?(decoding message: [UInt8]) {
    guard message.count >= Self.fixedSize else { return nil }
    var input = LittleEndianReader(bytes: message)
    guard input.take(UInt16.self) == Self.magic, input.take(UInt16.self) == Self.version
    else { return nil }
    let size = Int(input.take(UInt16.self))
    let count = Int(input.take(UInt16.self))
    guard size == Self.fixedSize + 4 * count, size <= message.count else { return nil }
    (id, applied) = (input.take(), input.take())
    (width, height) = (input.take(), input.take())
    keyframes = input.take()
    times = View.Times(
      recall: input.float(), gather: input.float(), network: input.float(), jpeg: input.float())
    place = Place(x: input.float(), y: input.float(), heading: input.float())
    pose = Pose(
      rotation: Matrix3(columns: input.vector(), input.vector(), input.vector()),
      position: input.vector())
    context = (0..<count).map { _ in input.take() }
  }

  var encodedSize: Int { Self.fixedSize + 4 * context.count }
}

/// Puts integers one after another, lowest byte first.
private struct LittleEndianWriter {
  var bytes: [UInt8] = []

  init(capacity: Int) { bytes.reserveCapacity(capacity) }

  mutating func put<T: FixedWidthInteger>(_ values: T...) {
    for value in values {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
  }
}

/// Takes integers one after another; the caller has checked that they are there.
private struct LittleEndianReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func take<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T {
    defer { offset += MemoryLayout<T>.size }
    return bytes.withUnsafeBytes {
      T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
  }

  mutating func float() -> Float { Float(bitPattern: take()) }

  mutating func vector() -> SIMD3<Double> {
    SIMD3(
      Double(bitPattern: take()), Double(bitPattern: take()), Double(bitPattern: take()))
  }
}
