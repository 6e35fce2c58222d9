import GRDB

/// The tables of a world file and the numbers by which it is known. Documentation/WORLD.md says what
/// they mean.
enum Schema {
  /// In the file's header: "RTFM", so that `file` and SQLite's tools can tell.
  static let applicationID = 0x5254_464D
  /// The newest format, which is SQLite's `user_version`.
  static var version: Int { migrations.count }

  /// What takes a file from one version to the next; the first begins with an empty file. Files out
  /// there have been through them: they are never changed, only added to.
  static let migrations: [String] = [
    """
    CREATE TABLE place (
      id INTEGER PRIMARY KEY CHECK (id = 0), name TEXT NOT NULL, axes BLOB NOT NULL,
      created INTEGER NOT NULL, checksum INTEGER NOT NULL) STRICT;
    CREATE TABLE keyframe (
      id INTEGER PRIMARY KEY, camera BLOB NOT NULL, generation REAL NOT NULL, walk INTEGER,
      checksum INTEGER NOT NULL) STRICT;
    CREATE TABLE picture (
      id INTEGER PRIMARY KEY, kind TEXT NOT NULL, bytes BLOB NOT NULL,
      checksum INTEGER NOT NULL) STRICT;
    CREATE TABLE depth (
      id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
    CREATE TABLE walk (
      id INTEGER PRIMARY KEY, begun INTEGER NOT NULL, known INTEGER, model TEXT NOT NULL,
      weights TEXT NOT NULL, settings TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
    CREATE TABLE leg (
      id INTEGER PRIMARY KEY, walk INTEGER NOT NULL, first INTEGER NOT NULL, lens BLOB NOT NULL,
      poses BLOB NOT NULL, checksum INTEGER NOT NULL) STRICT;
    """,
    // 2: what a model knows. In rows that are older both are NULL and in no checksum, so that a world of
    // a million keyframes is brought up to date without a row being touched.
    """
    ALTER TABLE keyframe ADD COLUMN certainty REAL;
    ALTER TABLE depth ADD COLUMN walk INTEGER;
    """,
  ]

  /// The format of an opened file.
  static func version(_ db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
  }

  /// Brings a file to the newest version, all steps or none.
  static func migrate(_ db: Database, by migrations: [String] = migrations) throws {
    let version = try version(db)
    guard version < migrations.count else { return }
    try db.inTransaction(.immediate) {
      for step in migrations[version...] { try db.execute(sql: step) }
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(migrations.count)")
      return .commit
    }
  }

  /// Every table, index, trigger and view, as it was declared.
  static func declarations(_ db: Database) throws -> [String] {
    try String.fetchAll(
      db,
      sql: """
        SELECT coalesce(type, '') || ' ' || coalesce(name, '') || ' ' || coalesce(sql, '')
        FROM sqlite_master ORDER BY 1
        """)
  }

  /// What a file of the first `version` migrations declares.
  static func expectedDeclarations(version: Int) throws -> [String] {
    try DatabaseQueue().writeWithoutTransaction { db in
      try migrate(db, by: Array(migrations.prefix(version)))
      return try declarations(db)
    }
  }
}

/// The hundred bytes that an SQLite file begins with: enough to refuse what is not ours before
/// SQLite looks at it.
struct FileHeader {
  let applicationID: Int
  let version: Int

  /// Nil where the bytes are not an SQLite file's.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 100, bytes.starts(with: Array("SQLite format 3\0".utf8)) else {
      return nil
    }
    func number(at offset: Int) -> Int {
      bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
    }
    version = number(at: 60)
    applicationID = number(at: 68)
  }
}
