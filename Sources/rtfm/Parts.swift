import Foundation

/// A piece of a file that was cut so that it can be carried, and what it says of itself.
///
/// A part is a line of JSON, its label, and then its bytes.
struct Part {
  struct Label: Codable, Equatable {
    /// The format's version, and a sign that this is a part at all.
    var rtfmPart = 1
    /// The whole file's name, size in bytes and checksum.
    let file: String
    let size: Int
    let checksum: String
    /// This part's number from 1, and how many there are.
    let part: Int
    let of: Int
    /// Of this part's bytes.
    let own: String

    func belongs(with other: Label) -> Bool {
      (file, size, checksum, of) == (other.file, other.size, other.checksum, other.of)
    }
  }

  let path: String
  let label: Label
  let bytes: Data
}

extension Part {
  /// Reads a part.
  ///
  /// - Throws: `PartError` for what is none, or is damaged.
  init(contentsOf path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw PartError("there is no part '\(path)', or it can't be read")
    }
    guard let end = data.firstIndex(of: UInt8(ascii: "\n")),
      let label = try? JSONDecoder().decode(Label.self, from: data[..<end]),
      label.rtfmPart == 1, (1...Self.mostParts).contains(label.of),
      (1...label.of).contains(label.part)
    else { throw PartError("'\(path)' is no part of a split file") }
    (self.path, self.label, bytes) = (path, label, data[(end + 1)...])
    guard checksum(bytes) == label.own else {
      throw PartError(
        "'\(path)', part \(label.part) of '\(label.file)', is damaged: bring it again")
    }
  }

  /// Cuts a file into parts of at most so many bytes, beside it or in a folder, and returns their
  /// paths.
  static func split(_ path: String, limit: Int, into folder: String?) throws -> [String] {
    guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
      throw PartError("'\(path)' can't be read, or is empty")
    }
    let name = (path as NSString).lastPathComponent
    let folder = folder ?? (path as NSString).deletingLastPathComponent
    let step = limit - roomForLabel - name.utf8.count
    let count = (data.count + step - 1) / step
    let whole = checksum(data)
    return try (0..<count).map { i in
      let bytes = data[(i * step)..<min(data.count, (i + 1) * step)]
      let label = Label(
        file: name, size: data.count, checksum: whole, part: i + 1, of: count,
        own: checksum(bytes))
      let number = String(format: "%02d-of-%02d", i + 1, count)
      let out = (folder as NSString).appendingPathComponent("\(name).part-\(number)")
      try Part(path: out, label: label, bytes: bytes).write()
      return out
    }
  }

  /// More than a file of 1 TB has.
  private static let mostParts = 100_000

  /// Bytes that a label takes at most, the file's name aside.
  private static let roomForLabel = 1024

  private func write() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try Self.store(encoder.encode(label) + Data("\n".utf8) + bytes, at: path)
  }

  /// Puts a file together again from all its parts, in any order.
  ///
  /// - Throws: `PartError` when one is missing, damaged, or from another file; what was at `out`
  ///   stays then.
  static func join(_ paths: [String], to out: String) throws {
    let parts = try paths.map(Part.init(contentsOf:))
    guard let first = parts.first else { throw PartError("no parts were given") }
    if let foreign = parts.first(where: { !$0.label.belongs(with: first.label) }) {
      throw PartError(
        "'\(foreign.path)' is a part of another file than '\(first.path)': of "
          + "'\(foreign.label.file)', \(foreign.label.size) bytes, not of '\(first.label.file)', "
          + "\(first.label.size) bytes")
    }
    let byNumber = Dictionary(parts.map { ($0.label.part, $0) }) { a, _ in a }
    let missing = (1...first.label.of).filter { byNumber[$0] == nil }.map(String.init)
    guard missing.isEmpty else {
      throw PartError(
        "'\(first.label.file)' has \(first.label.of) parts; missing: "
          + missing.joined(separator: ", "))
    }
    let whole = byNumber.sorted { $0.key < $1.key }.reduce(into: Data()) { $0 += $1.value.bytes }
    guard whole.count == first.label.size, checksum(whole) == first.label.checksum else {
      throw PartError("the parts of '\(first.label.file)' don't add up to it: split it anew")
    }
    try store(whole, at: out)
  }

  /// Writes a file whole or not at all.
  private static func store(_ data: Data, at path: String) throws {
    try checkWritable(path)
    do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
      throw PartError("'\(path)' can't be written: \(error.localizedDescription)")
    }
  }
}

/// A file that can't be split or put together.
struct PartError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo): against accidents, not against malice.
private func checksum(_ data: Data) -> String {
  let hash = data.withUnsafeBytes { bytes in
    bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
  return String(format: "%016llx", hash)
}
