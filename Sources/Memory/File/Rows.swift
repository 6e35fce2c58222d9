import Foundation
import GRDB
import GRDBSQLite
import Images
public import Scene

/// Records to rows and back. Whoever reads a row checks its checksum: one that differs is damaged.
struct RowDamage: Error {
  let what: String
}

/// Whether rows' ids go on in one direction: damaged pages may point in a circle, round which SQLite
/// would lead for ever.
struct RowOrder {
  let falls: Bool
  private var last: Int?

  init(falls: Bool = false) { self.falls = falls }

  /// Whether a row may follow those before.
  mutating func admits(_ id: Int) -> Bool {
    defer { last = id }
    return last.map { falls ? id < $0 : id > $0 } ?? true
  }
}

extension Row {
  /// A column's value; whatever else is there, damage is an error and no trap.
  fileprivate func value<T: DatabaseValueConvertible>(
    _ index: Int, of what: @autoclosure () -> String
  ) throws -> T {
    guard index < count, let value = T.fromDatabaseValue(self[index]) else {
      throw RowDamage(what: what())
    }
    return value
  }

  /// A number that may be missing.
  fileprivate func number(_ index: Int) -> Int? { Int.fromDatabaseValue(self[index]) }

  fileprivate func bytes(_ index: Int, of what: @autoclosure () -> String) throws -> [UInt8] {
    [UInt8](try value(index, of: what()) as Data)
  }
}

extension PlaceRecord {
  private var axes: [UInt8] { numbers([up.x, up.y, up.z, scale]) }

  private var checksum: UInt32 {
    var sum = Checksum()
    sum.add(name)
    sum.add(axes)
    sum.add(created)
    return sum.value
  }

  func insert(_ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO place VALUES (0, ?, ?, ?, ?)",
      arguments: [name, Data(axes), created, checksum])
  }

  init(_ db: Database) throws {
    let what = "what the world is called and how large it is"
    let query = "SELECT name, axes, created, checksum FROM place"
    guard let row = try Row.fetchOne(db, sql: query) else { throw RowDamage(what: what) }
    let axes = try row.bytes(1, of: what)
    guard axes.count == 32 else { throw RowDamage(what: what) }
    let n = axes.withUnsafeBytes { bytes in (0..<4).map { bytes.number($0) } }
    self.init(
      name: try row.value(0, of: what), up: [n[0], n[1], n[2]], scale: n[3],
      created: try row.value(2, of: what))
    guard try row.value(3, of: what) == checksum, up.isFinite, scale > 0, scale.isFinite else {
      throw RowDamage(what: what)
    }
  }
}

/// A keyframe as the file has it, all but the picture.
public struct KeyframeRow: Hashable, Sendable {
  public let id: Int
  public let camera: Camera
  public let generation: Double
  /// How sure the model was of it, 0...1; nil where nobody said, which counts as 1.
  public let certainty: Double?
  /// The walk that drew it; nil for a given picture.
  public let walk: Int?

  private static let columns = "id, camera, generation, walk, checksum, certainty"

  /// The columns of a file of some format.
  static func columns(format: Int) -> String {
    format < 2 ? "id, camera, generation, walk, checksum, NULL" : columns
  }

  private static func checksum(
    _ id: Int, _ camera: UnsafeRawBufferPointer, _ generation: Double, _ walk: Int?,
    _ certainty: Double?
  ) -> UInt32 {
    var sum = Checksum()
    sum.add(id)
    sum.add(camera)
    sum.add(generation)
    sum.add(walk ?? 0)
    if let certainty { sum.add(certainty) }
    return sum.value
  }

  func insert(_ db: Database) throws {
    let camera = camera.bytes
    let sum = camera.withUnsafeBytes { Self.checksum(id, $0, generation, walk, certainty) }
    let statement = try db.cachedStatement(
      sql: "INSERT INTO keyframe (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?)")
    try statement.execute(arguments: [id, Data(camera), generation, walk, sum, certainty])
  }

