/// Why a capture or a path could not be read or written: which file, what is wrong, what to do.
///
/// Pictures that cannot be read throw `ImageError` instead.
public enum CaptureError: Error, Hashable, CustomStringConvertible {
  /// Something that must be there is not.
  case missing(file: String, reason: String)
  /// The file is there and cannot be read.
  case unreadable(file: String, reason: String)
  /// The file is not JSON, or a value in it makes no sense; `reason` says which.
  case invalid(file: String, reason: String)
  /// Nothing was written, because it would have replaced something.
  case occupied(folder: String)
  /// The file or folder cannot be written.
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .missing(let file, let reason): "\(file): \(reason)"
    case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
    case .invalid(let file, let reason): "\(file): \(reason)"
    case .occupied(let folder): "\(folder): is not empty; choose a new folder or remove it first"
    case .unwritable(let file, let reason): "\(file): cannot be written: \(reason)"
    }
  }
}

/// A place in a file that errors point at.
struct Location {
  var file: String
  /// Such as `frame 3 (images/0003.png)`.
  var part: String?

  func invalid(_ reason: String) -> CaptureError {
    .invalid(file: file, reason: part.map { "\($0): \(reason)" } ?? reason)
  }
}
