@preconcurrency import Foundation  // `stdout` is a variable of C

/// Progress and remarks: to standard error, so that standard output stays for results. Where nobody can
/// hear them, the work goes on.
func note(_ text: String) {
  var line = text + "\n"
  line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// Whether all that was printed has arrived: nothing is done whose result is lost.
///
/// - Throws: `OutputError` where it has not, as on a full disk.
func checkPrinted() throws {
  guard fflush(stdout) != 0 || ferror(stdout) != 0 else { return }
  throw OutputError(
    "standard output can't be written (\(String(cString: strerror(errno)))): what was printed is lost"
  )
}

/// Sees to it that files can be written, before hours are spent on what goes into them.
///
/// - Throws: `OutputError` for the first that has no folder to go to, or is one.
func checkWritable(_ paths: String?...) throws {
  for path in paths.compactMap(\.self) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder),
      isFolder.boolValue, FileManager.default.isWritableFile(atPath: folder)
    else {
      throw OutputError(
        "'\(path)' can't be written: is '\(folder)' a folder that you may write to?")
    }
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
