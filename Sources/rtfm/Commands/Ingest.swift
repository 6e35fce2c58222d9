import ArgumentParser
import Captures
import Foundation
import Images
import Scene

/// `rtfm ingest`: photos or a video become a capture, with poses.
struct Ingest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Find out where photos, or a video's frames, were taken, so that the place can be walked in.",
    discussion: """
      COLMAP looks for features, compares pictures and works out poses, on the CPU: some minutes for \
      dozens of photos. It needs sharp pictures that overlap by more than half, each a step to the side \
      of the one before. A single photo needs no search, and no COLMAP. What you give is not changed.

      rtfm ingest photos --out garden
      rtfm explore garden
      """)

  @Argument(help: "A folder of photos (JPEG, PNG), a single photo, or a video.")
  var source: String
  @Option(help: "The capture's folder, a new one.")
  var out: String
  @Option(help: "How many pictures to take from a video, at most.")
  var frames = 100
  @Option(help: "The longer side of the pictures, in pixels, at most.")
  var size = 1280

  func validate() throws {
    guard (2...10_000).contains(frames), (64...10_000).contains(size) else {
      throw ValidationError("frames is 2 to 10000, size 64 to 10000")
    }
  }

  func run() throws {
    guard FileManager.default.fileExists(atPath: source) else {
      throw IngestError(
        "'\(source)' is not there: a folder of photos, a photo or a video is wanted")
    }
    try Shots.refuseForeign(source)
    try Capture.checkFree(out)
    let mayBePosed = isFolder(source) || source.lowercased().hasSuffix(".json")
    if mayBePosed, let posed = try? Capture(contentsOf: source) {
      throw IngestError("'\(source)' has its \(posed.count) poses already: rtfm explore \(source)")
    }
    try withWorkFolder { work in
      let shots = try shots(in: work)
      if shots.names.count == 1 { return try writeAlone(shots) }
      let found = try StructureFromMotion(shots, in: work).run()
      try write(Capture(contentsOf: found), of: shots)
    }
    note("rtfm explore \(out)")
  }

  private func shots(in work: String) throws -> Shots {
    let folder = "\(work)/shots"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if isFolder(source) || Shots.isPhoto(source) {
      return try Shots(photos: source, to: folder, longest: size)
    }
    return try Shots(video: source, to: folder, count: frames, longest: size)
  }

  /// Writes the pictures whose poses were found, and says which were not.
  private func write(_ capture: Capture, of shots: Shots) throws {
    let placed = Set(
      capture.entries.compactMap {
        shots.index(ofFile: URL(fileURLWithPath: $0.path).lastPathComponent)
      })
    try Capture.write(
      cameras: capture.entries.map(\.camera), up: capture.up, scale: capture.scale, to: out,
      picture: capture.picture)
    note("placed \(placed.count) of \(shots.names.count) pictures")
    let lost = shots.names.indices.filter { !placed.contains($0) }.map { shots.names[$0] }
    if !lost.isEmpty {
      note(
        "not placed: " + lost.prefix(12).joined(separator: ", ") + (lost.count > 12 ? ", …" : ""))
    }
  }

  private func writeAlone(_ shots: Shots) throws {
    let photo = try SinglePhoto(shots)
    try photo.write(to: out)
    note(
      "one photo: its lens is "
        + (photo.knowsLens ? "as its file says" : "taken to be a telephone's"))
  }

  /// Gives `body` a folder that is gone afterwards, on Ctrl-C, too.
  private func withWorkFolder(_ body: (String) throws -> Void) throws {
    let sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number -> (any DispatchSourceSignal)? in
      let former = signal(number, SIG_IGN)
      // `nohup` is for who wants it to go on.
      if number == SIGHUP, former.map({ unsafeBitCast($0, to: Int.self) }) == 1 { return nil }
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { Tool.end() }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    try withTemporaryFolder(body)
  }
}
