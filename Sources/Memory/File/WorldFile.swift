import Foundation
import GRDB
import GRDBSQLite
public import Images
public import Scene
import Synchronization

/// A world on disk: one SQLite file with every keyframe, its picture, and a log of the walks.
///
///     let file = try WorldFile(at: "garden.world")
///     try file.forEachKeyframe { keyframe in … }                   // poses alone: fast
///     let photo = try file.picture(of: 41)                         // pictures when they matter
///     file.add(KeyframeRecord(id: 42, camera: camera, generation: 1, picture: ImageFile(image)))
///     try file.close()
///
/// One process owns an open world, and one thread of it writes, in the background. A keyframe whose id
/// is below `status.saved` is on disk: neither the end of the process nor, where the disk keeps its
/// promises, a power failure takes it away. Documentation/WORLD.md describes the file.
public final class WorldFile: Sendable {
  public let path: String
  public let place: PlaceRecord
  private let queue: DatabaseQueue
  private let saver: Saver
  private let claim: Claim
  private let isClosed = Mutex(false)

  /// How saving stands.
  public struct Status: Hashable, Sendable {
    /// Keyframes with ids below this are on disk.
    public var saved: Int
    /// Keyframes that are not yet.
    public var waiting: Int
    /// Why saving has stopped and what to do; nil while it goes on.
    public var trouble: String?

    public init(saved: Int, waiting: Int, trouble: String? = nil) {
      (self.saved, self.waiting, self.trouble) = (saved, waiting, trouble)
    }
  }

  /// Makes a world of given pictures: the file appears in one step when it is complete.
  ///
  /// - Parameters:
  ///   - count: how many there are.
  ///   - keyframe: the i-th, asked for in order: one at a time, since together they may be larger
  ///     than the memory. Its id is i.
  /// - Throws: ``WorldFileError``, `.occupied` where something has that name; or what `keyframe` does.
  public static func create(
    at path: String, place: PlaceRecord, count: Int, keyframe: (Int) throws -> KeyframeRecord
  ) throws {
    try NewFile.write(to: path) { db in
      try db.inTransaction {
        try place.insert(db)
        for i in 0..<count { try Self.insert(keyframe(i), db) }
        return .commit
      }
    }
  }

  static func insert(_ keyframe: KeyframeRecord, _ db: Database) throws {
    try KeyframeRow(keyframe).insert(db)
    try keyframe.picture.insert(keyframe.id, db)
    if let depth = keyframe.depth { try DepthRow(id: keyframe.id, bytes: depth).insert(db) }
  }

  /// Opens a world for walking in it, as its only owner.
  ///
  /// - Throws: ``WorldFileError``, and nothing is changed then.
  public convenience init(at path: String) throws {
    try self.init(at: path, saving: Saving())
  }

  init(at path: String, saving: Saving) throws {
    let path = absolute(path)
    self.path = path
    (claim, queue, place, saver) = try Self.wording(path) {
      let claim = try Claim(on: path)
      try Self.checkHeader(of: path)
      guard access(path, W_OK) == 0 else {
        let why = String(cString: strerror(errno))
        throw WorldFileError.failed(
          file: path,
          reason: "cannot be written (\(why)): copy it to where it can, and open the copy")
      }
      let queue = try DatabaseQueue(path: path, configuration: .owner)
      try queue.writeWithoutTransaction { db in try Self.own(db, path) }
      let place = try queue.read { db in try PlaceRecord(db) }
      let count = try queue.read { db in try Self.nextID(db, path) }
      return (claim, queue, place, Saver(queue, file: path, saved: count, patience: saving))
    }
  }

  deinit { try? close() }

  /// Waits until everything is saved, folds it into the one file, and lets it go.
  ///
  /// - Throws: ``WorldFileError`` where something could not be saved.
  public func close() throws {
    guard
      isClosed.withLock({ wasClosed in
        defer { wasClosed = true }
        return !wasClosed
      })
    else { return }
    let trouble = saver.close()
    try Self.wording(path) { try queue.close() }
    claim.drop()
    if let trouble { throw WorldFileError.failed(file: path, reason: trouble) }
  }

  // MARK: Opening

  /// Refuses what is not ours before SQLite touches it.
  static func checkHeader(of path: String) throws {
    guard let header = FileHeader(try readFile(path, limit: 100)) else {
      throw WorldFileError.foreign(file: path, reason: "it is not an SQLite file")
    }
    guard header.applicationID == Schema.applicationID else {
      throw WorldFileError.foreign(file: path, reason: "another program's SQLite file")
    }
    guard header.version <= Schema.version else {
      throw WorldFileError.newer(file: path, version: header.version)
    }
  }

  /// Takes the lock that is held until the end, checks the tables, and brings them up to date.
  private static func own(_ db: Database, _ path: String) throws {
    _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
    try db.inTransaction(.exclusive) { .commit }
    let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard try Schema.declarations(db) == Schema.expectedDeclarations(version: version) else {
      throw WorldFileError.damaged(file: path, reason: "its tables are not those of a world")
    }
    try Schema.migrate(db)
  }

  private static func nextID(_ db: Database, _ path: String) throws -> Int {
    let last = try Int.fetchOne(db, sql: "SELECT max(id) FROM keyframe") ?? -1
    guard last < .max else {
      throw WorldFileError.damaged(file: path, reason: "its last keyframe has no successor")
    }
    return last + 1
  }

