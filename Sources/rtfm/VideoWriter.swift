import Foundation
import Scene

/// Writes frames into an MP4, by way of ffmpeg as a child process.
///
/// The file appears whole once `finish` returns; until then, and after a failure, whatever was
/// there before stays.
final class VideoWriter {
  private let process = Process()
  private let input = Pipe()
  private let complaints = Pipe()
  private let path: String
  private let partial: String
  private let size: Size

  /// - Throws: `VideoError` where ffmpeg is not to be had, `OutputError`.
  init(to path: String, size: Size, rate: Int) throws {
    (self.path, self.size) = (path, size)
    partial = "\(path).partial.mp4"
    try checkWritable(path)
    guard let ffmpeg = Self.find("ffmpeg") else {
      throw VideoError("'\(path)' needs ffmpeg, which is not installed: apt-get install ffmpeg")
    }
    process.executableURL = URL(fileURLWithPath: ffmpeg)
    process.arguments =
      ["-loglevel", "error", "-y", "-f", "rawvideo", "-pixel_format", "rgb24"]
      + ["-video_size", size.description, "-framerate", String(rate), "-i", "-"]
      + ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-c:v", "libx264", "-pix_fmt", "yuv420p"]
      + ["-crf", "18", "-movflags", "+faststart", "file:\(partial)"]
    process.standardInput = input
    process.standardError = complaints
    signal(SIGPIPE, SIG_IGN)
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(atPath: partial) }

  /// Adds a frame of the video's size.
  func add(_ image: Image) throws {
    do {
      try input.fileHandleForWriting.write(contentsOf: Data(image.pixels))
    } catch {
      throw VideoError("'\(path)': ffmpeg stopped: \(complaint)")
    }
  }

  /// Waits for ffmpeg and puts the file in its place.
  func finish() throws {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw VideoError("'\(path)': ffmpeg failed: \(complaint)")
    }
    guard rename(partial, path) == 0 else {
      throw VideoError("'\(path)' can't be written: \(String(cString: strerror(errno)))")
    }
  }

  private var complaint: String {
    let text = String(
      decoding: complaints.fileHandleForReading.availableData, as: UTF8.self)
    return text.split(separator: "\n").first.map(String.init) ?? "it gave no reason"
  }

  /// The path of a program that the shell would find.
  static func find(_ program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// A video that can't be written.
struct VideoError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
