import Captures
import Foundation
import Images
import Scene
import TestSupport
import Testing

@testable import rtfm

/// `rtfm ingest`, against places whose poses are known.
@Suite struct IngestTests {
  private static let hasCOLMAP = VideoWriter.find("colmap") != nil
  private static let hasVideo = hasCOLMAP && VideoWriter.find("ffmpeg") != nil

  /// Photos of a made-up place, beside nothing that says where they were taken; and where that was.
  private func photos(in folder: String) throws -> (photos: String, truth: Capture) {
    let scenes = try Program(
      "scenes", "--family", "shapes", "--seed", "3", "--style", "daylight", "--count", "1",
      "--frames", "12", "--resolution", "320x240", "--export", "\(folder)/truth", "--out",
      "\(folder)/sheet.png")
    try #require(scenes.status == 0, "\(scenes.errors)")
    try FileManager.default.copyItem(
      atPath: "\(folder)/truth/images", toPath: "\(folder)/photos")
    return ("\(folder)/photos", try Capture(contentsOf: "\(folder)/truth"))
  }

  /// Holds poses against the truth's, in what neither the world's origin nor its unit changes:
  /// ratios of distances, turns between pictures, and the lens.
  private func expectAlike(_ found: [Camera], _ truth: [Camera]) {
    func distances(_ cameras: [Camera]) -> [Double] {
      cameras.indices.flatMap { i in
        cameras[..<i].map { ($0.pose.position - cameras[i].pose.position).length }
      }
    }
    let (a, b) = (distances(found), distances(truth))
    let unit = a.reduce(0, +) / b.reduce(0, +)
    let worst = zip(a, b).map { abs($0 / unit - $1) }.max() ?? .infinity
    #expect(worst < 0.05 * (b.max() ?? 0), "distances differ by up to \(worst) m")
    func turns(_ cameras: [Camera]) -> [Double] {
      zip(cameras, cameras.dropFirst()).map { $0.pose.angle(to: $1.pose) }
    }
    let errors = zip(turns(found), turns(truth)).map { abs($0 - $1) }.sorted()
    // Radians; features are few, here and there.
    #expect(errors[errors.count / 2] < 0.03, "\(errors)")
    for (f, t) in zip(found, truth) {
      let fields = (f.intrinsics.horizontalFieldOfView, t.intrinsics.horizontalFieldOfView)
      #expect(abs(fields.0 - fields.1) < 0.03)
    }
  }

  @Test(.enabled(if: hasCOLMAP, "COLMAP is not installed"))
  func findsWherePhotosWereTaken() throws {
    try Package.withTemporaryFolder { folder in
      let (photos, truth) = try photos(in: folder)
      try Data().write(to: URL(fileURLWithPath: "\(photos)/0003b.jpg"))
      try Data().write(to: URL(fileURLWithPath: "\(photos)/IMG_7.HEIC"))
      let ingest = try Program("ingest", photos, "--out", "\(folder)/capture")
      #expect(ingest.status == 0, "\(ingest.errors)")
      for words in ["0003b.jpg", "IMG_7.HEIC", "placed 12 of 12", "explore \(folder)/capture"] {
        #expect(ingest.errors.contains(words), "\(ingest.errors)")
      }
      let capture = try Capture(contentsOf: "\(folder)/capture")
      expectAlike(capture.entries.map(\.camera), truth.entries.map(\.camera))
      #expect(capture.up.dot(-capture.entries[0].camera.pose.down) > 0.9)
      // One unit of the network is 2 m there.
      let unit = spread(truth) / spread(capture)
      #expect(0.7 < capture.scale * unit && capture.scale * unit < 4)

      let again = try Program("ingest", photos, "--out", "\(folder)/capture")
      #expect(again.status == 1 && again.errors.contains("is not empty"), "\(again.errors)")
      let posed = try Program("ingest", "\(folder)/capture", "--out", "\(folder)/other")
      #expect(posed.status == 1 && posed.errors.contains("poses already"), "\(posed.errors)")
    }
  }

  private func spread(_ capture: Capture) -> Double {
    Capture.spread(of: capture.entries.map(\.camera))
  }

  @Test(.enabled(if: hasVideo, "COLMAP or ffmpeg is not installed"))
  func takesTheSharpFramesOfAVideo() throws {
    try Package.withTemporaryFolder { folder in
      let (photos, truth) = try photos(in: folder)
      // Each photo three times, of which two are out of focus.
      let filter = "boxblur=3:enable='mod(n,3)',select=1"
      let film = Command(
        "ffmpeg", "-loglevel", "error", "-r", "3.333", "-i", "\(photos)/%04d.jpg", "-vf",
        "fps=10,\(filter)", "-crf", "8", "\(folder)/walk.mp4")
      try #require(film.status == 0, "\(film.errors)")
      let ingest = try Program(
        "ingest", "\(folder)/walk.mp4", "--out", "\(folder)/capture", "--frames", "12")
      #expect(ingest.status == 0, "\(ingest.errors)")
      let found = try Capture(contentsOf: "\(folder)/capture")
      #expect(found.count == 12, "\(ingest.errors)")
      for i in found.entries.indices {
        let (taken, filmed) = (try found.frame(i).image, try truth.frame(i).image)
        #expect(taken.sharpness > 0.2 * filmed.sharpness, "frame \(i) is out of focus")
      }
      if found.count == 12 { expectAlike(found.entries.map(\.camera), truth.entries.map(\.camera)) }
    }
  }

