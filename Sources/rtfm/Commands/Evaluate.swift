import ArgumentParser
import Captures
import Evaluation
import Generation
import Images
import Procedural
import Scene
import Torch

/// `rtfm evaluate`: how well held-out frames are drawn from others of the same place.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure quality: draw held-out frames and compare them with the truth.",
    discussion: """
      Each frame of a capture is drawn in turn from what recall finds among the others; of \
      procedural worlds, 4 frames of a walk of 16. Beside the model stand a copy of the nearest \
      frame (nearest) and that frame warped as if painted on a plane (warp).
      """)

  @Argument(help: "A capture's folder, or procedural.")
  var place: String
  @Option(help: "How many frames to draw from at most; several numbers give several results.")
  var contexts = Counts([1, 2, 4, 8])
  @Option(help: "A model's file, or the name of one in Models/.")
  var model: String?
  @Option(help: "Network evaluations a frame.")
  var steps = 1
  @Option(help: "Procedural worlds of each family.")
  var worlds = 8
  @Option(help: "Side of the square frames in pixels; the model's own by default.")
  var resolution: Int?
  @Option(help: "Hold out by this entry of the capture's splits.json.")
  var split: String?
  @Option(help: "A contact sheet (PNG) to write: context | truth | model | nearest.")
  var sheet: String?
  @Option(help: "What a CPU multiplies weights in: float32 or bfloat16.")
  var precision = Precision.float32
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Flag(help: "Print one JSON document.")
  var json = false

  func validate() throws {
    guard !contexts.values.isEmpty, contexts.values.allSatisfy({ $0 <= 64 }),
      (1...1000).contains(steps), (1...10_000).contains(worlds),
      resolution.map({ (16...4096).contains($0) }) ?? true
    else {
      throw ValidationError(
        "contexts are 0 to 64, steps 1 to 1000, worlds 1 to 10000, resolution 16 to 4096")
    }
    if split != nil, place == "procedural" {
      throw ValidationError("--split is for captures; procedural worlds hold out by themselves")
    }
  }

  func run() throws {
    let device = try Device(named: device)
    let path = try Shelf.models.path(of: model)
    let network = try FrameModel(contentsOf: path, on: device)
    network.precision = precision
    let side = resolution ?? network.resolution
    let exams = try exams(side)
    var sample = SampleRows(limit: contexts.values.max()!)
    var test = Reconstruction(contexts: contexts.values)
    var done = 0
    test.watch = { exam, answer in
      sample.add(exam, answer)
      done += 1
      if done % 16 == 0 { note("\(exam.name): \(done) frames drawn") }
    }
    let results = test.results(of: exams.lazy.map { $0() }) {
      network.artist(for: $0, steps: steps)
    }
    if let sheet {
      try sample.sheet.writePNG(to: sheet)
      note("wrote \(sheet)")
    }
    let document = Document(
      model: path, place: place, resolution: side, steps: steps,
      targets: results.first?.whole.targets ?? 0, results: results)
    if json { try printJSON(document) } else { print(document.table) }
  }

  /// Each place in turn, made when it is needed.
  private func exams(_ side: Int) throws -> [() -> Exam] {
    guard place == "procedural" else {
      let capture = try Capture(contentsOf: place)
      let split = try split.map { try Exam.Split(named: $0, in: place) }
      let exam = try Exam(capture, side: side, split: split)
      return [{ exam }]
    }
    return ProceduralWorld.Family.allCases.flatMap { family in
      (0..<worlds).map { i in { Exam(procedural: i, family: family, side: side) } }
    }
  }
}

extension Evaluate {
  struct Document: Encodable {
    let model: String
    let place: String
    let resolution: Int
    let steps: Int
    let targets: Int
    let results: [ReconstructionResult]

    /// For people.
    var table: String {
      let head =
        "contexts".padded(to: 20) + "PSNR dB".padded(to: 27) + "SSIM".padded(to: 27) + "FLIP"
      let names =
        "".padded(to: 20)
        + Array(repeating: "model nearest warp", count: 3)
        .map { $0.padded(to: 27) }.joined()
      let rows = results.flatMap { r in
        [
          row("\(r.contexts)", r.whole),
          r.covered.map { row("  covered", $0) }, r.uncovered.map { row("  not covered", $0) },
        ].compactMap { $0 }
      }
      return "\(model), \(resolution) px, \(targets) frames of \(place)\n"
        + ([head, names] + rows).joined(separator: "\n")
    }

    private func row(_ name: String, _ c: ReconstructionResult.Comparison) -> String {
      let scores = [c.score, c.baselines["nearest"]!, c.baselines["warp"]!]
      func cells(_ digits: Int, _ part: (Score) -> Double) -> String {
        scores.map { part($0).digits(digits, width: 7) + " " }.joined().padded(to: 27)
      }
      return name.padded(to: 18) + cells(2) { $0.psnr } + cells(3) { $0.ssim }
        + cells(3) { $0.flip }
    }
  }
}

/// Pictures for a contact sheet: up to a dozen targets with the largest context.
private struct SampleRows {
  let limit: Int
  private var rows: [[(image: Image, caption: String)]] = []
  private var seen = 0
  /// Every so many targets are kept; grows so that no more than a dozen rows remain.
  private var stride = 1

  init(limit: Int) { self.limit = limit }

  mutating func add(_ exam: Exam, _ answer: Reconstruction.Answer) {
    guard answer.limit == limit else { return }
    defer { seen += 1 }
    guard seen % stride == 0 else { return }
    rows.append(row(exam, answer))
    if rows.count > 12 {
      rows = rows.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
      stride *= 2
    }
  }

  private func row(_ exam: Exam, _ answer: Reconstruction.Answer) -> [(
    image: Image, caption: String
  )] {
    let truth = exam.frames[answer.target].image
    let blank = Image(width: truth.width, height: truth.height, color: [24, 24, 26])
    let contexts = (0..<min(4, limit)).map { i in
      i < answer.context.count
        ? (exam.frames[answer.context[i]].image, "context") : (blank, "")
    }
    let psnr = answer.score.psnr.digits(1)
    return contexts + [
      (truth, exam.name), (answer.image, "model \(psnr)"), (answer.nearest, "nearest"),
    ]
  }

  var sheet: Image {
    var sheet = ContactSheet(columns: min(4, limit) + 3)
    for cell in rows.joined() { sheet.add(cell.image, caption: cell.caption) }
    return sheet.image()
  }
}
