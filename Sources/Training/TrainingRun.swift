import Foundation
import Generation
import Images
import Scene
import Torch

/// A run on disk: a folder with its log, checkpoint, pictures and the model so far.
///
///     runs/room/log.jsonl              a line every 50 steps
///     runs/room/checkpoint.safetensors everything, to resume from
///     runs/room/checkpoint-previous.safetensors  the same, from before
///     runs/room/model.safetensors      the averaged weights, fp16
///     runs/room/loss.png               the curve
///     runs/room/samples/001000.png     context | truth | model
public struct TrainingRun {
  public let trainer: Trainer
  let folder: String
  /// Steps between lines of the log, and between checkpoints with pictures.
  public var logEvery = 50
  public var saveEvery = 1000
  /// Minutes between checkpoints: what a killed run loses at most.
  public var saveMinutes = 5.0
  /// Steps over which to let the learning rate fall to zero at the end: at once, or, where time is
  /// limited, so that the end comes in time. Nil leaves it to the plan's last step.
  public var cooldown: Int?
  /// Whether a new run first tells how well it draws before it has learned anything.
  public var judgesStart = false
  private var lines: [Line] = []
  private var judgements: [Judgement] = []

  /// - Throws: `TrainingError` when the folder can't be made, or holds a run that this one, which is at
  ///   its start, would replace.
  public init(_ trainer: Trainer, folder: String) throws {
    self.trainer = trainer
    self.folder = folder
    let checkpoint = "\(folder)/checkpoint.safetensors"
    if trainer.step == 0, FileManager.default.fileExists(atPath: checkpoint) {
      throw TrainingError.occupied(folder: folder, by: checkpoint)
    }
    do {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/samples", withIntermediateDirectories: true)
    } catch {
      throw TrainingError.folder(folder)
    }
    for file in [checkpoint, "\(folder)/model.safetensors"] {
      Safetensors.removeUnfinished(at: file)
    }
    try forgetLinesAhead()
    lines = Self.lines(in: log)
    judgements = Self.lines(in: log)
  }

  /// Trains until the plan's last step, until time is up or until it is told to stop, whichever is
  /// first, and saves.
  ///
  /// - Parameters:
  ///   - minutes: how long at most; nil for no limit.
  ///   - stop: asked after each step.
  ///   - report: gets a line of progress now and then.
  /// - Throws: when it can't go on or can't save; the last checkpoint is then intact.
  public mutating func run(
    minutes: Double? = nil, stop: () -> Bool = { false }, report: (String) -> Void
  ) throws {
    var pace = Pace(first: trainer.step)
    if minutes == nil { try coolDown() }
    if judgesStart, trainer.step == 0 { try judge(report) }
    while trainer.step < trainer.plan.end {
      pace.window.append(trainer.begin())
      if trainer.step % logEvery == 0 { try log(&pace, report) }
      if trainer.step % saveEvery == 0 {
        try save(report)
        pace.saved = pace.clock.now
      } else if pace.clock.now - pace.saved > .seconds(60 * saveMinutes) {
        try saveCheckpoint()
        pace.saved = pace.clock.now
      }
      if stop() { break }
      if let minutes {
        if pace.elapsed > minutes * 60 { break }
        if isTimeToCool(&pace, seconds: minutes * 60) { try coolDown() }
      }
    }
    for step in pace.window { _ = try step.progress() }
    if judgements.last?.step != trainer.step { try save(report) }
    report("saved \(folder)/checkpoint.safetensors at step \(trainer.step)")
  }

  /// Where the time goes.
  private struct Pace {
    let clock = ContinuousClock()
    let first: Int
    let start: ContinuousClock.Instant
    /// When the last line of the log was written, and the last checkpoint.
    var logged: ContinuousClock.Instant
    var saved: ContinuousClock.Instant
    /// The steps since that line.
    var window: [Trainer.Pending] = []
    /// Where things stood once the first steps were over, which take longer than others.
    private var settled: (step: Int, elapsed: Double)?

    init(first: Int) {
      self.first = first
      start = clock.now
      (logged, saved) = (start, start)
    }

    var elapsed: Double { (clock.now - start) / .seconds(1) }
    func perStep(_ step: Int) -> Double { elapsed / Double(max(1, step - first)) }

    /// How long a step takes without what happens once; nil while that is unknown.
    mutating func steadyPerStep(_ step: Int) -> Double? {
      guard let settled else {
        if step - first >= Self.unsteady { settled = (step, elapsed) }
        return nil
      }
      guard step - settled.step >= Self.unsteady else { return nil }
      return (elapsed - settled.elapsed) / Double(step - settled.step)
    }

    /// Steps that plan kernels and fill pools; and as many to judge by.
    private static let unsteady = 20
  }

  private mutating func log(_ pace: inout Pace, _ report: (String) -> Void) throws {
    let steps = try pace.window.map { try $0.progress() }
    var line = Line(steps, elapsed: pace.elapsed)
    let now = pace.clock.now
    line.measure(pace.window, seconds: (now - pace.logged) / .seconds(1), on: trainer.model.device)
    (pace.logged, pace.window) = (now, [])
    lines.append(line)
    try append(line)
    report(line.text(stepsPerSecond: 1 / pace.perStep(trainer.step), plan: trainer.plan))
  }

  /// Whether a cooldown would just end in time, once it is known how long a step takes.
  private func isTimeToCool(_ pace: inout Pace, seconds: Double) -> Bool {
    guard let cooldown else { return false }
    let steady = pace.steadyPerStep(trainer.step)
    let rough = pace.elapsed > seconds / 2 ? pace.perStep(trainer.step) : nil
    guard let perStep = steady ?? rough else { return false }
    return seconds - pace.elapsed < 1.05 * Double(cooldown) * perStep
  }

