import GRDB

/// Why a world's file could not be opened, read or written: which file, what is wrong, what to do.
public enum WorldFileError: Error, Hashable, CustomStringConvertible {
  /// There is no such file, or a folder is there.
  case missing(file: String, reason: String)
  /// Nothing was written, because it would have replaced something.
  case occupied(file: String)
  /// It is no world of ours.
  case foreign(file: String, reason: String)
  /// A newer version of the program made it.
  case newer(file: String, version: Int)
  /// Another process, or this one already, has it open.
  case busy(file: String)
  /// A part of it is not what was written.
  case damaged(file: String, reason: String)
  /// The system cannot read or write it.
  case failed(file: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let file, let reason): "\(file): \(reason)"
    case .occupied(let file): "\(file): is there already; choose another name or remove it first"
    case .foreign(let file, let reason): "\(file): is no world: \(reason)"
    case .newer(let file, let version):
      "\(file): has format \(version), made by a newer rtfm; this one reads up to "
        + "\(Schema.version): update rtfm"
    case .busy(let file):
      "\(file): is open already; a world has one owner at a time: end that one first"
    case .damaged(let file, let reason):
      "\(file): \(reason); `rtfm world verify` lists what is damaged, `rtfm world import` copies "
        + "the rest to a new file"
    case .failed(let file, let reason): "\(file): \(reason)"
    }
  }
}

extension WorldFileError {
  /// What SQLite says, in words that help.
  init(_ error: any Error, file: String) {
    switch error {
    case let error as WorldFileError: self = error
    case let error as DatabaseError: self.init(error, file: file)
    default: self = .failed(file: file, reason: "\(error)")
    }
  }

  init(_ error: DatabaseError, file: String) {
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(file: file)
    case .SQLITE_NOTADB: self = .foreign(file: file, reason: "it is not an SQLite file")
    case .SQLITE_CORRUPT: self = .damaged(file: file, reason: "its pages are damaged")
    case .SQLITE_FULL: self = .failed(file: file, reason: "the disk is full: make room on it")
    case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
      self = .failed(file: file, reason: "cannot be written: the file or its disk is read-only")
    case .SQLITE_CANTOPEN:
      self = .failed(
        file: file, reason: "cannot be opened: are the file and its folder readable and writable?")
    case .SQLITE_IOERR:
      self = .failed(
        file: file,
        reason: "the disk reports an error (SQLite's code \(error.extendedResultCode.rawValue)); "
          + "is it full, limited or failing?")
    default: self = .failed(file: file, reason: error.message ?? "\(error.resultCode)")
    }
  }
}
