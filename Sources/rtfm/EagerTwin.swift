import Evaluation
import Foundation
import Generation

/// The same network in eager PyTorch (`Tests/Reference/bench.py`), run as a child process: what we
/// compare our speed with.
struct EagerTwin {
  private let script: String
  private let python: String
  private let arguments: [String]

  /// Nil, with a remark, where it can't be run.
  init?(preset: String, patch: Int, size: Size, contexts: Int, threads: Int) {
    guard ["nano", "small", "base"].contains(preset), contexts > 0 else { return nil }
    guard let script = SourceTree.file("Tests/Reference/bench.py") else {
      note("no comparison with PyTorch: Tests/Reference/bench.py is not above this program")
      return nil
    }
    self.script = script
    python = SourceTree.file(".deps/python") ?? ""
    arguments = [
      "--preset", preset, "--patch", "\(patch)", "--resolution", "\(size)",
      "--contexts", "\(contexts)", "--threads", "\(threads)",
    ]
  }

  /// The twin's median milliseconds a frame, positional transforms and network; nil, with a remark,
  /// where it doesn't run.
  func milliseconds(seconds: Double) -> Double? {
    struct Answer: Decodable {
      struct Milliseconds: Decodable { let p50: Double }
      let milliseconds: Milliseconds
    }
    let child = Command(
      "python3", [script] + arguments + ["--seconds", "\(seconds)"],
      environment: ["PYTHONPATH": python, "PYTHONDONTWRITEBYTECODE": "1"])
    guard let found = try? JSONDecoder().decode(Answer.self, from: Data(child.output.utf8)) else {
      let line = child.errors.split(separator: "\n").last
      note("no comparison with PyTorch: \(line ?? "bench.py says nothing")")
      return nil
    }
    return found.milliseconds.p50
  }
}
