import Foundation

/// Places of this package that tests read.
public enum Package {
  /// The package's folder.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// A golden file made by `Tests/Reference/generate.py`.
  public static func golden(_ name: String) -> String {
    "\(root)/Tests/Goldens/\(name).safetensors"
  }

  /// Real photos that lie beside the project, where they do.
  public static func capture(_ name: String) -> String { "\(root)/../shared/captures/\(name)" }

  public static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: path)
  }

  /// Runs `body` with a new folder that is removed afterwards.
  public static func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    let path = NSTemporaryDirectory() + "rtfm-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try body(path)
  }
}