  /// Runs something, with its errors in a world's words.
  static func wording<R>(_ path: String, _ body: () throws -> R) throws -> R {
    guard sqlite3_libversion_number() >= 3_037_000 else {
      let version = String(cString: sqlite3_libversion())
      throw WorldFileError.failed(
        file: path, reason: "needs SQLite 3.37 or newer, and this system has \(version)")
    }
    do { return try body() } catch let damage as RowDamage {
      throw WorldFileError.damaged(file: path, reason: "\(damage.what) is damaged")
    } catch ImageError.unreadable(let file, let reason) {
      throw WorldFileError.missing(file: file, reason: "cannot be read: \(reason)")
    } catch let error as DatabaseError {
      throw WorldFileError(error, file: path)
    }
  }

  private func read<R>(_ body: (Database) throws -> R) throws -> R {
    guard !isClosed.withLock({ $0 }) else {
      throw WorldFileError.failed(file: path, reason: "it has been closed: open it again")
    }
    return try Self.wording(path) { try queue.read(body) }
  }

  // MARK: Reading

  /// Calls `body` for every saved keyframe in order; pictures are left where they are.
  ///
  /// - Throws: ``WorldFileError/damaged(file:reason:)`` at the first row that is not as written.
  public func forEachKeyframe(_ body: (KeyframeRow) throws -> Void) throws {
    try read { db in
      var next = 0
      try KeyframeRow.scan(db) { keyframe in
        guard keyframe.id == next else { throw RowDamage(what: "keyframe \(next)") }
        next += 1
        try body(keyframe)
      }
    }
  }

  /// Calls `body` for every keyframe that has a coarse depth, in order.
  ///
  /// - Parameter walk: leave out those that were guessed on this walk or a later one.
  public func forEachDepth(
    before walk: Int = .max, _ body: (_ id: Int, _ bytes: [UInt8]) throws -> Void
  ) throws {
    let query = "SELECT \(DepthRow.columns(format: Schema.version)) FROM depth ORDER BY id"
    try read { db in
      let rows = try Row.fetchCursor(db, sql: query)
      while let row = try rows.next() {
        let depth = try DepthRow(row)
        if depth.walk ?? 0 < walk { try body(depth.id, depth.bytes) }
      }
    }
  }

  /// The camera of the first keyframe; nil where there is none.
  public func firstCamera() throws -> Camera? {
    let query =
      "SELECT \(KeyframeRow.columns(format: Schema.version)) FROM keyframe ORDER BY id LIMIT 1"
    return try read { db in
      try Row.fetchOne(db, sql: query).map { try KeyframeRow($0).camera }
    }
  }

  /// The picture of a keyframe, as it came; also one that still waits to be saved.
  public func picture(of id: Int) throws -> ImageFile {
    if let picture = saver.picture(id) { return picture }
    return try read { db in try ImageFile(id, db) }
  }

  /// All walks so far, the one that is under way included.
  public func walks() throws -> [WalkRecord] {
    try read { db in
      try Row.fetchAll(db, sql: "SELECT \(WalkRecord.columns) FROM walk ORDER BY id")
        .map { try WalkRecord($0) }
    }
  }

  /// The cameras that were drawn on a walk, in order.
  public func cameras(ofWalk walk: Int) throws -> [Camera] {
    try read { db in
      let query = "SELECT \(Leg.columns) FROM leg WHERE walk = ? ORDER BY id"
      return try Row.fetchAll(db, sql: query, arguments: [walk])
        .flatMap { try Leg($0).cameras }
    }
  }

  /// The camera that was drawn last; nil in a new world.
  public func lastCamera() throws -> Camera? {
    try read { db in
      try Row.fetchOne(db, sql: "SELECT \(Leg.columns) FROM leg ORDER BY id DESC LIMIT 1")
        .flatMap { try Leg($0).cameras.last }
    }
  }

  // MARK: Writing

  public var status: Status { saver.status }

  /// Keeps a keyframe; returns at once.
  public func add(_ keyframe: KeyframeRecord) { saver.add(keyframe) }

  /// Notes what was found out on a walk: how far away a keyframe's surfaces are, about. Returns at once.
  public func learn(_ depth: [UInt8], of id: Int, walk: Int) {
    saver.learn(DepthRow(id: id, bytes: depth, walk: walk))
  }

  /// Begins a walk: what is drawn from now on belongs to it.
  public func begin(_ walk: WalkRecord) { saver.begin(walk) }

  /// Notes a camera that was drawn: the `frame`-th of its walk, from 0. Returns at once.
  public func log(_ camera: Camera, walk: Int, frame: Int) {
    saver.log(camera, walk: walk, frame: frame)
  }

  /// Waits until everything given so far is saved.
  ///
  /// - Throws: ``WorldFileError`` where it could not be; it stays in memory and is tried again.
  public func flush() throws {
    if let trouble = saver.flush() { throw WorldFileError.failed(file: path, reason: trouble) }
  }

  /// Copies the world as it is now into a new file that shares nothing with this one.
  public func branch(to other: String) throws {
    try flush()
    try Self.wording(path) {
      try NewFile.write(to: other) { copy in
        try queue.writeWithoutTransaction { db in try db.backup(to: copy) }
      }
    }
  }

  /// Runs SQL on the file, for tests of what happens when it cannot be written.
  func disturb(_ sql: String) throws {
    try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
  }
}

extension Configuration {
  /// One owner, one connection: the lock is held until the end, so that no shared memory is needed.
  static var owner: Configuration {
    var configuration = Configuration()
    configuration.label = "rtfm world"
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      try db.execute(
        sql: """
          PRAGMA locking_mode = EXCLUSIVE;
          PRAGMA synchronous = FULL;
          PRAGMA fullfsync = ON;
          PRAGMA mmap_size = 0;
          PRAGMA trusted_schema = OFF;
          PRAGMA cell_size_check = ON;
          PRAGMA cache_size = -8192;
          """)
    }
    return configuration
  }
}