  /// Reads a row of `columns`.
  init(_ row: Row) throws {
    let id: Int = try row.value(0, of: "a keyframe")
    let generation: Double = try row.value(2, of: "keyframe \(id)")
    let (walk, sum) = (row.number(3), row.number(4))
    let certainty = Double.fromDatabaseValue(row[5])
    let camera = try? row.withUnsafeData(atIndex: 1) { data -> Camera? in
      data?.withUnsafeBytes { bytes in
        Int(Self.checksum(id, bytes, generation, walk, certainty)) == sum
          ? Camera(bytes: bytes) : nil
      }
    }
    guard let camera else { throw RowDamage(what: "keyframe \(id)") }
    (self.id, self.camera, self.generation) = (id, camera, generation)
    (self.certainty, self.walk) = (certainty, walk)
    guard isPossible else { throw RowDamage(what: "keyframe \(id)") }
  }

  private var isPossible: Bool {
    generation >= 0 && generation.isFinite && certainty.map { $0 >= 0 && $0 <= 1 } ?? true
  }

  /// Calls `body` for every row of a file of the newest format, in the order of ids: a million in about
  /// a second, since it asks SQLite itself and makes no objects.
  static func scan(_ db: Database, _ body: (KeyframeRow) throws -> Void) throws {
    let query = "SELECT \(columns) FROM keyframe ORDER BY id"
    let statement = try db.makeStatement(sql: query)
    try withExtendedLifetime(statement) {
      while true {
        switch sqlite3_step(statement.sqliteStatement) {
        case SQLITE_ROW: try body(KeyframeRow(statement.sqliteStatement))
        case SQLITE_DONE: return
        case let code: throw DatabaseError(resultCode: ResultCode(rawValue: code))
        }
      }
    }
  }

  /// Reads the row that a statement of `columns` has come to.
  private init(_ statement: OpaquePointer) throws {
    id = Int(sqlite3_column_int64(statement, 0))
    generation = sqlite3_column_double(statement, 2)
    let isGiven = sqlite3_column_type(statement, 3) == SQLITE_NULL
    walk = isGiven ? nil : Int(sqlite3_column_int64(statement, 3))
    let isTold = sqlite3_column_type(statement, 5) != SQLITE_NULL
    certainty = isTold ? sqlite3_column_double(statement, 5) : nil
    let bytes = UnsafeRawBufferPointer(
      start: sqlite3_column_blob(statement, 1), count: Int(sqlite3_column_bytes(statement, 1)))
    let sum = Int(sqlite3_column_int64(statement, 4))
    guard Int(Self.checksum(id, bytes, generation, walk, certainty)) == sum,
      let camera = Camera(bytes: bytes)
    else { throw RowDamage(what: "keyframe \(id)") }
    self.camera = camera
    guard isPossible else { throw RowDamage(what: "keyframe \(id)") }
  }

  init(_ record: KeyframeRecord) {
    (id, camera, generation) = (record.id, record.camera, record.generation)
    (certainty, walk) = (record.certainty, record.walk)
  }
}

extension ImageFile {
  private func checksum(_ id: Int) -> UInt32 {
    var sum = Checksum()
    sum.add(id)
    sum.add(kind.rawValue)
    sum.add(bytes)
    return sum.value
  }

  func insert(_ id: Int, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "INSERT INTO picture VALUES (?, ?, ?, ?)")
    try statement.execute(arguments: [id, kind.rawValue, Data(bytes), checksum(id)])
  }

  /// The picture of a keyframe.
  init(_ id: Int, _ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "SELECT kind, bytes, checksum FROM picture WHERE id = ?")
    guard let row = try Row.fetchOne(statement, arguments: [id]) else {
      throw RowDamage(what: "the picture of keyframe \(id), which is not there")
    }
    let what = "the picture of keyframe \(id)"
    guard let file = try? ImageFile(row.bytes(1, of: what), name: ""),
      try file.kind.rawValue == row.value(0, of: what),
      try file.checksum(id) == row.value(2, of: what)
    else { throw RowDamage(what: what) }
    self = file
  }
}

