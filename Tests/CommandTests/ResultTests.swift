import Foundation
import Images
import Scene
import TestSupport
import Testing

/// What the commands print and write.
@Suite(.serialized) struct ResultTests {
  static let room = Package.capture("real_room")
  static let isRoomHere = Package.exists(room)

  @Test(.enabled(if: isRoomHere, "the real photos are not beside the project"))
  func rendersRealPhotos() throws {
    try Package.withTemporaryFolder { folder in
      let out = "\(folder)/walk.mp4"
      let run = try Program(
        "render", Self.room, "--contexts", "4", "--path", "through", "--frames", "24", "--out", out)
      #expect(run.status == 0, "\(run.errors)")
      let sheet = try Image(contentsOf: "\(folder)/walk.png")
      #expect(sheet.width > sheet.height)
      #expect(try Self.frameCount(out) == 24)
    }
  }

  @Test(.enabled(if: isRoomHere, "the real photos are not beside the project"))
  func evaluatesRealPhotos() throws {
    let run = try Program("evaluate", Self.room, "--contexts", "4", "--json")
    let results = try #require(try run.json()["results"] as? [[String: Any]], "\(run.errors)")
    let result = try #require(results.first)
    let nearest = (result["baselines"] as? [String: Any])?["nearest"] as? [String: Any]
    for scores in [result, try #require(nearest)] {
      #expect((5...60).contains(scores["psnr"] as? Double ?? 0))
      #expect((0...1).contains(scores["ssim"] as? Double ?? -1))
    }
    #expect(result["contexts"] as? Int == 4)
  }

  @Test func walksTheBundledWorldOnEveryPath() throws {
    for path in ["orbit", "spin", "return"] {
      try Package.withTemporaryFolder { folder in
        let out = "\(folder)/walk.mp4"
        let run = try Program("render", "--path", path, "--frames", "6", "--out", out)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try Self.frameCount(out) == 6)
      }
    }
  }

  @Test func benchSplitsTheTimeOfAFrame() throws {
    let run = try Program(
      "bench", "--preset", "nano", "--resolution", "64x64", "--contexts", "2", "--steps", "1,2",
      "--device", "cpu", "--seconds", "1", "--no-twin", "--json")
    let results = try #require(try run.json()["results"] as? [[String: Any]], "\(run.errors)")
    #expect(results.count == 2)
    for result in results {
      let times = try #require(result["milliseconds"] as? [String: [String: Double]])
      let parts = ["recall", "gather", "network", "jpeg"].map { times[$0]?["p50"] ?? .nan }
      let whole = try #require(times["end_to_end"])
      #expect(parts.allSatisfy { $0 >= 0 } && parts.reduce(0, +) < whole["p99"]! * 1.5)
      #expect(whole["p50"]! <= whole["p99"]!)
    }
  }

  @Test func scenesAreTheSameForASeed() throws {
    try Package.withTemporaryFolder { folder in
      let sheets = try ["a", "b"].map { name in
        let path = "\(folder)/\(name).png"
        _ = try Program(
          "scenes", "--seed", "7", "--count", "2", "--frames", "3", "--resolution", "32", "--out",
          path)
        return try Data(contentsOf: URL(fileURLWithPath: path))
      }
      #expect(sheets[0] == sheets[1] && sheets[0].count > 1000)
    }
  }

  @Test func trainsAndResumes() throws {
    try Package.withTemporaryFolder { folder in
      let start = try Program(
        "train", "--preset", "nano", "--resolution", "32", "--steps", "4", "--scenes", "2",
        "--targets", "1", "--out", "\(folder)/run", "--minutes", "0.0001", "--device", "cpu")
      #expect(start.status == 0, "\(start.errors)")
      let checkpoint = "\(folder)/run/checkpoint.safetensors"
      let rest = try Program("train", "--resume", checkpoint, "--out", "\(folder)/run")
      #expect(rest.status == 0 && rest.errors.contains("step 4"), "\(rest.errors)")
      #expect(Package.exists("\(folder)/run/samples/000004.png"))
    }
  }

  @Test func doctorFindsWhatIsHere() throws {
    let report = try Program("doctor", "--json").json()
    #expect((report["devices"] as? [Any])?.isEmpty == false)
    #expect((report["libtorch"] as? String)?.hasPrefix("2.") == true)
    #expect((report["models"] as? [Any])?.isEmpty == false)
    #expect(report["missing"] is [Any])
  }

  /// How many frames a video has, by ffprobe.
  private static func frameCount(_ path: String) throws -> Int {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0"]
      + ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }
}
