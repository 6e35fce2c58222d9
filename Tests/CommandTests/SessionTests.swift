import Foundation
import TestSupport
import Testing

/// A visit to a GPU (`bundle/run session`), with a stand-in for the program that notes how it is
/// called, and leaves what the program leaves.
@Suite struct SessionTests {
  /// A folder with the script, the stand-in, and what visits leave.
  private struct Bundle {
    let folder: String
    var out: String { "\(folder)/out" }
    var calls: [String] {
      let text = try? String(contentsOfFile: "\(folder)/calls", encoding: .utf8)
      return (text ?? "").split(separator: "\n").map(String.init)
    }
    var files: [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []).sorted()
    }
    func call(_ command: String) -> String? { calls.last { $0.hasPrefix(command) } }

    init(in folder: String) throws {
      self.folder = folder
      let scripts = ["bundle-session": "session", "session-summary.py": "session-summary.py"]
      for (from, to) in scripts {
        try FileManager.default.copyItem(
          atPath: "\(Package.root)/Scripts/\(from)", toPath: "\(folder)/\(to)")
      }
      let standIn = """
        #!/bin/bash
        cd '\(folder)'
        echo "$*" >> calls
        case $1 in
          selfcheck)
            case "$*" in *"$(cat without 2>/dev/null || echo nothing)"*) cat clean; exit 0 ;; esac
            cat selfcheck.json; exit $(cat status) ;;
          bench) echo '{"results": []}' ;;
          train)
            case "$*" in *"--scenes 32"*) [ -e small ] && echo "out of memory" >&2 && exit 1 ;; esac
            while [ "$1" != --out ]; do shift; done
            mkdir -p "$2"; echo checkpoint > "$2/checkpoint.safetensors"
            head -c 16500000 /dev/urandom > "$2/model.safetensors"
            echo '{"step": 50, "loss": 0.5, "flops": 2e12, "waited": 0.25}' > "$2/log.jsonl"
            exec sleep $(cat pause) ;;
          weights) exec '\(Program.path)' "$@" ;;
        esac
        """
      try standIn.write(toFile: "\(folder)/run", atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: folder + "/run")
      try finds([], pause: 0)
    }

    /// What the stand-in's selfcheck finds wrong, and how long its training goes on.
    func finds(_ wrong: [String], pause: Int) throws {
      let checks = (["add"] + wrong).map { name in
        #"{"name": "\#(name)", "part": "float32", "error": 1, "tolerance": 0.1, "passed": "#
          + (name == "add" ? "true}" : "false}")
      }
      let report =
        #"{"device": "a GPU", "libtorch": "2", "seconds": 9, "films_per_second": {"256 px": 7}, "#
        + #""checks": [\#(checks.joined(separator: ", "))]}"#
      try report.write(toFile: "\(folder)/selfcheck.json", atomically: true, encoding: .utf8)
      for (name, number) in [("status", wrong.isEmpty ? 0 : 1), ("pause", pause)] {
        try "\(number)".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
      }
    }

