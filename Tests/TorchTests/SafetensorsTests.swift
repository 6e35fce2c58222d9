import Foundation
import TestSupport
import Testing

@testable import Torch

@Suite struct SafetensorsTests {
  @Test(arguments: ElementType.allCases, [[], [1], [7], [2, 3], [0], [2, 0, 3]])
  func givesBackWhatWasWritten(type: ElementType, shape: [Int]) throws {
    var numbers = Numbers(seed: 3)
    let raw = (0..<shape.reduce(1, *) * type.size).map { _ in
      type == .bool ? UInt8(numbers.next() % 2) : UInt8(truncatingIfNeeded: numbers.next())
    }
    let tensor = raw.withUnsafeBytes { Tensor(bytes: $0, shape: shape, type: type) }
    let read = try roundTrip(Safetensors(tensors: ["x": tensor])).tensors
    #expect(read.count == 1)
    #expect(read["x"]?.shape == shape && read["x"]?.type == type && read["x"]?.bytes == raw)
  }

  @Test func keepsNamesMetadataAndManyTensorsOfMixedTypes() throws {
    let names = ["a", "layers.0.query.weight", "ö/\"\\\n", "", "日本"]
    let types: [ElementType] = [.uint8, .float64, .float16, .bool, .int64]
    var file = Safetensors(tensors: [:], metadata: ["plan": "{\"a\": 1}", "": "ü\n", "x/y": ""])
    for (i, (name, type)) in zip(names, types).enumerated() {
      file.tensors[name] = Tensor.arange(2 * i + 1).to(type)
    }
    let read = try roundTrip(file)
    #expect(read.metadata == file.metadata)
    #expect(Set(read.tensors.keys) == Set(names))
    for name in names { #expect(read.tensors[name]?.bytes == file.tensors[name]?.bytes) }
  }

  @Test func anEmptyFileIsAFileToo() throws {
    let read = try roundTrip(Safetensors(tensors: [:]))
    #expect(read.tensors.isEmpty && read.metadata.isEmpty)
  }

  @Test func writesTheFormatToTheByte() throws {
    let header = #"{"x":{"data_offsets":[0,4],"dtype":"I32","shape":[1]}}"#
    try Package.withTemporaryFolder { folder in
      let x = Tensor(repeating: 258, shape: [1], type: .int32)
      try Safetensors(tensors: ["x": x]).write(to: "\(folder)/x")
      let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/x")))
      let padding = (8 - header.utf8.count % 8) % 8
      let length = UInt8(header.utf8.count + padding)
      #expect(
        bytes == [length, 0, 0, 0, 0, 0, 0, 0] + header.utf8
          + Array(repeating: 0x20, count: padding)
          + [2, 1, 0, 0])
    }
  }

  @Test(arguments: ["layers", "loss", "mixed_io", "odd", "odd_io", "tiny", "tiny_io", "training"])
  func readsWhatAnotherImplementationWrote(name: String) throws {
    let file = try Safetensors(contentsOf: Package.golden(name))
    #expect(file.metadata["generator"] == "Tests/Reference/generate.py")
    #expect(!file.tensors.isEmpty)
    #expect(file.tensors.values.allSatisfy { !$0.doubles.contains(where: \.isNaN) })
  }

  @Test func readsKnownNumbersOfAGolden() throws {
    let t = try Safetensors(contentsOf: Package.golden("layers")).tensors["time_embedding/t"]
    #expect(t?.floats == [0, 0.125, 0.375, 0.875, 1])
  }

  @Test func replacesAnOlderFile() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/x"
      try Safetensors(tensors: ["x": .zeros([1000])]).write(to: path)
      try Safetensors(tensors: ["y": .zeros([1])]).write(to: path)
      #expect(try Safetensors(contentsOf: path).tensors.keys.sorted() == ["y"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["x"])
    }
  }

  @Test func writingWhereNothingCanBeThrowsAndLeavesNothing() throws {
    try Package.withTemporaryFolder { folder in
      let file = Safetensors(tensors: ["x": .zeros([1])])
      for path in ["\(folder)/missing/x", folder] {
        let error = #expect(throws: SafetensorsError.self) { try file.write(to: path) }
        #expect(error?.path == path && error?.description.contains("can't be written") == true)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left == [])
    }
  }

  private func roundTrip(_ file: Safetensors) throws -> Safetensors {
    try Package.withTemporaryFolder { folder in
      try file.write(to: "\(folder)/file")
      return try Safetensors(contentsOf: "\(folder)/file")
    }
  }
}

