import Foundation

/// The machine that the program runs on.
enum Host {
  /// Bytes of memory that the program may use: the machine's, or a container's limit.
  static let memory = min(
    Int(clamping: ProcessInfo.processInfo.physicalMemory),
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
      .compactMap(limit).min() ?? .max)

  /// The number in a file; nil for none, or for words (`max`).
  private static func limit(in file: String) -> Int? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8),
      let bytes = UInt64(text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes > 0
    else { return nil }
    return Int(clamping: bytes)
  }
}
