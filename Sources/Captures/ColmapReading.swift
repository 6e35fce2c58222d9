import Images
import Scene

extension ColmapModel {
  /// Reads the text or the binary model in a folder.
  ///
  /// - Throws: `CaptureError`, naming the file and the line or byte.
  init(contentsOf folder: String) throws {
    if kind(of: "\(folder)/cameras.txt") == .file {
      try readCameras(TextTable("\(folder)/cameras.txt"))
      try readImages(TextTable("\(folder)/images.txt"))
    } else {
      var cameras = try BinaryTable("\(folder)/cameras.bin")
      try readCameras(&cameras)
      var images = try BinaryTable("\(folder)/images.bin")
      try readImages(&images)
    }
  }

  fileprivate mutating func add(
    camera id: Int, _ model: String, width: Double, height: Double, _ parameters: [Double],
    at location: Location
  ) throws {
    guard let known = Self.models.first(where: { $0.name == model }) else {
      throw location.invalid(
        "the camera model \(model) is not a pinhole; undistort the images first, with "
          + "colmap image_undistorter")
    }
    guard parameters.count == known.keys.count, parameters.allSatisfy(\.isFinite) else {
      throw location.invalid("\(model) needs \(known.keys.count) finite numbers")
    }
    var lens = Lens(numbers: [.width: width, .height: height], model: "PINHOLE")
    for (key, number) in zip(known.keys, parameters) { lens.numbers[key] = number }
    lenses[id] = lens
  }
}

// MARK: - Text

/// The lines of a text model's file.
private struct TextTable {
  let file: String
  let lines: [Substring]

  init(_ path: String) throws {
    file = path
    lines = String(decoding: try bytes(of: path), as: UTF8.self)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
  }

  func location(_ line: Int) -> Location { Location(file: file, part: "line \(line + 1)") }
}

extension ColmapModel {
  private mutating func readCameras(_ table: TextTable) throws {
    for (i, line) in table.lines.enumerated() {
      let words = line.split(separator: " ")
      if line.hasPrefix("#") {
        let numbers = words.dropFirst(2).compactMap { Double($0) }
        if words.dropFirst().first == "rtfm_up" { up = numbers }
        if words.dropFirst().first == "rtfm_scale" { scale = numbers.first }
        continue
      }
      if words.isEmpty { continue }
      let numbers = words.dropFirst(2).compactMap { Double($0) }
      guard let id = Int(words[0]), numbers.count == words.count - 2, numbers.count > 2 else {
        throw table.location(i).invalid("is no camera: an id, a model, a size and its parameters")
      }
      try add(
        camera: id, String(words[1]), width: numbers[0], height: numbers[1],
        Array(numbers.dropFirst(2)), at: table.location(i))
    }
  }

  /// Every image has two lines: the second lists points, and may be empty.
  private mutating func readImages(_ table: TextTable) throws {
    var isSecond = false
    for (i, line) in table.lines.enumerated() where !line.hasPrefix("#") {
      if isSecond {
        isSecond = false
        continue
      }
      let words = line.split(separator: " ", maxSplits: 9)
      if words.isEmpty { continue }
      let numbers = words.prefix(8).compactMap { Double($0) }
      guard words.count == 10, numbers.count == 8, let camera = Int(words[8]) else {
        throw table.location(i).invalid(
          "is no image: an id, 4 numbers of rotation, 3 of translation, a camera, a name")
      }
      images.append(
        Image(
          name: String(words[9]), camera: camera, rotation: Array(numbers[1...4]),
          translation: Array(numbers[5...7])))
      isSecond = true
    }
  }
}

// MARK: - Binary

/// The bytes of a binary model's file, taken one after the other.
private struct BinaryTable {
  let file: String
  let data: [UInt8]
  var offset = 0

  init(_ path: String) throws {
    (file, data) = (path, try bytes(of: path))
  }

  var location: Location { Location(file: file, part: "byte \(offset)") }

  mutating func take<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    let size = MemoryLayout<T>.size
    guard data.count - offset >= size else { throw location.invalid("the file ends too early") }
    defer { offset += size }
    return data.withUnsafeBytes {
      T(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
  }

  mutating func doubles(_ count: Int) throws -> [Double] {
    try (0..<count).map { _ in Double(bitPattern: try take(UInt64.self)) }
  }

  mutating func text() throws -> String {
    guard let end = data[offset...].firstIndex(of: 0) else {
      throw location.invalid("a name does not end")
    }
    defer { offset = end + 1 }
    return String(decoding: data[offset..<end], as: UTF8.self)
  }

  mutating func skip(_ count: UInt64, of size: UInt64) throws {
    let (bytes, isTooMuch) = count.multipliedReportingOverflow(by: size)
    guard !isTooMuch, bytes <= UInt64(data.count - offset) else {
      throw location.invalid("the file ends too early")
    }
    offset += Int(bytes)
  }
}

extension ColmapModel {
  private mutating func readCameras(_ table: inout BinaryTable) throws {
    for _ in 0..<(try table.take(UInt64.self)) {
      let (id, model) = (try table.take(UInt32.self), try table.take(Int32.self))
      let (width, height) = (try table.take(UInt64.self), try table.take(UInt64.self))
      guard Self.models.indices.contains(Int(model)) else {
        throw table.location.invalid(
          "camera model \(model) is not a pinhole; undistort the images first, with "
            + "colmap image_undistorter")
      }
      let known = Self.models[Int(model)]
      try add(
        camera: Int(id), known.name, width: Double(width), height: Double(height),
        table.doubles(known.keys.count), at: table.location)
    }
  }

  private mutating func readImages(_ table: inout BinaryTable) throws {
    for _ in 0..<(try table.take(UInt64.self)) {
      _ = try table.take(UInt32.self)
      let numbers = try table.doubles(7)
      let camera = Int(try table.take(UInt32.self))
      let name = try table.text()
      try table.skip(table.take(UInt64.self), of: 24)
      images.append(
        Image(
          name: name, camera: camera, rotation: Array(numbers[..<4]),
          translation: Array(numbers[4...])))
    }
  }
}

/// `readFile` with a capture's error.
private func bytes(of path: String) throws -> [UInt8] {
  do { return try readFile(path) } catch ImageError.unreadable(let file, let reason) {
    throw CaptureError.unreadable(file: file, reason: reason)
  }
}