/// A keyframe's coarse depth in its table.
struct DepthRow {
  var id: Int
  var bytes: [UInt8]
  /// The walk on which it was guessed; nil where it came with the keyframe.
  var walk: Int?

  private static let columns = "id, bytes, checksum, walk"

  /// The columns of a file of some format.
  static func columns(format: Int) -> String { format < 2 ? "id, bytes, checksum, NULL" : columns }

  private var checksum: UInt32 {
    var sum = Checksum()
    sum.add(id)
    sum.add(bytes)
    if let walk { sum.add(walk) }
    return sum.value
  }

  /// Writes it, unless the keyframe has one.
  func insert(_ db: Database) throws {
    let statement = try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO depth (\(Self.columns)) VALUES (?, ?, ?, ?)")
    try statement.execute(arguments: [id, Data(bytes), checksum, walk])
  }

  init(id: Int, bytes: [UInt8], walk: Int? = nil) {
    (self.id, self.bytes, self.walk) = (id, bytes, walk)
  }

  /// Reads a row of `columns`.
  init(_ row: Row) throws {
    let id: Int = try row.value(0, of: "a depth")
    let what = "the depth of keyframe \(id)"
    self.init(id: id, bytes: try row.bytes(1, of: what), walk: row.number(3))
    guard try row.value(2, of: what) == checksum else { throw RowDamage(what: what) }
  }
}

extension WalkRecord {
  private var checksum: UInt32 {
    var sum = Checksum()
    for number in [id, begun, known ?? -1] { sum.add(number) }
    for text in [model, weights, settings] { sum.add(text) }
    return sum.value
  }

  func insert(_ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO walk VALUES (?, ?, ?, ?, ?, ?, ?)",
      arguments: [id, begun, known, model, weights, settings, checksum])
  }

  static let columns = "id, begun, known, model, weights, settings, checksum"

  /// Reads a row of `columns`.
  init(_ row: Row) throws {
    let id: Int = try row.value(0, of: "a walk")
    let what = "walk \(id)"
    self.init(
      id: id, begun: try row.value(1, of: what), known: row.number(2),
      model: try row.value(3, of: what), weights: try row.value(4, of: what),
      settings: try row.value(5, of: what))
    guard try row.value(6, of: what) == checksum else { throw RowDamage(what: what) }
  }
}

extension Leg {
  private static func checksum(_ walk: Int, _ first: Int, _ lens: Data, _ poses: Data) -> UInt32 {
    var sum = Checksum()
    sum.add(walk)
    sum.add(first)
    lens.withUnsafeBytes { sum.add($0) }
    poses.withUnsafeBytes { sum.add($0) }
    return sum.value
  }

  func insert(_ db: Database) throws {
    let (lens, poses) = (Data(lens.bytes), Data(poses.flatMap(\.bytes)))
    let statement = try db.cachedStatement(
      sql: "INSERT INTO leg (\(Self.columns)) VALUES (?, ?, ?, ?, ?)")
    try statement.execute(
      arguments: [walk, first, lens, poses, Self.checksum(walk, first, lens, poses)])
  }

  static let columns = "walk, first, lens, poses, checksum"

  /// Reads a row of `columns`.
  init(_ row: Row) throws {
    let walk: Int = try row.value(0, of: "a piece of a walk")
    let first: Int = try row.value(1, of: "a piece of walk \(walk)")
    let what = "frame \(first) and after of walk \(walk)"
    let (lensData, data): (Data, Data) = (try row.value(2, of: what), try row.value(3, of: what))
    let lens =
      lensData.count == CameraBytes.lens
      ? lensData.withUnsafeBytes { Intrinsics(bytes: $0) } : nil
    guard let lens, data.count % CameraBytes.pose == 0,
      try row.value(4, of: what) == Self.checksum(walk, first, lensData, data)
    else { throw RowDamage(what: what) }
    let poses = data.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count, by: CameraBytes.pose).map { start in
        Pose(bytes: .init(rebasing: bytes[start..<start + CameraBytes.pose]))
      }
    }
    self.init(walk: walk, first: first, lens: lens, poses: poses)
  }
}
