import Evaluation
import Generation

/// What `rtfm evaluate` found: a JSON document, or a table for people.
struct EvaluationReport: Encodable {
  let model: String
  let place: String
  /// Side of the pictures as they are drawn, in pixels, ...
  let resolution: Int
  /// ... and as they are compared.
  let compared: Int
  /// Nil where no model of ours drew.
  var steps: Steps?
  let targets: Int
  let results: [ReconstructionResult]
  /// Of procedural worlds only, and where asked for.
  var diversity: [Diversity] = []
  var drift: [DriftResult] = []
  var revisit: [RevisitResult] = []

  init(
    model: String, place: String, resolution: Int, compared: Int, steps: Steps? = nil,
    results: [ReconstructionResult]
  ) {
    (self.model, self.place, self.results) = (model, place, results)
    (self.resolution, self.compared, self.steps) = (resolution, compared, steps)
    targets = results.first?.whole.targets ?? 0
  }

  var table: String {
    let size = "\(resolution) px" + (compared < resolution ? " compared at \(compared)" : "")
    let parts = [
      "\(model), \(size), \(targets) frames of \(place)", reconstruction, families,
      diversity.map(line).joined(separator: "\n"), drift.map(line).joined(separator: "\n"),
      revisit.table,
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private var reconstruction: String {
    let head =
      "contexts".padded(to: 20)
      + ["PSNR dB", "SSIM", "MS-SSIM", "FLIP"].map { $0.padded(to: 24) }.joined() + "sharpness"
    let names =
      "".padded(to: 19)
      + Array(repeating: "  model nearest  warp".padded(to: 24), count: 4).joined()
    let rows = results.flatMap { r in
      [
        row("\(r.contexts)", r.whole),
        r.covered.map { row("  covered", $0) }, r.uncovered.map { row("  not covered", $0) },
        r.reflective.map { row("  reflective", $0) },
      ].compactMap { $0 }
    }
    return ([head, names] + rows).joined(separator: "\n")
  }

  /// A line for each family with the most contexts.
  private var families: String {
    guard let last = results.last, last.families.count > 1 else { return "" }
    let rows = last.families.sorted { $0.key < $1.key }
      .flatMap { name, r in [row(name, r.whole), r.covered.map { row("  covered", $0) }] }
    return (["families, \(last.contexts) contexts"] + rows.compactMap { $0 })
      .joined(separator: "\n")
  }

  private func row(_ name: String, _ c: ReconstructionResult.Comparison) -> String {
    let scores = [c.score, c.baselines["nearest"]!, c.baselines["warp"]!]
    func cells(_ digits: Int, _ part: (Score) -> Double?) -> String {
      scores.map { (part($0)?.digits(digits) ?? "-").leftPadded(to: 7) }.joined().padded(to: 24)
    }
    return name.padded(to: 18) + cells(2) { $0.psnr } + cells(3) { $0.ssim }
      + cells(3) { $0.msSSIM } + cells(3) { $0.flip } + (c.sharpness?.digits(2) ?? "-")
  }

  private func line(_ d: Diversity) -> String {
    "\(d.draws) draws of \(d.steps) steps differ by \(d.uncovered?.digits(4) ?? "-") where nothing "
      + "is covered, by \(d.covered?.digits(4) ?? "-") where all is (sRGB, 0 to 1)"
  }

  private func line(_ d: DriftResult) -> String {
    func both(_ part: (DriftResult.Trends) -> Trend?) -> String {
      [d.walk, d.givenOnly].map { part($0).map { $0.perHundredFrames.digits(3) } ?? "-" }
        .joined(separator: " / ")
    }
    return "\(d.name): \(d.frames) frames, \(d.keyframes) keyframes; a hundred frames, beside the "
      + "given pictures alone: PSNR \(both(\.psnr)) dB, covered \(both(\.coveredPSNR)) dB, "
      + "sharpness \(both(\.sharpness)), colour \(both(\.color))"
  }
}

extension [RevisitResult] {
  /// For people.
  var table: String {
    guard !isEmpty else { return "" }
    let head =
      "memory".padded(to: 10) + "pose".padded(to: 7)
      + ["frames", "keyframes", "PSNR dB", "SSIM", "FLIP", "covered dB", "invented dB", "truth dB"]
      .map { $0.leftPadded(to: 12) }.joined()
    return ([head] + map(\.line)).joined(separator: "\n")
  }
}

extension RevisitResult {
  fileprivate var line: String {
    let truth = truth.map { "\($0.first.psnr.digits(1)) > \($0.again.psnr.digits(1))" }
    let cells = [
      "\(frames)", keyframes.digits(0), score.psnr.digits(2), score.ssim.digits(3),
      score.flip.digits(3), covered?.psnr.digits(2) ?? "-", invented?.psnr.digits(2) ?? "-",
      truth ?? "-",
    ]
    return memory.padded(to: 10) + pose.rawValue.padded(to: 7)
      + cells.map { $0.leftPadded(to: 12) }.joined()
  }
}
