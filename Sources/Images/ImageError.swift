import Scene

/// Why a picture could not be read or written: which file, what is wrong with it, what to do.
public enum ImageError: Error, Hashable, CustomStringConvertible {
  /// The file cannot be opened or read.
  case unreadable(file: String, reason: String)
  /// Neither JPEG nor PNG, by its first bytes.
  case foreign(file: String)
  /// JPEG or PNG, but truncated, corrupt or of a kind that the decoder does not know.
  case damaged(file: String, reason: String)
  /// More than `Image.pixelLimit` pixels, or than `Image.sideLimit` a side, by its header.
  case tooLarge(file: String, width: Int, height: Int)
  /// The file cannot be written; what was there before is untouched.
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .foreign(let file):
      "\(file): is neither JPEG nor PNG; convert it to one of them"
    case .damaged(let file, let reason):
      "\(file): is damaged or unsupported: \(reason); export or copy it again"
    case .tooLarge(let file, let width, let height):
      "\(file): has \(width) x \(height) pixels, over the limit of "
        + (max(width, height) > Image.sideLimit
          ? "\(Image.sideLimit) a side" : "\(Image.pixelLimit / 1_000_000) megapixels")
        + "; scale it down first"
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason)"
    }
  }
}