    func start(_ arguments: [String]) throws -> Process {
      let process = Process()
      // Who runs the tests may have blocked signals, and a shell can't unblock them.
      let unblocked =
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); "
        + "os.execvp('bash', ['bash'] + sys.argv[1:])"
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["python3", "-c", unblocked, "\(folder)/session", out] + arguments
      process.environment = ProcessInfo.processInfo.environment
        .merging(["RTFM_SESSION": "\(folder)/state"]) { $1 }
      process.standardError = FileHandle.nullDevice
      try process.run()
      return process
    }

    func visit(_ arguments: String...) throws -> Int32 {
      let process = try start(["--minutes", "9", "--device", "cpu"] + arguments)
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  private func withBundle(_ body: (Bundle) throws -> Void) throws {
    try Package.withTemporaryFolder { try body(Bundle(in: $0)) }
  }

  @Test func everythingIsDoneOnceAndTrainingGoesOn() throws {
    try withBundle { bundle in
      #expect(try bundle.visit() == 0)
      let names = bundle.calls.map { $0.split(separator: " ")[0] }.filter { $0 != "weights" }
      #expect(names == ["doctor", "selfcheck", "bench", "bench", "train", "train"])
      #expect(
        bundle.call("train")?.contains("--preset small --scenes 32 --groups 1 --device cpu") == true
      )
      let parts = (1...2).map { "s1.safetensors.part-0\($0)-of-02" }
      #expect(bundle.files == ["results.tar.gz"] + parts + ["summary.txt"])
      let sizes = try bundle.files.map { name in
        try FileManager.default.attributesOfItem(atPath: "\(bundle.out)/\(name)")[.size] as? Int
      }
      #expect(sizes.allSatisfy { $0! > 0 && $0! <= 15 << 20 })
      let summary = try String(contentsOfFile: "\(bundle.out)/summary.txt", encoding: .utf8)
      #expect(summary.contains("1 of 1 checks passed") && summary.contains("7 frames/s"))
      #expect(summary.contains("loss 0.5000, 2.00 TFLOP/s, waited for films 25 %"))

      try FileManager.default.removeItem(atPath: "\(bundle.folder)/calls")
      #expect(try bundle.visit("--finish", "700") == 0)
      #expect(bundle.calls.filter { !$0.hasPrefix("weights") }.count == 1)
      let resumed = bundle.call("train") ?? ""
      #expect(resumed.contains("--resume \(bundle.folder)/state/s1/checkpoint.safetensors"))
      #expect(resumed.hasSuffix("--cooldown 700"))
    }
  }

  @Test(arguments: [
    ["film, room", "film, flat"], ["graph replay"], ["film, room", "graph replay"],
  ])
  func whatCanBeDoneWithoutIsLeftOut(wrong: [String]) throws {
    try withBundle { bundle in
      try bundle.finds(wrong, pause: 0)
      #expect(try bundle.visit() == 0)
      let (films, graphs) = (wrong.contains("film, room"), wrong.contains("graph replay"))
      #expect(bundle.call("train")?.contains("--no-gpu-films") == films)
      #expect(bundle.call("bench")?.contains("--no-graphs") == graphs)
    }
  }

  /// Recorded drawing is checked under other names than recorded work, and training films.
  @Test(arguments: [
    (["draw, 2 contexts"], false), (["draw, 2 contexts", "5 training steps"], true),
  ])
  func whatIsRightWithoutRecordingsOrFilmsGoesOnWithoutThem(wrong: [String], films: Bool) throws {
    try withBundle { bundle in
      let needed = films ? "--skip films --skip graphs" : "--skip graphs"
      try needed.write(toFile: "\(bundle.folder)/without", atomically: true, encoding: .utf8)
      try bundle.finds([], pause: 0)
      try FileManager.default.moveItem(
        atPath: "\(bundle.folder)/selfcheck.json", toPath: "\(bundle.folder)/clean")
      try bundle.finds(wrong, pause: 0)
      #expect(try bundle.visit() == 0)
      #expect(bundle.call("train")?.contains("--no-gpu-films") == films)
      #expect(bundle.call("bench")?.contains("--no-graphs") == true)
    }
  }

  @Test func trainingThatFailsAtOnceIsTriedWithHalfTheScenes() throws {
    try withBundle { bundle in
      try Data().write(to: URL(fileURLWithPath: "\(bundle.folder)/small"))
      #expect(try bundle.visit("--parts", "train") == 0)
      #expect(bundle.calls.filter { $0.hasPrefix("train") }.count == 2)
      #expect(bundle.call("train")?.contains("--scenes 16") == true)
    }
  }

  @Test func scenesCanBeChosen() throws {
    try withBundle { bundle in
      let status = try bundle.visit("--parts", "train", "--scenes", "48")
      #expect(status == 0)
      #expect(bundle.call("train")?.contains("--scenes 48") == true)
      #expect(bundle.call("train")?.contains("--detail 3") == true, "tiles are learned, too")
    }
  }

  @Test func whatCannotBeUsedIsSaidBeforeAnythingIsMeasured() throws {
    try withBundle { bundle in
      for words in [["--weights", "/no/such/file"], ["--finish", "soon"], ["--detail", "9"]] {
        let status = try bundle.visit(words[0], words[1])
        #expect(status == 2 && bundle.calls.isEmpty)
      }
    }
  }

  @Test func whatIsWrongOtherwiseEndsTheVisitUnlessForced() throws {
    try withBundle { bundle in
      try bundle.finds(["film, room", "matmul"], pause: 0)
      #expect(try bundle.visit() == 1)
      #expect(bundle.call("train") == nil && bundle.files == ["results.tar.gz", "summary.txt"])
      let summary = try String(contentsOfFile: "\(bundle.out)/summary.txt", encoding: .utf8)
      #expect(summary.contains("mismatch  matmul, float32"))
      #expect(try bundle.visit("--force") == 0)
      #expect(bundle.call("train") != nil)
    }
  }

  @Test func aStageBeginsWithTheOneBeforeOrWithWeights() throws {
    try withBundle { bundle in
      #expect(try bundle.visit("--parts", "train", "--stage", "3") == 1)
      #expect(bundle.call("train") == nil)
      #expect(try bundle.visit("--parts", "train", "--stage", "1") == 0)
      #expect(try bundle.visit("--parts", "train", "--stage", "2") == 0)
      #expect(bundle.call("train")?.contains("--stage 2") == true)
      #expect(bundle.call("train")?.contains("--weights \(bundle.folder)/state/s1/model") == true)
      let parts = bundle.files.filter { $0.hasPrefix("s2") }.map { "\(bundle.out)/\($0)" }
      #expect(parts.count == 2)
      try FileManager.default.removeItem(atPath: "\(bundle.folder)/state")
      let weights = parts.joined(separator: ",")
      #expect(try bundle.visit("--parts", "train", "--stage", "3", "--weights", weights) == 0)
      let call = bundle.call("train") ?? ""
      #expect(call.contains("--stage 3 --patch 16 --resolution 256"))
      #expect(call.contains("--weights \(bundle.folder)/state/given.safetensors --seed "))
    }
  }

  /// Told to end in the middle, it leaves what there is.
  @Test func aVisitThatIsEndedLeavesWhatThereIs() throws {
    try withBundle { bundle in
      try bundle.finds([], pause: 100)
      let process = try bundle.start(["--minutes", "3", "--device", "cpu", "--parts", "train"])
      for _ in 0..<1200 where !bundle.files.contains("s1.safetensors.part-02-of-02") {
        usleep(50_000)
      }
      process.terminate()
      let start = ContinuousClock.now
      process.waitUntilExit()
      #expect(process.terminationStatus == 143 && ContinuousClock.now - start < .seconds(20))
      #expect(bundle.files.count == 4)
    }
  }

  @Test(arguments: [
    ["--minutes", "x"], ["--stage", "5"], ["--parts", "trian"], ["--nonsense"], ["second"],
    ["--minutes"],
  ])
  func wordsThatAreOffAreRefused(words: [String]) throws {
    try withBundle { bundle in
      let process = try bundle.start(words)
      process.waitUntilExit()
      #expect(process.terminationStatus == 2 && bundle.calls.isEmpty && bundle.files.isEmpty)
    }
  }
}