  @Test(.enabled(if: hasCOLMAP, "COLMAP is not installed"), arguments: [SIGINT, SIGTERM])
  func whatIsInterruptedIsClearedAway(by number: Int32) throws {
    try Package.withTemporaryFolder { folder in
      let (photos, _) = try photos(in: folder)
      let process = Program.process(["ingest", photos, "--out", "\(folder)/capture"])
      let errors = Pipe()
      process.standardError = errors
      process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder]) { $1 }
      try process.run()
      _ = errors.text(until: "2/3")
      kill(process.processIdentifier, number)
      process.waitUntilExit()
      #expect(process.terminationStatus == 1)
      #expect(errors.text(until: "was ended").contains("was ended"))
      let left = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(left.sorted() == ["photos", "sheet.png", "truth"])
    }
  }

  /// A COLMAP that only says what its options are called, and fails.
  @Test(arguments: ["Sift", "Feature"]) func callsOptionsAsThisCOLMAPDoes(prefix: String) throws {
    try Package.withTemporaryFolder { folder in
      let script = """
        #!/bin/sh
        if [ "$2" = -h ]; then echo "  --\(prefix)Extraction.use_gpu arg (=1)"; exit 0; fi
        echo "error: $*"; exit 1
        """
      try script.write(toFile: "\(folder)/colmap", atomically: true, encoding: .utf8)
      chmod("\(folder)/colmap", 0o755)
      for i in 0..<2 { try Picture.gray.writePNG(to: "\(folder)/\(i).png") }
      let process = Program.process(["ingest", folder, "--out", "\(folder)/capture"])
      let errors = Pipe()
      process.standardError = errors
      process.environment = ProcessInfo.processInfo.environment
        .merging(["PATH": "\(folder):/usr/bin:/bin"]) { $1 }
      try process.run()
      let said = errors.text(until: "use_gpu 0")
      process.waitUntilExit()
      #expect(
        said.contains("--\(prefix)Extraction.use_gpu 0") && process.terminationStatus == 1,
        "\(said)")
    }
  }

  @Test func aSinglePhotoNeedsNoSearch() throws {
    try Package.withTemporaryFolder { folder in
      try noise(width: 200, height: 100).writePNG(to: "\(folder)/photo.png")
      let ingest = try Program(
        "ingest", "\(folder)/photo.png", "--out", "\(folder)/place", "--size", "100")
      #expect(ingest.status == 0, "\(ingest.errors)")
      let capture = try Capture(contentsOf: "\(folder)/place")
      let lens = capture.entries[0].camera.intrinsics
      #expect(capture.count == 1 && (lens.width, lens.height) == (100, 50))
      #expect(lens.focal == [80, 80] && lens.center == [50, 25])
      let render = try Program(
        "render", "\(folder)/place", "--path", "spin", "--frames", "2", "--out",
        "\(folder)/spin.mp4", "--device", "cpu", "--resolution", "32")
      #expect(render.status == 0, "\(render.errors)")
    }
  }

  private func noise(width: Int, height: Int) -> Image {
    var random = SystemRandomNumberGenerator()
    let pixels = (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    return Image(width: width, height: height, pixels: pixels)
  }

  @Test(.enabled(if: hasCOLMAP, "COLMAP is not installed"))
  func picturesOfNothingAreRefused() throws {
    try Package.withTemporaryFolder { folder in
      for i in 0..<3 { try Picture.gray.writePNG(to: "\(folder)/\(i).png") }
      let ingest = try Program("ingest", folder, "--out", "\(folder)/capture")
      #expect(ingest.status == 1 && ingest.errors.contains("overlap"), "\(ingest.errors)")
      #expect(!Package.exists("\(folder)/capture"), "nothing is left behind")
    }
  }

  @Test(arguments: [
    (source: "nowhere", words: "is not there"), ("empty", "no photos"), ("text.mp4", "no video"),
    ("text.jpg", "neither JPEG nor PNG"),
  ])
  func whatIsNoPlaceIsRefused(source: String, words: String) throws {
    try Package.withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/empty", withIntermediateDirectories: true)
      for name in ["text.mp4", "text.jpg"] {
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }
      let ingest = try Program("ingest", "\(folder)/\(source)", "--out", "\(folder)/capture")
      #expect(ingest.status == 1 && ingest.errors.contains(words), "\(ingest.errors)")
      #expect(!Package.exists("\(folder)/capture"), "nothing is left behind")
    }
  }
}