  /// Begins the cooldown that was asked for, once.
  private mutating func coolDown() throws {
    guard let steps = cooldown else { return }
    cooldown = nil
    try trainer.coolDown(over: steps)
  }

  /// Writes the checkpoint, the averaged model, the sample sheet, how good it is, and the curves.
  public mutating func save(_ report: (String) -> Void = { _ in }) throws {
    try saveCheckpoint()
    try judge(report)
  }

  private mutating func judge(_ report: (String) -> Void) throws {
    let (sheet, quality) = trainer.sample()
    let judgement = Judgement(step: trainer.step, heldOut: quality)
    judgements.append(judgement)
    try append(judgement)
    let isElsewhere = !trainer.plan.captures.isEmpty && quality.photographs == nil
    report(
      "step \(trainer.step)  \(quality.text)"
        + (isElsewhere ? " (in made-up worlds: no photograph is held out)" : ""))
    if lines.count > 1 { try curve().writePNG(to: "\(folder)/loss.png") }
    let name = String(format: "%06d", trainer.step)
    try sheet.writePNG(to: "\(folder)/samples/\(name).png")
  }

  private func saveCheckpoint() throws {
    try trainer.save(to: "\(folder)/checkpoint.safetensors")
    let metadata = [
      "step": String(trainer.step), "resolution": String(trainer.plan.resolution),
    ]
    try trainer.average.safetensors(.float16, metadata: metadata)
      .write(to: "\(folder)/model.safetensors")
  }

  private var log: String { "\(folder)/log.jsonl" }

  /// Takes out of the log what comes after the checkpoint that the run goes on from: it is done again.
  private func forgetLinesAhead() throws {
    struct Dated: Decodable { let step: Int }
    guard let data = FileManager.default.contents(atPath: log) else { return }
    let all = data.split(separator: UInt8(ascii: "\n"))
    let kept = all.filter { line in
      let dated = try? JSONDecoder().decode(Dated.self, from: Data(line))
      return dated.map { $0.step <= trainer.step } ?? false
    }
    guard kept.count < all.count else { return }
    try Data(kept.map { $0 + [UInt8(ascii: "\n")] }.joined())
      .write(to: URL(fileURLWithPath: log), options: .atomic)
  }

  private func append(_ line: some Encodable) throws {
    if !FileManager.default.fileExists(atPath: log) {
      _ = FileManager.default.createFile(atPath: log, contents: nil)
    }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    defer { try? file.close() }
    try file.seekToEnd()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try file.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
  }

  /// The lines of a log that are of one kind.
  private static func lines<Kind: Decodable>(in path: String) -> [Kind] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return data.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(Kind.self, from: Data($0))
    }
  }

  private func curve() -> Image {
    var plot = LinePlot(title: "loss", x: "step", isLogarithmic: true)
    plot.add("total", lines.map { SIMD2(Double($0.step), $0.loss) })
    plot.add("squared", lines.map { SIMD2(Double($0.step), $0.terms["squared"] ?? 0) })
    func heldOut(_ name: String, _ error: (Quality) -> Double?) {
      let points = judgements.map { SIMD2(Double($0.step), error($0.heldOut) ?? .nan) }
      if points.contains(where: { $0.y.isFinite }) { plot.add(name, points) }
    }
    heldOut("held out, shown", \.covered)
    heldOut("held out, not shown", \.uncovered)
    heldOut("held out, photographs", \.photographs)
    heldOut("held out, tiles", \.tiles)
    return plot.image()
  }
}

/// A line of the log, too: how well held-out views are drawn.
struct Judgement: Codable {
  let step: Int
  let heldOut: Quality
}

/// One line of the log: means over the steps since the line before.
struct Line: Codable {
  let step: Int
  let seconds: Double
  let loss: Double
  let terms: [String: Double]
  let norm: Double
  let rate: Double
  let skipped: Int
  /// Floating-point operations of the network a second.
  var flops: Double?
  /// Their share of what the device could do, where that is known.
  var utilization: Double?
  /// The share of the time in which nothing was done but to wait for films.
  var waited: Double?

  mutating func measure(_ steps: [Trainer.Pending], seconds: Double, on device: Device) {
    let rate = steps.map(\.work).reduce(0, +) / seconds
    flops = rate
    utilization = device.peakFLOPS.map { rate / $0 }
    waited = steps.map(\.waited).reduce(0, +) / seconds
  }

  init(_ window: [Trainer.Progress], elapsed: Double) {
    let n = Double(window.count)
    step = window.last!.step
    seconds = elapsed
    loss = window.map(\.loss).reduce(0, +) / n
    norm = window.map(\.norm).reduce(0, +) / n
    rate = window.last!.rate
    skipped = window.count(where: \.skipped)
    var sums: [String: Double] = [:]
    for progress in window {
      for (name, value) in progress.terms { sums[name, default: 0] += value / n }
    }
    terms = sums
  }

  func text(stepsPerSecond: Double, plan: Plan) -> String {
    let scenes = stepsPerSecond * Double(plan.shards * plan.scenesPerShard)
    let left = Int(Double(plan.end - step) / max(1e-9, stepsPerSecond))
    let eta = String(format: "%d:%02d:%02d", left / 3600, left / 60 % 60, left % 60)
    return String(
      format:
        "step %d/%d  loss %.4f  squared %.4f  norm %.2f  rate %.2f  %.1f scenes/s  %.2f TFLOP/s",
      step, plan.end, loss, terms["squared"] ?? 0, norm, rate, scenes, (flops ?? 0) / 1e12)
      + (utilization.map { String(format: " (%.0f %%)", $0 * 100) } ?? "")
      + String(format: "  waited for films %.0f %%", (waited ?? 0) * 100) + "  ETA " + eta
  }
}
