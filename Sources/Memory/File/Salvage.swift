import GRDB
import Images
public import Scene

/// What could be copied out of a damaged or foreign world.
public struct SalvageReport: Codable, Hashable, Sendable {
  public var keyframes = 0
  public var walks = 0
  /// What was left behind, in words.
  public var lost: [String] = []
}

extension WorldFile {
  /// Copies everything intact out of a world that is not to be trusted, row by row, into a new one.
  /// The old one is not changed.
  ///
  /// A keyframe comes along if its row and its picture are as they were written and make sense. Ids
  /// are given anew, without gaps.
  ///
  /// - Parameter place: what to take where even the row that describes the place is damaged.
  /// - Throws: ``WorldFileError``, also where there is no keyframe to save.
  public static func salvage(
    _ path: String, to other: String, orElse place: ([Camera]) -> PlaceRecord
  ) throws -> SalvageReport {
    var report = SalvageReport()
    try ReadOnly.read(path) { old in
      try NewFile.write(to: other) { new in
        try new.inTransaction {
          let cameras = try report.copyKeyframes(old, new)
          guard !cameras.isEmpty else {
            throw WorldFileError.damaged(file: path, reason: "not one keyframe of it is intact")
          }
          try report.copyPlace(old, new, orElse: place(cameras))
          try report.copyWalks(old, new)
          return .commit
        }
      }
    }
    return report
  }
}

extension SalvageReport {
  fileprivate mutating func copyPlace(
    _ old: Database, _ new: Database, orElse place: PlaceRecord
  ) throws {
    let record = try? PlaceRecord(old)
    if record == nil { lost.append("what the world was called and how large it was") }
    try (record ?? place).insert(new)
  }

  fileprivate mutating func copyKeyframes(_ old: Database, _ new: Database) throws -> [Camera] {
    let pictures = Self.ids(of: "picture", old, atLeast: 0)
    let format = try Schema.version(old)
    var cameras: [Camera] = []
    let ids = Self.ids(of: "keyframe", old, atLeast: (pictures.last ?? -1).adding(1))
    // Ids have no gaps but where rows are gone.
    for (before, id) in zip([-1] + ids, ids) where id > before.adding(1) {
      lost.append(
        id == before + 2 ? "keyframe \(before + 1)" : "keyframes \(before + 1) to \(id - 1)")
    }
    for id in ids {
      guard var keyframe = Self.keyframe(id, old, format: format) else {
        lost.append("keyframe \(id)")
        continue
      }
      keyframe.id = cameras.count
      try WorldFile.insert(keyframe, new)
      if var depth = Self.depth(id, old, format: format) {
        depth.id = keyframe.id
        try depth.insert(new)
      }
      cameras.append(keyframe.camera)
    }
    keyframes = cameras.count
    return cameras
  }

  /// A keyframe with a picture that decodes to its camera's size; nil where anything is wrong.
  private static func keyframe(_ id: Int, _ db: Database, format: Int) -> KeyframeRecord? {
    let query = "SELECT \(KeyframeRow.columns(format: format)) FROM keyframe WHERE id = ?"
    guard let found = try? Row.fetchOne(db, sql: query, arguments: [id]),
      let row = try? KeyframeRow(found), row.camera.isUsable,
      let picture = try? ImageFile(id, db), let image = try? picture.image(),
      image.width == row.camera.intrinsics.width, image.height == row.camera.intrinsics.height
    else { return nil }
    return KeyframeRecord(
      id: id, camera: row.camera, generation: row.generation, certainty: row.certainty,
      picture: picture, walk: row.walk)
  }

  private static func depth(_ id: Int, _ db: Database, format: Int) -> DepthRow? {
    let query = "SELECT \(DepthRow.columns(format: format)) FROM depth WHERE id = ?"
    let row = try? Row.fetchOne(db, sql: query, arguments: [id])
    return row.flatMap { try? DepthRow($0) }
  }

  fileprivate mutating func copyWalks(_ old: Database, _ new: Database) throws {
    let isWhole = lost.isEmpty
    for id in Self.ids(of: "walk", old, atLeast: 0) {
      let query = "SELECT \(WalkRecord.columns) FROM walk WHERE id = ?"
      guard let row = try? Row.fetchOne(old, sql: query, arguments: [id]),
        var walk = try? WalkRecord(row)
      else {
        lost.append("walk \(id)")
        continue
      }
      if !isWhole { walk.known = nil }
      try walk.insert(new)
      walks += 1
    }
    for id in Self.ids(of: "leg", old, atLeast: 0) {
      let query = "SELECT \(Leg.columns) FROM leg WHERE id = ?"
      if let row = try? Row.fetchOne(old, sql: query, arguments: [id]), let leg = try? Leg(row) {
        try leg.insert(new)
      } else {
        lost.append("a piece of a walk (row \(id))")
      }
    }
  }

  /// The ids that a table may have: those that can be read from the front and from the back, and
  /// all that may lie between where pages in the middle are damaged.
  ///
  /// - Parameter count: so many there should be, where the end cannot be read.
  private static func ids(of table: String, _ db: Database, atLeast count: Int) -> [Int] {
    // A page of 4 KiB holds no more than 40 rows of ours.
    let rows = 40 * ((try? Int.fetchOne(db, sql: "PRAGMA page_count")) ?? 0)
    let (front, isWhole) = readable("SELECT id FROM \(table) ORDER BY id", RowOrder(), db)
    if isWhole { return front }
    let after = (front.last ?? -1).adding(1)
    let (back, _) = readable(
      "SELECT id FROM \(table) WHERE id >= \(after) ORDER BY id DESC", RowOrder(falls: true), db)
    let end = back.last ?? max(after, count)
    let between = after..<max(after, min(end, after.adding(rows)))
    return front + between + back.reversed()
  }

  /// Ids up to the first page that cannot be read; whether there was none.
  private static func readable(_ query: String, _ order: RowOrder, _ db: Database)
    -> (ids: [Int], isWhole: Bool)
  {
    var ids: [Int] = []
    var order = order
    do {
      let rows = try Row.fetchCursor(db, sql: query)
      while let row = try rows.next() {
        guard let id = Int.fromDatabaseValue(row[0]), order.admits(id) else { return (ids, false) }
        ids.append(id)
      }
      return (ids, true)
    } catch {
      return (ids, false)
    }
  }
}

extension Int {
  /// A sum that a damaged file's numbers do not overflow: the largest number in place of a larger one.
  fileprivate func adding(_ other: Int) -> Int {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }
}
