import Scene

/// Files over this size are no pictures of ours: 100 megapixels of 16-bit RGBA fit.
private let fileLimit = 1 << 30

/// The bytes of a regular file, or its first `limit` ones.
package func readFile(_ path: String, limit: Int? = nil) throws -> [UInt8] {
  func failure(_ reason: String? = nil) -> ImageError {
    .unreadable(file: path, reason: reason ?? String(cString: strerror(errno)))
  }
  // Not to hang on a pipe: without O_NONBLOCK, opening one waits for a writer.
  let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
  guard file >= 0 else { throw failure() }
  defer { close(file) }
  var status = stat()
  guard fstat(file, &status) == 0 else { throw failure() }
  guard status.st_mode & S_IFMT == S_IFREG else { throw failure("it is not a file") }
  guard status.st_size <= fileLimit else { throw failure("it has over 1 GiB") }

  let size = min(Int(status.st_size), limit ?? .max)
  return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(file, buffer.baseAddress! + count, size - count)
      if got < 0, errno == EINTR { continue }
      guard got >= 0 else { throw failure() }
      guard got > 0 else { return }
      count += got
    }
  }
}

/// Replaces a file's contents in one step: the bytes go to a new file beside it, which then takes
/// its name; where that was a file's, not before they are on the disk. A link goes on being one; what
/// is there and no file stays.
package func writeFile(_ bytes: [UInt8], to path: String) throws {
  let path = target(of: path)
  var status = stat()
  let isThere = stat(path, &status) == 0
  guard !isThere || status.st_mode & S_IFMT == S_IFREG else {
    throw ImageError.unwritable(file: path, reason: "it is there, and not a file")
  }
  var temporary = Array("\(path).XXXXXX".utf8CString)
  let file = mkstemp(&temporary)
  guard file >= 0 else { throw unwritable(path) }
  do {
    try write(bytes, to: file, path)
    let mode = isThere ? status.st_mode & 0o777 : 0o666 & ~creationMask
    guard fchmod(file, mode) == 0, !isThere || fsync(file) == 0, rename(temporary, path) == 0
    else { throw unwritable(path) }
    close(file)
  } catch {
    close(file)
    unlink(temporary)
    throw error
  }
}

/// What new files are not allowed to everybody; asking for it sets it, so it is asked once.
private let creationMask: mode_t = {
  let mask = umask(0o022)
  umask(mask)
  return mask
}()

/// Where a link leads; any other path as it is.
private func target(of path: String) -> String {
  guard let resolved = realpath(path, nil) else { return path }
  defer { free(resolved) }
  return String(cString: resolved)
}

private func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws {
  var done = 0
  while done < bytes.count {
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress! + done, bytes.count - done) }
    if count < 0, errno == EINTR { continue }
    guard count >= 0 else { throw unwritable(path) }
    done += count
  }
}

private func unwritable(_ path: String) -> ImageError {
  .unwritable(file: path, reason: String(cString: strerror(errno)))
}
