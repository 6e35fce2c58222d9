import Foundation
import TestSupport
import Testing

/// `rtfm weights split` and `join`, run as a user would run them.
@Suite struct PartTests {
  /// A file of 2.5 MiB of numbers from a seed, cut into parts of 1 MiB, for `body`.
  private func withParts(
    seed: UInt64 = 1, _ body: (_ folder: String, _ file: String, _ parts: [String]) throws -> Void
  ) throws {
    try Package.withTemporaryFolder { folder in
      let file = "\(folder)/model.safetensors"
      try contents(seed: seed).write(to: URL(fileURLWithPath: file))
      let split = try Program("weights", "split", file, "--megabytes", "1")
      #expect(split.status == 0)
      try body(folder, file, split.output.split(separator: "\n").map(String.init))
    }
  }

  private func contents(seed: UInt64) -> Data {
    var numbers = Numbers(seed: seed)
    return Data((0..<(5 << 19)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) })
  }

  private func join(_ parts: [String], to out: String) throws -> Program {
    try Program(["weights", "join"] + parts + ["--out", out])
  }

  @Test func partsInAnyOrderGiveTheFileAgain() throws {
    try withParts { folder, file, parts in
      #expect(parts.count == 3)
      for part in parts {
        let size = try FileManager.default.attributesOfItem(atPath: part)[.size] as? Int
        #expect(try #require(size) <= 1 << 20)
      }
      let joined = try join([parts[2], parts[0], parts[1], parts[0]], to: "\(folder)/again")
      #expect(joined.status == 0)
      #expect(FileManager.default.contents(atPath: "\(folder)/again") == contents(seed: 1))
    }
  }

  @Test func missingPartsAreNamed() throws {
    try withParts { folder, file, parts in
      let joined = try join([parts[1]], to: "\(folder)/again")
      #expect(joined.status == 1 && joined.errors.contains("has 3 parts; missing: 1, 3"))
      #expect(!Package.exists("\(folder)/again"))
    }
  }

  @Test func partsOfAnotherFileAreRefusedAndWhatWasThereStays() throws {
    try withParts { folder, file, parts in
      try withParts(seed: 2) { _, _, others in
        let joined = try join([parts[0], others[1], parts[2]], to: file)
        #expect(joined.status == 1 && joined.errors.contains("is a part of another file"))
        #expect(joined.errors.contains(others[1]))
        #expect(FileManager.default.contents(atPath: file) == contents(seed: 1))
      }
    }
  }

  @Test(arguments: [200_000, 20])
  func aDamagedPartIsRefused(at position: Int) throws {
    try withParts { folder, file, parts in
      var data = try Data(contentsOf: URL(fileURLWithPath: parts[1]))
      data[position] ^= 1
      try data.write(to: URL(fileURLWithPath: parts[1]))
      let joined = try join(parts, to: "\(folder)/again")
      #expect(joined.status == 1 && joined.errors.contains(parts[1]))
      #expect(!Package.exists("\(folder)/again"))
    }
  }

  @Test func whatIsNoPartIsRefused() throws {
    try withParts { folder, file, parts in
      let joined = try join(parts + [file], to: "\(folder)/again")
      #expect(joined.status == 1 && joined.errors.contains("is no part of a split file"))
      let absent = try join(["\(folder)/nowhere"], to: "\(folder)/again")
      #expect(absent.status == 1 && absent.errors.contains("there is no part"))
      #expect(try Program("weights", "split", "\(folder)/nowhere").status == 1)
    }
  }
}
