import Foundation
import Generation
import Images
import Scene
import Torch

/// A run on disk: a folder with its log, checkpoint, pictures and the model so far.
///
///     runs/room/log.jsonl              a line every 50 steps
///     runs/room/checkpoint.safetensors everything, to resume from
///     runs/room/model.safetensors      the averaged weights, fp16
///     runs/room/loss.png               the curve
///     runs/room/samples/001000.png     context | truth | model
public struct TrainingRun {
  public let trainer: Trainer
  let folder: String
  /// Steps between lines of the log, and between checkpoints with pictures.
  public var logEvery = 50
  public var saveEvery = 1000
  /// Steps over which to let the learning rate fall to zero at the end: at once, or, where time is
  /// limited, so that the end comes in time. Nil leaves it to the plan's last step.
  public var cooldown: Int?
  private var lines: [Line] = []

  /// - Throws: when the folder can't be made or its log can't be read.
  public init(_ trainer: Trainer, folder: String) throws {
    self.trainer = trainer
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: "\(folder)/samples", withIntermediateDirectories: true)
    lines = Self.lines(in: "\(folder)/log.jsonl").filter { $0.step <= trainer.step }
  }

  /// Trains until the plan's last step or until time is up, whichever is first, and saves.
  ///
  /// - Parameters:
  ///   - minutes: how long at most; nil for no limit.
  ///   - report: gets a line of progress now and then.
  public mutating func run(minutes: Double? = nil, report: (String) -> Void) throws {
    let clock = ContinuousClock()
    let (start, first) = (clock.now, trainer.step)
    var window: [Trainer.Progress] = []
    if minutes == nil { try coolDown() }
    while trainer.step < trainer.plan.end {
      window.append(try trainer.advance())
      let elapsed = (clock.now - start) / .seconds(1)
      if trainer.step % logEvery == 0 {
        let rate = Double(trainer.step - first) / elapsed
        lines.append(Line(window, elapsed: elapsed, plan: trainer.plan))
        try append(lines.last!)
        report(lines.last!.text(stepsPerSecond: rate, plan: trainer.plan))
        window = []
      }
      if trainer.step % saveEvery == 0 { try save() }
      if let minutes {
        if elapsed > minutes * 60 { break }
        let perStep = elapsed / Double(trainer.step - first)
        let left = minutes * 60 - elapsed
        if let cooldown, left < Double(cooldown) * perStep * 1.05 { try coolDown() }
      }
    }
    try save()
    report("saved \(folder)/checkpoint.safetensors at step \(trainer.step)")
  }

  /// Begins the cooldown that was asked for, once.
  private mutating func coolDown() throws {
    guard let steps = cooldown else { return }
    cooldown = nil
    try trainer.coolDown(over: steps)
  }

  /// Writes the checkpoint, the averaged model, the loss curve and a sample sheet.
  public func save() throws {
    try trainer.save(to: "\(folder)/checkpoint.safetensors")
    let metadata = [
      "step": String(trainer.step), "resolution": String(trainer.plan.resolution),
    ]
    try trainer.average.safetensors(.float16, metadata: metadata)
      .write(to: "\(folder)/model.safetensors")
    if lines.count > 1 { try curve().writePNG(to: "\(folder)/loss.png") }
    let name = String(format: "%06d", trainer.step)
    try trainer.sampleSheet().writePNG(to: "\(folder)/samples/\(name).png")
  }

  private func append(_ line: Line) throws {
    let path = "\(folder)/log.jsonl"
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    try file.write(contentsOf: encoder.encode(line) + Data("\n".utf8))
  }

  private static func lines(in path: String) -> [Line] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    return data.split(separator: UInt8(ascii: "\n")).compactMap {
      try? JSONDecoder().decode(Line.self, from: Data($0))
    }
  }

  private func curve() -> Image {
    var plot = LinePlot(title: "loss", x: "step", isLogarithmic: true)
    plot.add("total", lines.map { SIMD2(Double($0.step), $0.loss) })
    plot.add("squared", lines.map { SIMD2(Double($0.step), $0.terms["squared"] ?? 0) })
    return plot.image()
  }
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

  init(_ window: [Trainer.Progress], elapsed: Double, plan: Plan) {
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
      format: "step %d/%d  loss %.4f  squared %.4f  norm %.2f  rate %.2f  %.1f scenes/s  ETA ",
      step, plan.end, loss, terms["squared"] ?? 0, norm, rate, scenes) + eta
  }
}
