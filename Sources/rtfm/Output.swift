import Foundation

/// Progress and remarks: to standard error, so that standard output stays for results.
func note(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}

/// Sees to it that files can be written, before hours are spent on what goes into them.
///
/// - Throws: `OutputError` for the first that has no folder to go to, or is one.
func checkWritable(_ paths: String?...) throws {
  for path in paths.compactMap(\.self) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard FileManager.default.isWritableFile(atPath: folder) else {
      throw OutputError(
        "'\(path)' can't be written: is '\(folder)' a folder that you may write to?")
    }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
      throw OutputError("'\(path)' can't be written: it is a folder")
    }
  }
}

/// A file that can't be written.
struct OutputError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
