import Foundation
import Images
import Scene
import TestSupport
import Testing

@testable import rtfm

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

  @Test func evaluatesProceduralWorldsInEveryWay() throws {
    try Package.withTemporaryFolder { folder in
      let run = try Program(
        "evaluate", "procedural", "--worlds", "1", "--family", "room", "--contexts", "1,2",
        "--resolution", "32", "--drift", "6", "--diversity", "2", "--revisit", "4",
        "--sheet", "\(folder)/sheet.png", "--json")
      let report = try run.json()
      let results = try #require(report["results"] as? [[String: Any]], "\(run.errors)")
      #expect(results.map { $0["contexts"] as? Int } == [1, 2])
      for result in results {
        #expect((5...60).contains(result["psnr"] as? Double ?? 0))
        #expect((0...1).contains(result["ms_ssim"] as? Double ?? -1))
        #expect(result["covered"] is [String: Any] && result["uncovered"] is [String: Any])
        #expect((result["families"] as? [String: Any])?.keys.sorted() == ["room"])
      }
      let diversity = try #require(report["diversity"] as? [[String: Any]])
      #expect(diversity.map { $0["steps"] as? Int } == [1, 8])
      let drift = try #require((report["drift"] as? [[String: Any]])?.first)
      #expect(drift["frames"] as? Int == 6)
      #expect(((drift["walk"] as? [String: Any])?["psnr"] as? [String: Any])?.count == 2)
      #expect((report["revisit"] as? [[String: Any]])?.count == 2)
      #expect(try Image(contentsOf: "\(folder)/sheet.png").height > 32)
    }
  }

  /// The example answers with the only picture there is, as the nearest-frame baseline does.
  @Test func measuresWhatAnotherProgramAnswers() throws {
    try Package.withTemporaryFolder { folder in
      let (exam, answers) = ("\(folder)/exam", "\(folder)/answers")
      let words = [
        "evaluate", "procedural", "--worlds", "1", "--family", "room", "--contexts", "1",
        "--resolution", "32",
      ]
      let asked = try Program(words + ["--questions", exam])
      #expect(asked.status == 0 && asked.errors.contains("4 questions"), "\(asked.errors)")
      let example = Command("python3", ["\(Package.root)/Examples/answers.py", exam, answers])
      #expect(example.status == 0, "\(example.errors)")
      let measured = try Program(words + ["--answers", answers, "--json"])
      let report = try measured.json()
      #expect(report["model"] as? String == answers && report["targets"] as? Int == 4)
      let result = try #require(
        (report["results"] as? [[String: Any]])?.first, "\(measured.errors)")
      let nearest = (result["baselines"] as? [String: Any])?["nearest"] as? [String: Any]
      #expect(result["psnr"] as? Double == nearest?["psnr"] as? Double && result["psnr"] != nil)
      #expect(result["flip"] as? Double == nearest?["flip"] as? Double)
      #expect(result["covered"] is [String: Any])
      #expect((report["drift"] as? [Any])?.isEmpty ?? true)
    }
  }

  @Test func revisitsByEveryMemory() throws {
    try Package.withTemporaryFolder { folder in
      let run = try Program(
        "revisit", "procedural", "--frames", "4,8", "--worlds", "1", "--resolution", "32",
        "--out", "\(folder)/plot.png", "--sheet", "\(folder)/sheet.png", "--json")
      let rows = try #require(try run.json()["results"] as? [[String: Any]], "\(run.errors)")
      let keys = rows.map {
        "\($0["memory"] ?? "") \($0["pose"] ?? "") \($0["frames"] ?? "")"
      }
      let expected = ["rtfm", "reopened", "window", "random", "ungated"].flatMap { memory in
        ["exact", "near"].flatMap { pose in [4, 8].map { "\(memory) \(pose) \($0)" } }
      }
      #expect(Set(keys) == Set(expected) && keys.count == 20)
      for row in rows {
        #expect((5...100).contains(row["psnr"] as? Double ?? 0))
        #expect(row["flip"] is Double && row["ssim"] is Double)
        #expect(row["covered"] is [String: Any] && row["invented"] is [String: Any])
      }
      let counts = Dictionary(grouping: rows) { $0["memory"] as? String ?? "" }
        .mapValues { $0.compactMap { $0["keyframes"] as? Double }.max() ?? 0 }
      // Two given pictures and nine frames; the gate lets in no more than that.
      #expect(counts["ungated"] == 11 && counts["window"] == 4)
      #expect((2...11).contains(counts["rtfm"] ?? 0))
      #expect((2...11).contains(counts["reopened"] ?? 0))
      #expect(try Image(contentsOf: "\(folder)/plot.png").width == 800)
      #expect(try Image(contentsOf: "\(folder)/sheet.png").height > 4 * 32)
    }
  }

  @Test func revisitsTheBundledWorld() throws {
    let run = try Program(
      "revisit", "Worlds/room", "--frames", "6", "--memory", "rtfm", "--resolution", "32")
    #expect(run.status == 0 && run.output.contains("rtfm"), "\(run.errors)")
    #expect(run.output.split(separator: "\n").count == 3)
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

  @Test func aSurveyBecomesACapture() throws {
    try Package.withTemporaryFolder { folder in
      let capture = "\(folder)/survey"
      let made = try Program(
        "scenes", "--family", "room", "--count", "1", "--survey", "--frames", "70", "--resolution",
        "16", "--out", "\(folder)/sheet.png", "--export", capture)
      #expect(made.status == 0, "\(made.errors)")
      let images = try FileManager.default.contentsOfDirectory(atPath: "\(capture)/images")
      #expect(images.count == 70)
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
