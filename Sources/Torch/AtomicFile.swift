import Foundation

/// A file that is written beside its place and moved there once all of it is on the disk: readers,
/// and whoever comes after a crash, see the old file or the new one, never half of either.
///
///     let file = try AtomicFile("model.safetensors")
///     try file.write(bytes)
///     try file.commit()
final class AtomicFile {
  private let path: String
  private let temporary: String
  private let descriptor: Int32

  /// - Throws: `SafetensorsError`, as all of its methods do, with the system's reason.
  init(_ path: String) throws {
    self.path = path
    temporary = "\(path).\(UUID().uuidString.prefix(8)).new"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL, 0o644)
    if descriptor < 0 { throw Self.failure(path) }
  }

  /// Removes what writers of this file left behind that were killed.
  ///
  /// Whoever calls it is the only one to write the file.
  static func clear(_ path: String) {
    let url = URL(fileURLWithPath: path)
    let folder = url.deletingLastPathComponent().path
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where isTemporary(name, of: url.lastPathComponent) {
      unlink("\(folder)/\(name)")
    }
  }

  private static func isTemporary(_ name: String, of file: String) -> Bool {
    guard name.hasPrefix("\(file).") else { return false }
    let end = name.dropFirst(file.count + 1).drop { $0.isHexDigit }
    return name.count - file.count - 1 - end.count == 8 && [".new", ".new.former"].contains(end)
  }

  /// Whatever was not committed goes.
  deinit {
    close(descriptor)
    unlink(temporary)
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Foundation.write(descriptor, part.baseAddress, part.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { throw Self.failure(path) }
      rest = rest.dropFirst(count)
    }
  }

  /// Puts the file in its place.
  ///
  /// - Parameter former: where what was there goes; nil to drop it.
  func commit(keeping former: String? = nil) throws {
    if fsync(descriptor) != 0 { throw Self.failure(path) }
    if let former, access(path, F_OK) == 0 {
      // A second name, so that there is a file at `path` at any moment, and at `former`; a disk without
      // second names gets a gap between two moves.
      let second = "\(temporary).former"
      defer { unlink(second) }
      let moved = link(path, second) == 0 ? rename(second, former) : rename(path, former)
      if moved != 0 { throw Self.failure(path) }
    }
    if rename(temporary, path) != 0 { throw Self.failure(path) }
    let folder = open(
      URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY)
    if folder >= 0 {
      fsync(folder)  // not every file system can; the file itself is safe
      close(folder)
    }
  }

  private static func failure(_ path: String) -> SafetensorsError {
    let reason = String(cString: strerror(errno))
    return SafetensorsError(path, "can't be written: \(reason); what was there is untouched")
  }
}
