import ArgumentParser
import Foundation
import Torch

/// `rtfm selfcheck`: whether a device computes what the CPU does.
struct Selfcheck: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check a GPU's results against the CPU's: operations, model, training, tracer.",
    discussion: """
      Every tensor operation in Float32 and BFloat16, with its gradients, against Float64 on the \
      CPU; the model end to end; training steps; recorded work; films. Ends with status 1 and a \
      line for each mismatch. With --device cpu, the CPU's fast ways are checked against plain ones.
      """)

  @Option(help: "cuda or cpu.")
  var device = "cuda"
  @Option(help: "Leave out graphs (recorded work) or films; give it again for both.")
  var skip: [Part] = []
  @Flag(help: "Print one JSON document.")
  var json = false

  /// What can be left out.
  enum Part: String, ExpressibleByArgument { case graphs, films }

  func run() throws {
    let device = try Device(named: device)
    Runtime.allowTF32(false)
    let report = try Report(of: device, without: skip) { if json { note($0) } else { print($0) } }
    if json { try printJSON(report) } else { print(report.summary) }
    for check in report.checks where !check.passed { note("mismatch: \(check.text)") }
    if !report.passed { throw Mismatch(device: report.device) }
  }
}

/// A device that computes something else than the CPU.
private struct Mismatch: Error, CustomStringConvertible {
  let device: String

  var description: String {
    "\(device) does not compute what it should (see the mismatches above): don't trust its results"
  }
}

extension Selfcheck {
  /// What was compared, and how fast the tracer is.
  struct Report: Encodable {
    let device: String
    let gpu: GPUFacts?
    let libtorch: String
    private(set) var passed = false
    private(set) var checks: [Check] = []
    /// What could not be tried here.
    private(set) var skipped: [String] = []
    /// By what was filmed.
    private(set) var filmsPerSecond: [String: Double] = [:]
    private(set) var seconds = 0.0

    /// - Parameter report: gets each line as it is known.
    init(of device: Device, without skip: [Part], report: (String) -> Void) throws {
      let clock = ContinuousClock()
      let start = clock.now
      self.device = device.name
      (gpu, libtorch) = (device.facts, Runtime.version)
      func add(_ new: [Check]) {
        for check in new { report(check.text) }
        checks += new
      }
      report("what".padded(to: 24) + "part".padded(to: 39) + "error    allowed")
      for operation in Operation.all { add(operation.checks(on: device)) }
      add(Self.randomness(on: device))
      add(try ModelChecks.all(on: device, records: !skip.contains(.graphs)))
      add(try TrainingChecks.all(on: device, filmsThere: !skip.contains(.films)))
      if device == .cpu {
        skipped.append("graph replay: needs an NVIDIA GPU")
      } else if !skip.contains(.graphs) {
        add(Self.attempt("graph replay") { try GraphChecks.all(on: device) })
      }
      if !skip.contains(.films) {
        add(
          Self.attempt("film") {
            let films = try FilmChecks(on: device)
            filmsPerSecond = [films.rate.name: films.rate.framesPerSecond]
            return films.checks
          })
      }
      skipped += skip.map { "\($0): as was asked for" }
      if let reason = PlacingKernels.reason(on: device) { skipped.append("placing: \(reason)") }
      if case .cuda = device, let reason = RowKernels.reason(on: device, width: 384) {
        skipped.append("rows: \(reason)")
      }
      passed = checks.allSatisfy(\.passed)
      seconds = (clock.now - start) / .seconds(1)
    }

    /// Checks; one that failed, with the reason, where they could not be made.
    private static func attempt(_ name: String, _ checks: () throws -> [Check]) -> [Check] {
      do { return try checks() } catch {
        return [Check(name, "\(error)", error: .nan, within: 0)]
      }
    }

    /// Random numbers differ between kinds of devices: their distribution, and that a seed repeats.
    private static func randomness(on device: Device) -> [Check] {
      func numbers() -> (normal: Tensor, uniform: Tensor) {
        let g = Generator(seed: 4, on: device)
        return (g.normal([100_000]), g.uniform([100_000]))
      }
      let (a, b) = (numbers(), numbers())
      let moments = [a.normal.mean().item, a.normal.squared().mean().item - 1].map(abs).max()!
      return [
        Check("randn", "moments", error: moments, within: 0.02),
        Check("rand", "mean", error: abs(a.uniform.mean().item - 0.5), within: 0.01),
        Check("randn", "same seed", a.normal, truth: b.normal, within: 0),
        Check("rand", "same seed", a.uniform, truth: b.uniform, within: 0),
      ]
    }

    /// For people.
    var summary: String {
      let wrong = checks.count { !$0.passed }
      let rates = filmsPerSecond.map { "tracer, \($0.key): \($0.value.digits(0)) frames/s" }
      let end =
        passed
        ? "all \(checks.count) checks passed on \(device) in \(seconds.digits(1)) s"
        : "\(wrong) of \(checks.count) checks FAILED on \(device)"
      return (skipped.map { "skipped: \($0)" } + rates + [end]).joined(separator: "\n")
    }
  }
}
