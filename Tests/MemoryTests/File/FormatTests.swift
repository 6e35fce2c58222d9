import Foundation
import GRDB
import Images
import Scene
import StandIn
import TestSupport
import Testing

@testable import Memory

/// Files of older formats, and what the newest has beside them: how sure a model was, and what it
/// guessed later.
@Suite struct FormatTests {
  /// A world as the first format has it, written by hand.
  private func withOldWorld(keyframes: Int = 9, _ body: (String) throws -> Void) throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/old.world"
      try DatabaseQueue(path: path).writeWithoutTransaction { db in
        try Schema.migrate(db, by: [Schema.migrations[0]])
        try StandIn.place.insert(db)
        for i in 0..<keyframes { try Self.insertOld(Self.keyframe(i), db) }
      }
      try body(path)
    }
  }

  private static func keyframe(_ i: Int) -> KeyframeRecord {
    StandIn.keyframe(i, walk: i > 2 ? 1 : nil)
  }

  private static func insertOld(_ keyframe: KeyframeRecord, _ db: Database) throws {
    let (id, walk) = (keyframe.id, keyframe.walk)
    var row = little(UInt64(id)) + keyframe.camera.bytes
    row += little(keyframe.generation.bitPattern) + little(UInt64(walk ?? 0))
    try db.execute(
      sql: "INSERT INTO keyframe (id, camera, generation, walk, checksum) VALUES (?, ?, ?, ?, ?)",
      arguments: [id, Data(keyframe.camera.bytes), keyframe.generation, walk, crc(row)])
    try keyframe.picture.insert(id, db)
    let codes = depth(id)
    try db.execute(
      sql: "INSERT INTO depth (id, bytes, checksum) VALUES (?, ?, ?)",
      arguments: [id, Data(codes), crc(little(UInt64(id)) + codes)])
  }

  private static func depth(_ id: Int) -> [UInt8] { (0..<256).map { UInt8(($0 + id) % 256) } }

  private static func little(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }

  /// The CRC-32 of zlib, bit by bit.
  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }

  private func contents(_ path: String) throws -> (rows: [KeyframeRow], depths: [Int: [UInt8]]) {
    let file = try WorldFile(at: path)
    defer { try? file.close() }
    var (rows, depths) = ([KeyframeRow](), [Int: [UInt8]]())
    try file.forEachKeyframe { rows.append($0) }
    try file.forEachDepth { depths[$0] = $1 }
    return (rows, depths)
  }

  @Test func anOldFileIsReadAsItIs() throws {
    try withOldWorld { path in
      let before = try Data(contentsOf: URL(filePath: path))
      let report = try WorldFile.inspect(path, thoroughly: true)
      #expect(report.format == 1 && report.keyframes == 9 && report.problems == [])
      let saved = try WorldFile.salvage(path, to: path + ".saved") { _ in StandIn.place }
      #expect(saved.keyframes == 9 && saved.lost == [])
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
      let copy = try contents(path + ".saved")
      #expect(copy.rows == (0..<9).map { KeyframeRow(Self.keyframe($0)) })
      #expect(copy.depths == Dictionary(uniqueKeysWithValues: (0..<9).map { ($0, Self.depth($0)) }))
    }
  }

  @Test func openingBringsAnOldFileUpToDate() throws {
    try withOldWorld { path in
      let file = try WorldFile(at: path)
      var next = StandIn.keyframe(9, walk: 2)
      (next.certainty, next.depth) = (0.75, Self.depth(9))
      file.add(next)
      try file.close()
      let report = try WorldFile.inspect(path, thoroughly: true)
      #expect(report.format == 2 && report.keyframes == 10 && report.problems == [])
      let now = try contents(path)
      #expect(now.rows.map(\.certainty) == Array(repeating: nil, count: 9) + [0.75])
      #expect(now.rows.dropLast().map(\.camera) == (0..<9).map { StandIn.camera($0) })
      #expect(now.depths[4] == Self.depth(4) && now.depths[9] == Self.depth(9))
    }
  }

  @Test func anOldFileWithDamageIsFoundOut() throws {
    try withOldWorld { path in
      try DatabaseQueue(path: path).write { db in
        try db.execute(sql: "UPDATE keyframe SET generation = 0.5 WHERE id = 2")
        try db.execute(sql: "UPDATE depth SET bytes = x'00' WHERE id = 4")
      }
      let problems = try WorldFile.inspect(path, thoroughly: true).problems
      #expect(problems == ["keyframe 2 is damaged", "the depth of keyframe 4 is damaged"])
    }
  }

  /// A world whose keyframes have certainties and depths, some guessed on later walks.
  private func withHints(_ body: (String) throws -> Void) throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      for i in 3..<6 {
        var keyframe = StandIn.keyframe(i, walk: 1)
        (keyframe.certainty, keyframe.depth) = (Double(i) / 8, Self.depth(i))
        file.add(keyframe)
      }
      file.learn(Self.depth(0), of: 0, walk: 1)
      file.learn(Self.depth(1), of: 1, walk: 2)
      file.learn(Self.depth(99), of: 3, walk: 2)  // it has one
      try file.close()
      try body(path)
    }
  }

  @Test func whatAModelKnewComesBack() throws {
    try withHints { path in
      let now = try contents(path)
      #expect(now.rows.map(\.certainty) == [nil, nil, nil, 0.375, 0.5, 0.625])
      let ids = [0, 1, 3, 4, 5]
      #expect(now.depths == Dictionary(uniqueKeysWithValues: ids.map { ($0, Self.depth($0)) }))
      let file = try WorldFile(at: path)
      for (walk, known) in [(1, [3, 4, 5]), (2, [0, 3, 4, 5]), (3, ids)] {
        var seen: [Int] = []
        try file.forEachDepth(before: walk) { id, _ in seen.append(id) }
        #expect(seen == known)
      }
      try file.branch(to: path + ".branch")
      try file.close()
      #expect(try contents(path + ".branch").rows == now.rows)
      #expect(try contents(path + ".branch").depths == now.depths)
      _ = try WorldFile.salvage(path, to: path + ".saved") { _ in StandIn.place }
      #expect(try contents(path + ".saved").rows == now.rows)
      #expect(try contents(path + ".saved").depths == now.depths)
    }
  }

  @Test(arguments: [
    "UPDATE keyframe SET certainty = 0.51 WHERE id = 4",
    "UPDATE keyframe SET certainty = NULL WHERE id = 4",
    "UPDATE keyframe SET certainty = 1 WHERE id = 1",
    "UPDATE depth SET walk = 3 WHERE id = 1", "UPDATE depth SET walk = NULL WHERE id = 1",
    "UPDATE depth SET walk = 1 WHERE id = 4",
  ])
  func aChangedHintIsFound(change: String) throws {
    try withHints { path in
      #expect(try WorldFile.inspect(path, thoroughly: true).problems == [])
      try DatabaseQueue(path: path).write { try $0.execute(sql: change) }
      #expect(try WorldFile.inspect(path, thoroughly: true).problems.count == 1)
      #expect(throws: WorldFileError.self) { try contents(path) }
    }
  }

  /// With the right checksum, too: it would be no certainty.
  @Test(arguments: [1.5, -0.25]) func anImpossibleCertaintyIsDamage(certainty: Double) throws {
    try withHints { path in
      try DatabaseQueue(path: path).write { db in
        try db.execute(sql: "DELETE FROM keyframe WHERE id = 5")
        var keyframe = StandIn.keyframe(5, walk: 1)
        keyframe.certainty = certainty
        try KeyframeRow(keyframe).insert(db)
      }
      #expect(throws: WorldFileError.self) { try contents(path) }
    }
  }

  @Test func theFirstCameraIsThatOfTheFirstKeyframe() throws {
    try withHints { path in
      let file = try WorldFile(at: path)
      #expect(try file.firstCamera() == StandIn.camera(0))
      try file.close()
    }
  }
}
