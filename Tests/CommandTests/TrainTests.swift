import Foundation
import TestSupport
import Testing

/// Runs that end badly leave what was there.
@Suite struct TrainTests {
  private static let small = [
    "--preset", "nano", "--resolution", "32", "--scenes", "2", "--targets", "1", "--device", "cpu",
  ]

  /// A run's folder after one step.
  private func begun(in folder: String) throws -> String {
    let run = "\(folder)/run"
    let process = Program.process(
      ["train"] + Self.small + ["--steps", "1000", "--minutes", "0.0001", "--out", run])
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return run
  }

  @Test func aFullDiskLeavesTheLastCheckpoint() throws {
    try Package.withTemporaryFolder { folder in
      let run = try begun(in: folder)
      let checkpoint = URL(fileURLWithPath: "\(run)/checkpoint.safetensors")
      let before = try Data(contentsOf: checkpoint)
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = [
        "-c", "ulimit -f 1000; exec \"$0\" \"$@\"", Program.path, "train", "--resume",
        checkpoint.path, "--minutes", "0.0001", "--out", run, "--device", "cpu",
      ]
      let pipe = Pipe()
      process.standardError = pipe
      try process.run()
      let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 1 && process.terminationReason == .exit)
      #expect(text.contains("checkpoint.safetensors' can't be written: File too large"), "\(text)")
      #expect(try Data(contentsOf: checkpoint) == before)
      let names = try FileManager.default.contentsOfDirectory(atPath: run)
      #expect(!names.contains { $0.hasSuffix(".new") })
    }
  }

  @Test func whoAsksItToEndGetsACheckpoint() throws {
    try Package.withTemporaryFolder { folder in
      let log = "\(folder)/log"
      _ = FileManager.default.createFile(atPath: log, contents: nil)
      let process = Program.process(
        ["train"] + Self.small + ["--steps", "100000", "--out", "\(folder)/run"])
      process.standardError = FileHandle(forWritingAtPath: log)
      try process.run()
      func said() throws -> String { try String(contentsOfFile: log, encoding: .utf8) }
      for _ in 0..<600 where try !said().contains("from step 0") { usleep(50_000) }
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      #expect(try said().contains("saved"))
      #expect(Package.exists("\(folder)/run/checkpoint.safetensors"))
    }
  }

  @Test func aRunIsNotReplacedByAnother() throws {
    try Package.withTemporaryFolder { folder in
      let run = try begun(in: folder)
      let checkpoint = URL(fileURLWithPath: "\(run)/checkpoint.safetensors")
      let before = try Data(contentsOf: checkpoint)
      let again = try Program(["train"] + Self.small + ["--steps", "1", "--out", run])
      #expect(again.status == 1 && again.errors.contains("--resume \(checkpoint.path)"))
      #expect(try Data(contentsOf: checkpoint) == before)
    }
  }

  /// What would crash, or spoil a run at its first checkpoint.
  @Test(arguments: [
    (["--resolution", "100"], "multiple"), (["--patch", "5", "--resolution", "20"], "even patch"),
    (["--patch", "0"], "out of range"), (["--patch", "9223372036854775807"], "out of range"),
    (["--overlap", "9223372036854775807"], "0 to 4"), (["--overlap=-1"], "0 to 4"),
    (["--save-minutes", "inf"], "minutes"), (["--rate", "inf"], "no number"),
    (["--depth-weight", "nan"], "no number"), (["--anchor-range", "0.35,inf"], "anchor range"),
    (["--decay-share=-3"], "outside of 0...1"), (["--resolution", "100000"], "65536"),
  ])
  func numbersThatNoRunCanHaveAreRefused(words: [String], reason: String) throws {
    try Package.withTemporaryFolder { folder in
      for weights in [[], ["--weights", "\(Package.root)/Models/rtfm-nano.safetensors"]]
      where weights.isEmpty || words[0] != "--anchor-range" {
        let run = try Program(
          ["train", "--scenes", "2", "--targets", "1", "--steps", "1", "--out", "\(folder)/run"]
            + words + weights)
        #expect(run.status == 2 && run.errors.contains(reason), "\(run.errors)")
        #expect(!Package.exists("\(folder)/run"))
      }
    }
  }

  @Test func weightsOfAnotherPatchAreResized() throws {
    try Package.withTemporaryFolder { folder in
      let first = try begun(in: folder)
      let next = try Program(
        "train", "--weights", "\(first)/model.safetensors", "--patch", "16", "--resolution", "64",
        "--stage", "3", "--steps", "1", "--scenes", "2", "--targets", "1", "--value-peak", "0",
        "--overlap", "2",
        "--anchor-pull", "0.5", "--true-depths", "--out", "\(folder)/next", "--device", "cpu")
      #expect(next.status == 0 && next.errors.contains("step 1"), "\(next.errors)")
      let model = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/next/model.safetensors"))
      let header = String(decoding: model.prefix(20_000), as: UTF8.self)
      #expect(header.contains("distance.weight") && header.contains("anchorPull"))
      #expect(!header.contains("valuePeak"), "not turned any more")
      #expect(header.contains(#"\"overlap\":2"#))
    }
  }

  @Test(arguments: [
    ["--stage", "5"], ["--cooldown", "0"], ["--at-zero", "1.5"], ["--anchor-range", "3,1"],
    ["--precision", "float8"],
  ])
  func wordsThatAreOffAreRefused(words: [String]) throws {
    try Package.withTemporaryFolder { folder in
      let process = Program.process(["train", "--out", "\(folder)/run"] + words)
      process.standardError = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      #expect([2, 64].contains(process.terminationStatus))
      #expect(!Package.exists("\(folder)/run"))
    }
  }
}
