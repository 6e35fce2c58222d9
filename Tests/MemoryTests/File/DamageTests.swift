import Foundation
import GRDB
import Images
import Scene
import StandIn
import TestSupport
import Testing

@testable import Memory

/// Foreign and damaged files: refused by name, never changed, copied as far as they are intact.
@Suite struct DamageTests {
  @Test func whatIsNoWorldIsRefused() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/x.world"
      #expect(throws: WorldFileError.self) { try WorldFile(at: path) }
      #expect(throws: WorldFileError.self) { try WorldFile(at: folder) }
      try Data("no database, but long enough to be one ....".utf8).write(to: URL(filePath: path))
      #expect(throws: WorldFileError.foreign(file: path, reason: "it is not an SQLite file")) {
        try WorldFile(at: path)
      }
      try FileManager.default.removeItem(atPath: path)
      try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE a (b)") }
      for attempt in [{ _ = try WorldFile(at: path) }, { _ = try salvage(path) }] {
        #expect(throws: WorldFileError.foreign(file: path, reason: "another program's SQLite file"))
        {
          try attempt()
        }
      }
    }
  }

  @Test func aNewerFormatIsRefused() throws {
    try withWorld { path in
      try DatabaseQueue(path: path).writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA user_version = 99")
      }
      #expect(throws: WorldFileError.newer(file: path, version: 99)) { try WorldFile(at: path) }
    }
  }

  @Test func tablesThatAreNotOursAreRefused() throws {
    try withWorld { path in
      try DatabaseQueue(path: path).write {
        try $0.execute(
          sql: "CREATE TRIGGER t AFTER INSERT ON keyframe BEGIN DELETE FROM picture; END")
      }
      #expect(throws: WorldFileError.self) { try WorldFile(at: path) }
      #expect(try WorldFile.inspect(path, thoroughly: true).problems.count == 1)
      #expect(try salvage(path).keyframes == 3)
      try WorldFile(at: path + ".saved").close()
    }
  }

  @Test func aChangedRowIsFoundAndLeftBehind() throws {
    try withWorld(keyframes: 12) { path in
      try DatabaseQueue(path: path).write { db in
        try db.execute(
          sql: """
            UPDATE keyframe SET generation = 0.5 WHERE id = 2;
            UPDATE picture SET bytes = CAST(substr(bytes, 1, 50) || x'00' AS BLOB) WHERE id = 4;
            DELETE FROM picture WHERE id = 7;
            """)
      }
      let before = try Data(contentsOf: URL(filePath: path))
      #expect(throws: WorldFileError.self) { try keyframes(path) }
      let report = try WorldFile.inspect(path, thoroughly: true)
      #expect(report.problems.count == 3 && report.keyframes == 12, "\(report.problems)")
      let saved = try salvage(path)
      #expect(saved.lost == ["keyframe 2", "keyframe 4", "keyframe 7"] && saved.keyframes == 9)
      let rest = [0, 1, 3, 5, 6, 8, 9, 10, 11].map { StandIn.camera($0) }
      #expect(try keyframes(path + ".saved") == rest)
      #expect(try WorldFile.inspect(path + ".saved", thoroughly: true).problems == [])
      #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }
  }

  @Test func walksOfAWholeWorldComeAlong() throws {
    try withWorld { path in
      let file = try WorldFile(at: path)
      file.begin(WalkRecord(id: 1, known: 3, model: "m", weights: "w", settings: "{}"))
      for i in 0..<5 { file.log(StandIn.camera(i), walk: 1, frame: i) }
      try file.close()
      #expect(try salvage(path).walks == 1)
      let copy = try WorldFile(at: path + ".saved")
      #expect(try copy.walks().map(\.known) == [3])
      #expect(try copy.cameras(ofWalk: 1) == (0..<5).map { StandIn.camera($0) })
      try copy.close()
    }
  }

  /// Whatever is overwritten: no crash, no change to the file, and nothing wrong in the copy.
  @Test(arguments: 0..<40) func anyDamageIsSurvived(seed: UInt64) throws {
    try withWorld(keyframes: 200) { path in
      var dice = Numbers(seed: seed)
      var bytes = try Data(contentsOf: URL(filePath: path))
      for _ in 0...(seed % 4) {
        let start = Int(dice.next() % UInt64(bytes.count - 100)) + 100
        let end = min(bytes.count, start + Int(dice.next() % 6000))
        for i in start..<end {
          bytes[i] = seed % 2 == 0 ? 0 : UInt8(truncatingIfNeeded: dice.next())
        }
      }
      if seed % 5 == 0 { bytes.removeLast(bytes.count / 3) }
      try bytes.write(to: URL(filePath: path))
      let report = try? WorldFile.inspect(path, thoroughly: true)
      let saved = try? salvage(path)
      #expect(try Data(contentsOf: URL(filePath: path)) == bytes)
      if let saved {
        let known = Set((0..<200).map { StandIn.camera($0) })
        #expect(try keyframes(path + ".saved").allSatisfy(known.contains))
        #expect(try keyframes(path + ".saved").count == saved.keyframes)
        if saved.keyframes < 200 { #expect(report?.problems != [], "\(saved.lost)") }
      }
      if let file = try? WorldFile(at: path) {
        for id in 0..<200 {
          if let picture = try? file.picture(of: id) {
            #expect(picture == StandIn.keyframe(id).picture)
          }
        }
        try? file.close()
      }
    }
  }

  /// A page whose first bytes, by which SQLite knows what it is, are gone: it ends any transaction that
  /// comes to it.
  @Test(arguments: [0.3, 0.5, 0.7, 0.9]) func aPageThatCannotBeReadCostsItsRowsOnly(at part: Double)
    throws
  {
    try withWorld(keyframes: 200) { path in
      var bytes = try Data(contentsOf: URL(filePath: path))
      let page = Int(Double(bytes.count / 4096) * part) * 4096
      for i in page..<page + 12 { bytes[i] = 0xEE }
      try bytes.write(to: URL(filePath: path))
      let report = try WorldFile.inspect(path, thoroughly: true)
      #expect(report.problems.count > 0 && report.name != nil, "\(report.problems)")
      let saved = try salvage(path)
      #expect(saved.keyframes > 100 && saved.keyframes + saved.lost.count >= 200, "\(saved)")
      #expect(try WorldFile.inspect(path + ".saved", thoroughly: true).problems == [])
    }
  }

  @Test func rowsGoOnInOneDirection() {
    var (rising, falling) = (RowOrder(), RowOrder(falls: true))
    #expect([-3, 0, 1, 7].allSatisfy { rising.admits($0) } && !rising.admits(7))
    #expect([7, 1, 0, -3].allSatisfy { falling.admits($0) } && !falling.admits(7))
  }

  @Test func aFailedMigrationChangesNothing() throws {
    let queue = try DatabaseQueue()
    try queue.writeWithoutTransaction { db in
      try Schema.migrate(db)
      let before = try Schema.declarations(db)
      #expect(throws: DatabaseError.self) {
        try Schema.migrate(
          db, by: Schema.migrations + ["CREATE TABLE extra (a)", "CREATE TABLE extra (a)"])
      }
      #expect(try Schema.declarations(db) == before)
      try Schema.migrate(db, by: Schema.migrations + ["CREATE TABLE extra (a)"])
      #expect(try Schema.declarations(db).count == before.count + 1)
      #expect(try Int.fetchOne(db, sql: "PRAGMA user_version") == Schema.version + 1)
    }
  }
}

private func keyframes(_ path: String) throws -> [Camera] {
  let file = try WorldFile(at: path)
  defer { try? file.close() }
  var cameras: [Camera] = []
  try file.forEachKeyframe { cameras.append($0.camera) }
  return cameras
}

@discardableResult
private func salvage(_ path: String) throws -> SalvageReport {
  try WorldFile.salvage(path, to: path + ".saved") { _ in StandIn.place }
}
