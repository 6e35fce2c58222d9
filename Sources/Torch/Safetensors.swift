import Foundation

/// A file of named tensors in the safetensors format, with the format's own checks.
///
/// Eight bytes give the header's length, the header is JSON, the rest is the tensors' bytes without
/// gaps. Nothing of a file is trusted: lengths, offsets, shapes and types are checked before a byte
/// is read as a number.
public struct Safetensors {
  /// Tensors by name, on the CPU.
  public var tensors: [String: Tensor]
  /// Free text by key.
  public var metadata: [String: String]

  public init(tensors: [String: Tensor], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The longest header that is believed: 100 MB, the format's own limit.
  static let longestHeader = 100_000_000

  /// Reads a file.
  ///
  /// - Throws: `SafetensorsError`, naming the file and what is wrong with it.
  public init(contentsOf path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      var isFolder: ObjCBool = false
      let isThere = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      if isFolder.boolValue { throw SafetensorsError(path, "can't be read: it is a folder") }
      throw SafetensorsError(
        path, "can't be read: " + (isThere ? "may you read it?" : "it does not exist"))
    }
    try self.init(data: data, name: path)
  }

  init(data: Data, name: String) throws {
    func refuse(_ reason: String) -> SafetensorsError { SafetensorsError(name, reason) }
    guard data.count >= 8 else { throw refuse("is too short for a safetensors file") }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= Self.longestHeader else {
      throw refuse("is no safetensors file: its header claims \(length) bytes")
    }
    guard data.count - 8 >= Int(length) else { throw refuse("ends inside its header") }
    let header = data.dropFirst(8).prefix(Int(length))
    let body = data.dropFirst(8 + Int(length))
    guard let json = try? JSONDecoder().decode(Header.self, from: header) else {
      throw refuse("is no safetensors file: its header is not a JSON object")
    }
    guard let metadata = json.metadata else { throw refuse("has metadata that is not text by key") }
    self.metadata = metadata
    tensors = [:]
    let entries = try json.lines.map { try Entry(name: $0.name, $0.line, refuse: refuse) }
      .sorted {
        ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
      }
    var end = 0
    for entry in entries {
      guard entry.range.lowerBound == end else {
        throw refuse("has a gap or an overlap before tensor '\(entry.name)'")
      }
      end = entry.range.upperBound
      guard end <= body.count else { throw refuse("ends inside tensor '\(entry.name)'") }
      let bytes = body.dropFirst(entry.range.lowerBound).prefix(entry.range.count)
      tensors[entry.name] = bytes.withUnsafeBytes {
        Tensor(bytes: $0, shape: entry.shape, type: entry.type)
      }
    }
    guard end == body.count else { throw refuse("has \(body.count - end) bytes after its tensors") }
  }

  /// Writes the file in one go: a reader sees the old file or the new one, never half of either.
  ///
  /// - Parameter former: where the file that was there goes; nil to drop it.
  /// - Throws: `SafetensorsError` when the disk won't take it; what was there stays.
  public func write(to path: String, keeping former: String? = nil) throws {
    let names = tensors.keys.sorted()
    var json: Data
    do {
      json = try JSONSerialization.data(withJSONObject: header(names), options: [.sortedKeys])
    } catch {
      throw SafetensorsError(path, "can't be written: \(error.localizedDescription)")
    }
    json.append(contentsOf: repeatElement(0x20, count: (8 - json.count % 8) % 8))
    let file = try AtomicFile(path)
    try withUnsafeBytes(of: UInt64(json.count).littleEndian) { try file.write($0) }
    try json.withUnsafeBytes { try file.write($0) }
    for name in names { try tensors[name]!.bytes.withUnsafeBytes { try file.write($0) } }
    try file.commit(keeping: former)
  }

  /// Removes what is left of ``write(to:keeping:)`` to a path where the process was killed.
  ///
  /// - Precondition: nobody writes there now.
  public static func removeUnfinished(at path: String) { AtomicFile.clear(path) }

  private func header(_ names: [String]) -> [String: Any] {
    var header: [String: Any] = [:]
    if !metadata.isEmpty { header["__metadata__"] = metadata }
    var offset = 0
    for name in names {
      let t = tensors[name]!
      let size = t.count * t.type.size
      header[name] = [
        "dtype": t.type.safetensorsName, "shape": t.shape, "data_offsets": [offset, offset + size],
      ]
      offset += size
    }
    return header
  }
}

/// What the header says, as far as it can be understood.
private struct Header: Decodable {
  /// One tensor's.
  struct Line: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case offsets = "data_offsets"
    }
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// Nil where it is no text by key.
  var metadata: [String: String]? = [:]
  /// Nil where a tensor's line lacks something.
  var lines: [(name: String, line: Line?)] = []

  init(from decoder: any Decoder) throws {
    let all = try decoder.container(keyedBy: Name.self)
    for name in all.allKeys {
      if name.stringValue == "__metadata__" {
        metadata = try? all.decode([String: String].self, forKey: name)
      } else {
        lines.append((name.stringValue, try? all.decode(Line.self, forKey: name)))
      }
    }
  }
}

/// One tensor of the file: its line, checked.
private struct Entry {
  let name: String
  let type: ElementType
  let shape: [Int]
  let range: Range<Int>

  /// The longest shape that every operation of libtorch takes.
  static let mostAxes = 64

  init(name: String, _ line: Header.Line?, refuse: (String) -> SafetensorsError) throws {
    guard let line else {
      throw refuse("describes tensor '\(name)' without dtype, shape or data_offsets")
    }
    let (dtype, shape, offsets) = (line.dtype, line.shape, line.offsets)
    guard let type = ElementType(safetensorsName: dtype) else {
      throw refuse("has tensor '\(name)' of type '\(dtype)', which is not supported")
    }
    guard shape.allSatisfy({ $0 >= 0 }), offsets.count == 2, offsets[0] >= 0,
      offsets[0] <= offsets[1]
    else { throw refuse("has impossible numbers for tensor '\(name)'") }
    guard shape.count <= Self.mostAxes else {
      throw refuse("has tensor '\(name)' with \(shape.count) axes")
    }
    var stride = type.size  // of an axis before the first, as if no axis had length 0
    for n in shape {
      let (product, overflow) = stride.multipliedReportingOverflow(by: max(1, n))
      guard !overflow else { throw refuse("has tensor '\(name)' of impossible size \(shape)") }
      stride = product
    }
    let size = shape.contains(0) ? 0 : stride
    guard offsets[1] - offsets[0] == size else {
      throw refuse("has \(offsets[1] - offsets[0]) bytes for tensor '\(name)' of shape \(shape)")
    }
    (self.name, self.type, self.shape) = (name, type, shape)
    range = offsets[0]..<offsets[1]
  }
}

extension ElementType {
  private static let names: [ElementType: String] = [
    .uint8: "U8", .int32: "I32", .int64: "I64", .float16: "F16", .bfloat16: "BF16",
    .float32: "F32", .float64: "F64", .bool: "BOOL",
  ]

  var safetensorsName: String { Self.names[self]! }

  init?(safetensorsName name: String) {
    guard let type = Self.names.first(where: { $0.value == name })?.key else { return nil }
    self = type
  }
}

/// A safetensors file that can't be used, and why.
public struct SafetensorsError: Error, CustomStringConvertible {
  public let path: String
  public let reason: String

  init(_ path: String, _ reason: String) { (self.path, self.reason) = (path, reason) }

  public var description: String { "weights file '\(path)' \(reason)" }
}
