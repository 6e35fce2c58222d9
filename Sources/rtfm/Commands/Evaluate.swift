import ArgumentParser
import Captures
import Evaluation
import Generation
import Images
import Procedural
import Scene

/// `rtfm evaluate`: how well held-out frames are drawn from others of the same place.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure quality: draw held-out frames and compare them with the truth.",
    discussion: """
      Each frame of a capture is drawn in turn from what recall finds among the others; of \
      procedural worlds that no training sees, 4 frames of a walk of 16. Beside the model stand a \
      copy of the nearest frame (nearest) and that frame warped as if painted on a plane (warp). \
      Of procedural worlds, pictures are also split into what the context shows, what it doesn't, \
      and what reflects; and one world of each family is walked for drift, diversity and a short revisit.
      """)

  @Argument(help: "A capture's folder, a world's file (its given pictures), or procedural.")
  var place: String
  @Option(help: "How many frames to draw from at most; several numbers give several results.")
  var contexts = Counts([1, 2, 4, 8])
  @OptionGroup var network: ModelOptions
  @Option(help: "Procedural worlds of each family.")
  var worlds = 8
  @Option(help: "A family of procedural worlds; give it again for more. All by default.")
  var family: [String] = []
  @Option(help: "Procedural: frames that measure drift, best whole laps of 100; 0 for none.")
  var drift = 300
  @Option(help: "Procedural: pictures a target that measure diversity; 0 for none.")
  var diversity = 4
  @Option(help: "Procedural: frames after which a view is visited again; 0 for never.")
  var revisit = 64
  @Option(
    help: """
      Compare pictures reduced to a so-many-th of --resolution: 2 of 512 and 1 of 256 are both \
      compared at 256 pixels.
      """)
  var reduce = 1
  @Option(help: "Hold out by this entry of the capture's splits.json.")
  var split: String?
  @Option(
    help: """
      Measure no model of ours: write what would be asked of it into this new folder, for a program \
      of any kind to answer; of 128 pixels unless --resolution says otherwise.
      """)
  var questions: String?
  @Option(help: "Measure the pictures in this folder, which answer such questions.")
  var answers: String?
  @Option(help: "A contact sheet (PNG) to write: context | truth | model | nearest.")
  var sheet: String?
  @Option(
    help: """
      Procedural: another sheet (PNG): walks past mirrors and under the sun, with what they make of \
      them above the model's and the nearest frame's pictures.
      """)
  var passages: String?
  @Flag(help: "Print one JSON document.")
  var json = false

  private var isProcedural: Bool { place == "procedural" }

  func validate() throws {
    guard !contexts.values.isEmpty, contexts.values.allSatisfy({ $0 <= 64 }),
      (1...10_000).contains(worlds), (0...100_000).contains(drift), drift != 1,
      (0...100).contains(diversity), diversity != 1, (0...100_000).contains(revisit), revisit != 1,
      (1...16).contains(reduce)
    else {
      throw ValidationError(
        "contexts are 0 to 64, worlds 1 to 10000, drift and revisit 0 or 2 to 100000, "
          + "diversity 0 or 2 to 100, reduce 1 to 16")
    }
    if passages != nil, !isProcedural {
      throw ValidationError(
        "--passages is for procedural worlds: a capture has its own frames only")
    }
    if !family.isEmpty, !isProcedural {
      throw ValidationError("--family is for procedural worlds; a capture is one place")
    }
    if split != nil, isProcedural {
      throw ValidationError("--split is for captures; procedural worlds hold out by themselves")
    }
    if questions != nil || answers != nil {
      guard network.model == nil, passages == nil, questions == nil || answers == nil else {
        throw ValidationError(
          "--questions, --answers, and --model or --passages exclude each other")
      }
    }
    if questions != nil, json || sheet != nil || reduce != 1 {
      throw ValidationError("--json, --sheet and --reduce are for --answers, not for --questions")
    }
    _ = try families(named: family)
  }

  func run() async throws {
    try checkWritable(sheet, passages)
    if let questions { return try ask(questions) }
    if let answers { return try measure(answers) }
    let model = try network.open()
    let side = network.resolution ?? model.resolution
    try checkReducible(side)
    let exams = try exams(side)
    let results = try measure(exams) {
      Reconstruction.answering($0, model.artist(for: $0, steps: network.steps))
    }
    var report = EvaluationReport(
      model: try network.path, place: place, resolution: side, compared: side / reduce,
      steps: network.steps, results: results)
    if isProcedural {
      report.diversity = try diversity(side, model)
      report.drift = try await drift(side)
      report.revisit = try await revisit(side)
    }
    if let passages { try walkPast(side, model, to: passages) }
    try show(report)
  }

  private func show(_ report: EvaluationReport) throws {
    if json { try printJSON(report) } else { print(report.table) }
  }

  private func checkReducible(_ side: Int) throws {
    guard side % reduce == 0, side / reduce >= 16 else {
      throw ValidationError(
        "\(side) pixels can't be reduced to whole ones, 16 or more, by \(reduce); choose another "
          + "--resolution or --reduce")
    }
  }

  /// The side of pictures that no model of ours draws.
  private var side: Int { network.resolution ?? 128 }

  /// Writes the questions in place of asking a model.
  private func ask(_ folder: String) throws {
    let test = Reconstruction(contexts: contexts.values)
    var questions = try Questions(
      in: folder, place: place, resolution: side, contexts: contexts.values)
    for exam in try exams(side) {
      let exam = exam()
      try questions.add(test.questions(of: exam), of: exam)
    }
    try questions.finish()
    note("wrote \(folder)/questions.json, of \(questions.count) questions")
  }

  /// Measures what another program answered.
  private func measure(_ folder: String) throws {
    try checkReducible(side)
    let answers = Answers(in: folder)
    let results = try measure(exams(side)) { exam in
      { (question: Reconstruction.Question) throws -> Image in
        try answers.image(of: question, in: exam)
      }
    }
    try show(
      EvaluationReport(
        model: folder, place: place, resolution: side, compared: side / reduce, results: results))
  }

  /// Each place in turn, made when it is needed.
  private func exams(_ side: Int) throws -> [() -> Exam] {
    guard isProcedural else {
      let split = try split.map { try Exam.Split(named: $0, in: place) }
      let exam = try withCapture(at: place) { try Exam($0, side: side, split: split) }
      return [{ exam }]
    }
    return try families(named: family).flatMap { family in
      (0..<worlds).map { i in { Exam(procedural: i, family: family, side: side) } }
    }
  }

  private func measure(
    _ exams: [() -> Exam],
    _ respondent: (Exam) -> (Reconstruction.Question) throws -> Image
  ) throws -> [ReconstructionResult] {
    var sample = SampleRows(limit: contexts.values.max()!)
    var test = Reconstruction(contexts: contexts.values)
    test.reduction = reduce
    var done = 0
    test.watch = { exam, answer in
      sample.add(exam, answer)
      done += 1
      if done % 16 == 0 { note("\(exam.name): \(done) frames drawn") }
    }
    let results = try test.results(of: exams.lazy.map { $0() }, answered: respondent)
    if let sheet {
      try sample.sheet.writePNG(to: sheet)
      note("wrote \(sheet)")
    }
    return results
  }

  /// Draws walks past what looks different from everywhere, two of each kind.
  private func walkPast(_ side: Int, _ model: FrameModel, to path: String) throws {
    let exams = ProceduralWorld.Spectacle.allCases.flatMap {
      Exam.passages(past: $0, side: side, count: 2)
    }
    var answers: [(exam: Exam, answer: Reconstruction.Answer)] = []
    var test = Reconstruction(contexts: [4])
    test.watch = { answers.append(($0, $1)) }
    _ = test.results(of: exams) { model.artist(for: $0, steps: network.steps) }
    try PassageSheet(answers).image.writePNG(to: path)
    note("wrote \(path)")
  }

  /// Of the first world of each family, in one step and in several.
  private func diversity(_ side: Int, _ model: FrameModel) throws -> [Diversity] {
    guard diversity > 0 else { return [] }
    note("diversity: \(diversity) pictures a target")
    let exams = try families(named: family).map {
      Exam(procedural: 0, family: $0, side: side)
    }
    return [1, 8].map { steps in
      Diversity(steps: steps, draws: diversity, of: exams) {
        model.dreamer(for: $0, steps: steps)
      }
    }
  }

  private func drift(_ side: Int) async throws -> [DriftResult] {
    guard drift > 0 else { return [] }
    var results: [DriftResult] = []
    for family in try families(named: family) {
      let circuit = Drift.Circuit(procedural: 0, family: family, side: side)
      note("drift: \(circuit.name)")
      let (free, bound) = (
        try await world(circuit.given, circuit.scale, admits: true),
        try await world(circuit.given, circuit.scale, admits: false)
      )
      let walk = await Drift.points(of: circuit, with: free, frames: drift)
      let givenOnly = await Drift.points(of: circuit, with: bound, frames: drift)
      let keyframes = await free.keyframeCount()
      results.append(
        DriftResult(name: circuit.name, keyframes: keyframes, walk: walk, givenOnly: givenOnly))
    }
    return results
  }

  private func revisit(_ side: Int) async throws -> [RevisitResult] {
    guard revisit > 0 else { return [] }
    var test = Evaluation.Revisit()
    for family in try families(named: family) {
      let outing = Outing(procedural: 0, family: family, side: side, returns: [revisit])
      note("revisit: \(outing.name)")
      let world = try await world(outing.given, outing.scale, admits: true)
      test.add("rtfm", outing, try await Evaluation.Revisit.visits(of: outing, with: world))
    }
    return test.results
  }

  private func world(_ given: [Frame], _ scale: Double, admits: Bool) async throws -> World {
    var settings = network.settings
    settings.admits = admits
    return try await network.world(given, scale: scale, settings: settings)
  }
}