/// Files that must be refused, by name and reason.
@Suite struct DamagedSafetensorsTests {
  struct Damage: Sendable, CustomTestStringConvertible {
    let header: String
    var bytes = 8
    let reason: String

    var testDescription: String { header }
  }

  /// One tensor's line in a header.
  static func x(
    _ dtype: String = #""F32""#, shape: String = "[2]", offsets: String = "[0,8]",
    name: String = "x"
  ) -> String {
    #""\#(name)":{"dtype":\#(dtype),"shape":\#(shape),"data_offsets":\#(offsets)}"#
  }

  static let damages: [Damage] = [
    Damage(header: "", reason: "not a JSON object"),
    Damage(header: "nonsense", reason: "not a JSON object"),
    Damage(header: "[1, 2]", reason: "not a JSON object"),
    Damage(header: "{\(x())", reason: "not a JSON object"),
    Damage(header: String(repeating: "[", count: 100_000), reason: "not a JSON object"),
    Damage(header: "{\"x\":\(String(repeating: "[", count: 100_000))", reason: "not a JSON object"),
    Damage(header: "{}", reason: "8 bytes after"),
    Damage(header: "{\(x())}", bytes: 9, reason: "1 bytes after"),
    Damage(header: "{\(x())}", bytes: 7, reason: "ends inside tensor 'x'"),
    Damage(header: "{\(x())}", bytes: 0, reason: "ends inside tensor 'x'"),
    Damage(header: "{\(x(offsets: "[4,12]"))}", bytes: 12, reason: "a gap or an overlap"),
    Damage(
      header: "{\(x()),\(x(offsets: "[12,20]", name: "y"))}", bytes: 20,
      reason: "a gap or an overlap before tensor 'y'"),
    Damage(
      header: "{\(x()),\(x(offsets: "[4,12]", name: "y"))}", bytes: 12,
      reason: "a gap or an overlap before tensor 'y'"),
    Damage(header: "{\(x()),\(x(name: "y"))}", reason: "a gap or an overlap before tensor"),
    Damage(header: "{\(x(shape: "[3]"))}", reason: "8 bytes for tensor 'x' of shape [3]"),
    Damage(header: "{\(x(shape: "[]"))}", reason: "8 bytes for tensor 'x' of shape []"),
    Damage(header: "{\(x(#""F64""#))}", reason: "8 bytes for tensor 'x'"),
    Damage(header: "{\(x(offsets: "[8,0]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(offsets: "[-8,0]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(offsets: "[0]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(offsets: "[0,4,8]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(shape: "[-2]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(shape: "[-1,-2]"))}", reason: "impossible numbers"),
    Damage(header: "{\(x(shape: "[9223372036854775807,2]"))}", reason: "impossible size"),
    Damage(header: "{\(x(shape: "[4294967296,4294967296]"))}", reason: "impossible size"),
    Damage(header: "{\(x(#""Q4""#))}", reason: "of type 'Q4'"),
    Damage(header: "{\(x(#""f32""#))}", reason: "of type 'f32'"),
    Damage(header: "{\(x("7"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "2"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[2.5]"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[\"2\"]"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[1e300]"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[18446744073709551618]"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[null]"))}", reason: "without dtype"),
    Damage(header: "{\(x(shape: "[true,2]"))}", reason: "without dtype"),
    Damage(header: "{\(x(offsets: "[false,8]"))}", reason: "without dtype"),
    Damage(header: "{\(x(offsets: "{}"))}", reason: "without dtype"),
    Damage(header: #"{"x":7}"#, reason: "without dtype"),
    Damage(header: #"{"x":{"dtype":"F32","shape":[2]}}"#, reason: "without dtype"),
    Damage(header: "{\"__metadata__\":{\"a\":1},\(x())}", reason: "metadata"),
    Damage(header: "{\"__metadata__\":7,\(x())}", reason: "metadata"),
    Damage(
      header: "{\(x(shape: "[0,9223372036854775807]", offsets: "[0,0]"))}", bytes: 0,
      reason: "impossible size"),
    Damage(header: "{\(x(shape: "[\(String(repeating: "1,", count: 99))2]"))}", reason: "axes"),
  ]

  @Test(arguments: damages) func isRefusedWithItsReason(damage: Damage) {
    let file = Self.file(damage.header, bytes: damage.bytes)
    let error = #expect(throws: SafetensorsError.self) {
      try Safetensors(data: file, name: "model.safetensors")
    }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("weights file 'model.safetensors' ") && text.contains(damage.reason))
  }

  @Test func aNameTwiceIsRefused() {
    let file = Self.file("{\(Self.x()),\(Self.x(offsets: "[8,16]"))}", bytes: 16)
    #expect(throws: SafetensorsError.self) { try Safetensors(data: file, name: "x") }
  }

  @Test func spacesAndUnknownKeysAreTaken() throws {
    let line = #" "dtype" : "F32", "shape" : [ 2 ] , "data_offsets":[0,8],"more":[{}] "#
    let file = Self.file("{ \"x\" : {\(line)} }  ", bytes: 8)
    #expect(try Safetensors(data: file, name: "x").tensors["x"]?.shape == [2])
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = Self.sample
    #expect(try Safetensors(data: whole, name: "x").tensors.count == 3)
    for length in 0..<whole.count {
      #expect(throws: SafetensorsError.self, "\(length) bytes") {
        try Safetensors(data: whole.prefix(length), name: "x")
      }
    }
  }

  @Test(arguments: [100_000_001, UInt64(Int64.max), .max, 1 << 40])
  func absurdHeaderLengthsAreRefused(length: UInt64) {
    let file = Self.bytes(of: length) + Data(repeating: 0x20, count: 100)
    let error = #expect(throws: SafetensorsError.self) { try Safetensors(data: file, name: "x") }
    #expect(error?.description.contains("\(length) bytes") == true)
  }

  @Test func missingFilesAndFoldersAreRefusedByName() throws {
    try Package.withTemporaryFolder { folder in
      for path in ["\(folder)/none", folder] {
        let error = #expect(throws: SafetensorsError.self) { try Safetensors(contentsOf: path) }
        #expect(error?.path == path && error?.description.contains("can't be read") == true)
      }
    }
  }

  /// A changed byte may still be a file; it must never be a crash.
  @Test func flippedBytesNeverCrash() throws {
    var numbers = Numbers(seed: 11)
    var refused = 0
    for _ in 0..<20_000 {
      var file = Self.sample
      for _ in 0..<1 + numbers.next() % 3 {
        let position = Int(numbers.next() % UInt64(file.count - 24))
        file[position] = UInt8(truncatingIfNeeded: numbers.next())
      }
      do {
        let read = try Safetensors(data: file, name: "x")
        #expect(read.tensors.values.allSatisfy { $0.bytes.count <= 24 })
      } catch {
        #expect(error is SafetensorsError)
        refused += 1
      }
    }
    #expect((10_000..<20_000).contains(refused))
  }

  /// Three tensors of 8 bytes, and metadata.
  private static var sample: Data {
    let lines = [
      x(), x(#""I64""#, shape: "[1]", offsets: "[8,16]", name: "y"),
      x(#""U8""#, shape: "[2,4]", offsets: "[16,24]", name: "z"),
    ]
    return file("{\"__metadata__\":{\"a\":\"b\"},\(lines.joined(separator: ","))}", bytes: 24)
  }

  private static func file(_ header: String, bytes: Int) -> Data {
    Self.bytes(of: UInt64(header.utf8.count)) + Data(header.utf8) + Data(repeating: 0, count: bytes)
  }

  private static func bytes(of length: UInt64) -> Data {
    Data((0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) })
  }
}
