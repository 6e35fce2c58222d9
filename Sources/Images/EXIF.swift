/// What a camera has written into a JPEG about how it was taken: numbers by their tags.
///
/// Anything that is not a well-formed EXIF block has none.
struct EXIF {
  private let bytes: [UInt8]
  private let isBigEndian: Bool

  /// The first APP1 segment that holds EXIF.
  init?(ofJPEG data: [UInt8]) {
    var i = 2
    while i + 4 <= data.count, data[i] == 0xFF, data[i + 1] != 0xDA {
      let end = i + 2 + Int(data[i + 2]) << 8 + Int(data[i + 3])
      guard end <= data.count, end >= i + 4 else { return nil }
      let body = data[(i + 4)..<end]
      if data[i + 1] == 0xE1, body.starts(with: Array("Exif\0\0".utf8)) {
        self.init(block: Array(body.dropFirst(6)))
        return
      }
      i = end
    }
    return nil
  }

  /// - Parameter block: what follows `Exif\0\0`: a TIFF header and its directories.
  private init?(block: [UInt8]) {
    guard let mark = block.first, mark == 0x49 || mark == 0x4D else { return nil }
    (bytes, isBigEndian) = (block, mark == 0x4D)
  }

  /// A 16-bit number of the first directory, or of the one about the exposure.
  func number(_ tag: Int) -> Int? {
    guard let start = integer(at: 4, bytes: 4) else { return nil }
    if let entry = entry(tag, in: start) { return integer(at: entry, bytes: 2) }
    guard let pointer = entry(0x8769, in: start), let exposure = integer(at: pointer, bytes: 4),
      let entry = entry(tag, in: exposure)
    else { return nil }
    return integer(at: entry, bytes: 2)
  }

  /// Where the value of a directory's entry stands.
  private func entry(_ tag: Int, in directory: Int) -> Int? {
    guard let count = integer(at: directory, bytes: 2) else { return nil }
    for i in 0..<count {
      let at = directory + 2 + i * 12
      guard let found = integer(at: at, bytes: 2) else { return nil }
      if found == tag { return at + 8 }
    }
    return nil
  }

  private func integer(at i: Int, bytes n: Int) -> Int? {
    guard i >= 0, i <= bytes.count - n else { return nil }
    let field = bytes[i..<i + n]
    return (isBigEndian ? Array(field) : field.reversed()).reduce(0) { $0 << 8 | Int($1) }
  }
}

extension ImageFile {
  /// The focal length in millimetres that would show as much on film of 36 x 24 mm, as a JPEG's EXIF
  /// data has it; nil where it doesn't say.
  public var focalLengthIn35mm: Int? {
    guard kind == .jpeg, let length = EXIF(ofJPEG: bytes)?.number(0xA405), length > 0 else {
      return nil
    }
    return length
  }
}
