import Foundation
import GRDB
import Scene
import Synchronization

/// A path from the root, whatever the working directory becomes.
func absolute(_ path: String) -> String {
  path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
}

/// This process's word that it opens a file only once: opening it again, even to read, would drop
/// the lock that keeps other processes out (POSIX locks go with the first descriptor closed).
final class Claim: Sendable {
  private struct File: Hashable {
    let device: UInt64
    let number: UInt64
  }

  private static let open = Mutex<Set<File>>([])
  /// Nil once it was dropped: what is claimed after that is another's.
  private let file: Mutex<File?>

  /// - Throws: ``WorldFileError``: `.missing`, or `.busy` where this process has it open.
  init(on path: String) throws {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw WorldFileError.missing(file: path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw WorldFileError.missing(file: path, reason: "is not a file")
    }
    let file = File(device: UInt64(status.st_dev), number: UInt64(status.st_ino))
    guard Self.open.withLock({ $0.insert(file).inserted }) else {
      throw WorldFileError.busy(file: path)
    }
    self.file = Mutex(file)
  }

  func drop() {
    file.withLock { file in
      guard let claimed = file.take() else { return }
      _ = Self.open.withLock { $0.remove(claimed) }
    }
  }

  deinit { drop() }
}

extension WorldFile {
  /// A checksum of any file, in hexadecimal: to tell one model's weights from another's.
  public static func checksum(ofFile path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw WorldFileError.missing(file: path, reason: String(cString: strerror(errno)))
    }
    var sum = Checksum()
    while let piece = try file.read(upToCount: 1 << 20), !piece.isEmpty {
      piece.withUnsafeBytes { sum.add($0) }
    }
    return String(sum.value, radix: 16)
  }
}

/// A world file in the making: it gets its name when it is complete, and takes no other's place.
enum NewFile {
  static func write(to path: String, _ body: (Database) throws -> Void) throws {
    let path = absolute(path)
    var status = stat()
    guard lstat(path, &status) != 0 else { throw WorldFileError.occupied(file: path) }
    removeUnfinished(at: path)
    let partial = "\(path).partial-\(UInt32.random(in: 0 ... .max))"
    defer { unlink(partial) }
    try WorldFile.wording(path) {
      let queue = try DatabaseQueue(path: partial, configuration: .scratch)
      try queue.writeWithoutTransaction { db in
        try Schema.migrate(db)
        try body(db)
        // As its owner will have it, so that opening it changes nothing.
        _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = WAL")
      }
      try queue.close()
      try settle(partial)
      guard rename(partial, path) else {
        throw errno == EEXIST ? WorldFileError.occupied(file: path) : failure(path)
      }
      try settle((path as NSString).deletingLastPathComponent)
    }
  }

  /// Removes what was left of files of that name whose making was ended: who makes one holds it locked.
  private static func removeUnfinished(at path: String) {
    let (folder, name) = (
      (path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent
    )
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for file in files where file.hasPrefix("\(name).partial-") {
      let isOurs = UInt32(file.dropFirst(name.count + 9)) != nil
      if isOurs, !ReadOnly.isLocked("\(folder)/\(file)") { unlink("\(folder)/\(file)") }
    }
  }

  /// Gives a file its name unless something has it.
  private static func rename(_ partial: String, _ path: String) -> Bool {
    if link(partial, path) == 0 { return true }
    guard errno != EEXIST else { return false }
    return Foundation.rename(partial, path) == 0  // a disk without hard links
  }

  /// Waits until a file, or what a folder holds, is on disk.
  private static func settle(_ path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure(path) }
    defer { close(file) }
    #if canImport(Darwin)
      // fsync leaves it to the disk there.
      if fcntl(file, F_FULLFSYNC) == 0 { return }
    #endif
    guard fsync(file) == 0 else { throw failure(path) }
  }

  private static func failure(_ path: String) -> WorldFileError {
    .failed(file: path, reason: "cannot be written: \(String(cString: strerror(errno)))")
  }
}

