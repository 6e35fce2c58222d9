import GRDB
import Images

/// What is in a world file, and what is wrong with it.
public struct WorldReport: Codable, Hashable, Sendable {
  public var file: String
  public var name: String?
  public var format: Int
  public var bytes: Int
  public var keyframes = 0
  /// Keyframes that are given pictures.
  public var given = 0
  public var walks = 0
  /// Frames drawn on all walks.
  public var frames = 0
  /// The newest walks, as many as 100, oldest first.
  public var newestWalks: [Walk] = []
  /// Everything that is not as it was written; empty for a world that is whole.
  public var problems: [String] = []
  /// There were more problems than are listed.
  public var hasMoreProblems = false

  public struct Walk: Codable, Hashable, Sendable {
    /// What `rtfm render --walk` calls it.
    public var id: Int
    /// When it began, in milliseconds since 1970.
    public var begun: Int
    /// The name of the model that drew it.
    public var model: String
    public var frames: Int
  }

  static let longestList = 100

  fileprivate mutating func add(_ problem: String) {
    if problems.count < Self.longestList {
      problems.append(problem)
    } else {
      hasMoreProblems = true
    }
  }
}

extension WorldFile {
  /// Looks into a world without changing it: counts at once, and where asked for every byte.
  ///
  /// - Parameter thoroughly: check SQLite's structure, and every row against its checksum.
  /// - Throws: ``WorldFileError`` where it cannot be read at all, or someone has it open.
  public static func inspect(_ path: String, thoroughly: Bool) throws -> WorldReport {
    let bytes = ReadOnly.size(of: path) + ReadOnly.size(of: "\(path)-wal")
    return try ReadOnly.read(path) { db in
      let format = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      var report = WorldReport(file: path, format: format, bytes: bytes)
      guard try Schema.declarations(db) == Schema.expectedDeclarations(version: format) else {
        report.add("its tables are not those of a world")
        return report
      }
      report.count(db)
      report.listWalks(db)
      if thoroughly {
        report.checkSize(db)
        report.check(db, format: format)
      }
      return report
    }
  }
}

extension WorldReport {
  /// Runs a part of an inspection; what it throws is a problem.
  private mutating func attempt(_ part: (inout WorldReport) throws -> Void) {
    do { try part(&self) } catch let damage as RowDamage {
      add("\(damage.what) is damaged")
    } catch {
      add("\(error)")
    }
  }

  fileprivate mutating func count(_ db: Database) {
    attempt { $0.name = try PlaceRecord(db).name }
    attempt { report in
      report.keyframes = try Int.fetchOne(db, sql: "SELECT count(*) FROM keyframe") ?? 0
      report.given =
        try Int.fetchOne(db, sql: "SELECT count(*) FROM keyframe WHERE walk IS NULL") ?? 0
    }
    attempt { $0.walks = try Int.fetchOne(db, sql: "SELECT count(*) FROM walk") ?? 0 }
    attempt { report in
      let bytes = try Int.fetchOne(db, sql: "SELECT sum(length(poses)) FROM leg") ?? 0
      report.frames = bytes / CameraBytes.pose
    }
  }

  fileprivate mutating func listWalks(_ db: Database) {
    attempt { report in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT id, begun, model, (SELECT sum(length(poses)) FROM leg WHERE leg.walk = walk.id)
          FROM walk ORDER BY id DESC LIMIT \(Self.longestList)
          """)
      report.newestWalks = rows.reversed().compactMap { row in
        guard let id = Int.fromDatabaseValue(row[0]), let begun = Int.fromDatabaseValue(row[1]),
          let model = String.fromDatabaseValue(row[2])
        else { return nil }
        return Walk(
          id: id, begun: begun, model: model,
          frames: (Int.fromDatabaseValue(row[3]) ?? 0) / CameraBytes.pose)
      }
    }
  }

  /// Whether the file ends where SQLite's last page does; its log may hold more.
  fileprivate mutating func checkSize(_ db: Database) {
    attempt { report in
      let page = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      let size = ReadOnly.size(of: report.file)
      guard ReadOnly.size(of: "\(report.file)-wal") == 0, size != page * pages else { return }
      report.add("the file has \(size) bytes in place of \(page * pages)")
    }
    attempt { report in
      let known = try Int.fetchOne(db, sql: "SELECT max(known) FROM walk") ?? 0
      guard known > report.keyframes else { return }
      report.add("a walk began with \(known) keyframes, and there are \(report.keyframes)")
    }
  }

  fileprivate mutating func check(_ db: Database, format: Int) {
    attempt { report in
      let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(Self.longestList))")
      for line in lines where line != "ok" { report.add("SQLite: \(line)") }
    }
    attempt { report in
      var next = 0
      try report.forEach(KeyframeRow.columns(format: format), of: "keyframe", db) { row in
        let (expected, id) = (next, Int.fromDatabaseValue(row[0]) ?? next)
        next = id &+ 1
        _ = try KeyframeRow(row)
        if id != expected { throw RowDamage(what: "the order of keyframes: \(id) at \(expected)") }
      }
    }
    attempt { report in
      try report.forEach("id", of: "keyframe", db) { row in
        if let id = Int.fromDatabaseValue(row[0]) { _ = try ImageFile(id, db) }
      }
    }
    attempt { report in
      try report.forEach(DepthRow.columns(format: format), of: "depth", db) { _ = try DepthRow($0) }
    }
    attempt { try $0.forEach(WalkRecord.columns, of: "walk", db) { _ = try WalkRecord($0) } }
    attempt { try $0.forEach(Leg.columns, of: "leg", db) { _ = try Leg($0) } }
  }

  /// Calls `body` for every row of a table; what it throws is a problem, and the rest goes on.
  private mutating func forEach(
    _ columns: String, of table: String, _ db: Database, _ body: (Row) throws -> Void
  ) throws {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT \(columns), id AS place FROM \(table) ORDER BY id")
    var order = RowOrder()
    while let row = try rows.next() {
      guard let id = Int.fromDatabaseValue(row["place"]), order.admits(id) else {
        throw RowDamage(what: "the order of rows of \(table)")
      }
      attempt { _ in try body(row) }
    }
  }
}
