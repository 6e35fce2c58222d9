import CCodecs

/// The CRC-32 (zlib's) of a row of a world file, taken value by value: what tells a row that was
/// written from one that a disk or a program has changed.
struct Checksum {
  private(set) var value: UInt32 = 0

  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    if let start = bytes.baseAddress { value = codecs_crc32(value, start, bytes.count) }
  }

  mutating func add(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

  /// Eight bytes, lowest first.
  mutating func add(_ number: Int) {
    withUnsafeBytes(of: Int64(number).littleEndian) { add($0) }
  }

  /// A Float64's eight bytes; -0, which SQLite does not keep, counts as 0.
  mutating func add(_ number: Double) {
    add(Int(Int64(bitPattern: (number == 0 ? 0 : number).bitPattern)))
  }

  /// A text's length in UTF-8, then its bytes.
  mutating func add(_ text: String) {
    add(text.utf8.count)
    add(Array(text.utf8))
  }
}
