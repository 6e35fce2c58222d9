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
    try Capture.checkFree(out)
    if let posed = try? Capture(contentsOf: source) {
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
    let name = source.lowercased()
    if isFolder(source) || Shots.photoEndings.contains(where: { name.hasSuffix("." + $0) }) {
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

  /// A single photo stands where it stands; all it needs is a lens.
  private func writeAlone(_ shots: Shots) throws {
    let picture = try ImageFile(contentsOf: shots.path(0))
    let image = try picture.image(name: shots.path(0))
    let focal =
      (shots.focal ?? StructureFromMotion.usualFocal) * Double(max(image.width, image.height))
    let lens = Intrinsics(
      width: image.width, height: image.height, focal: [focal, focal],
      center: [Double(image.width) / 2, Double(image.height) / 2])
    try Capture.write(
      cameras: [Camera(intrinsics: lens, pose: Pose())], up: [0, -1, 0], scale: 1, to: out
    ) { _ in picture }
    note(
      "one photo: its lens is "
        + (shots.focal == nil ? "taken to be a telephone's" : "as its file says"))
  }

  /// Gives `body` a folder that is gone afterwards, on Ctrl-C, too.
  private func withWorkFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("rtfm-ingest-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { Tool.end() }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    try body(folder)
  }
}