extension Configuration {
  /// For a file that counts only once it is complete.
  static var scratch: Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    configuration.prepareDatabase { db in
      try db.execute(
        sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
    }
    return configuration
  }

  /// How to read what may be damaged or meant to harm. Of a file that was cut short SQLite would read
  /// nothing at all, were its tables not allowed to be wrong (`writable_schema`).
  private static let careful =
    "PRAGMA writable_schema = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"

  fileprivate static var reader: Configuration {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.prepareDatabase { db in
      try db.execute(sql: careful)
    }
    return configuration
  }
}

/// A world file that is only looked at: whatever it holds, nothing of it is changed.
enum ReadOnly {
  /// - Throws: ``WorldFileError``; `.busy` where someone has it open.
  static func read<R>(_ path: String, _ body: (Database) throws -> R) throws -> R {
    let path = absolute(path)
    return try rewording {
      try WorldFile.wording(path) { try claimed(path, body) }
    }
  }

  private static func claimed<R>(_ path: String, _ body: (Database) throws -> R) throws -> R {
    let claim = try Claim(on: path)
    defer { claim.drop() }
    try WorldFile.checkHeader(of: path)
    guard !isLocked(path) else { throw WorldFileError.busy(file: path) }
    if size(of: "\(path)-wal") == 0, isInPlaceReadable {
      return try open(uri(path), .reader, body)
    }
    return try withCopy(of: path) { try open($0, .scratchReader, body) }
  }

  /// Damage that keeps even those from reading who look for it: they are not to be asked again.
  private static func rewording<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch WorldFileError.damaged(let file, let reason) {
      throw WorldFileError.failed(file: file, reason: "\(reason), beyond what could be read")
    }
  }

  private static func open<R>(
    _ path: String, _ configuration: Configuration, _ body: (Database) throws -> R
  ) throws -> R {
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    defer { try? queue.close() }
    // No transaction: SQLite ends one at the first page that it can't read, and the rest is wanted.
    return try queue.unsafeRead(body)
  }

  /// Whether SQLite understands such a name: not every system's does.
  private static let isInPlaceReadable =
    (try? DatabaseQueue(path: "file::memory:?cache=private", configuration: .reader)) != nil
    && !FileManager.default.fileExists(atPath: "file::memory:?cache=private")

  /// A name by which SQLite takes no lock and makes no file beside it.
  private static func uri(_ path: String) -> String {
    let plain = CharacterSet(charactersIn: "/-_.~").union(.alphanumerics)
    let encoded = path.addingPercentEncoding(withAllowedCharacters: plain) ?? path
    return "file:\(encoded)?immutable=1"
  }

  /// What a process that was killed left beside the file belongs to it: both are copied.
  private static func withCopy<R>(of path: String, _ body: (String) throws -> R) throws -> R {
    let folder = NSTemporaryDirectory() + "/rtfm-world-\(UUID().uuidString)"
    let files = FileManager.default
    try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    for end in ["", "-wal"] where end.isEmpty || size(of: path + end) > 0 {
      try files.copyItem(atPath: path + end, toPath: "\(folder)/copy.world\(end)")
    }
    return try body("\(folder)/copy.world")
  }

  /// Whether another process holds SQLite's lock on a file.
  static func isLocked(_ path: String) -> Bool {
    let file = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var lock = flock()
    (lock.l_type, lock.l_whence) = (Int16(F_WRLCK), Int16(SEEK_SET))
    (lock.l_start, lock.l_len) = (0x4000_0000, 512)  // where all SQLite's locks are
    return fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
  }

  static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }
}

extension Configuration {
  /// For a copy of our own, whose log has to be read into it.
  fileprivate static var scratchReader: Configuration {
    var configuration = Configuration()
    configuration.prepareDatabase { db in
      try db.execute(
        sql: "PRAGMA locking_mode = EXCLUSIVE; \(careful)")
    }
    return configuration
  }
}
