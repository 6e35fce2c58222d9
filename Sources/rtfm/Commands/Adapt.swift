import ArgumentParser
import Foundation
import Generation
import Torch
import Training

/// `rtfm adapt`: minutes of learning from a place's own pictures.
struct Adapt: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Teach the model a place of yours, from its own pictures, in minutes.",
    discussion: """
      A model that was trained on made-up worlds goes on with one real place: each of its pictures, as \
      the others show it. Some are held out and drawn now and then, so that you see what it gains. \
      The run's folder is as `rtfm train` makes it, and may be stopped and resumed as such.

      rtfm adapt photos --out runs/photos
      rtfm explore photos --model runs/photos/model.safetensors

      With its model in it, as photos/model.safetensors, a folder is drawn by that unless another is \
      named.
      """)

  @Argument(help: "A capture's folder or a world's file (its given pictures); one place or more.")
  var places: [String]
  @Option(help: "Where the run's files go: the model, a log, sheets of held-out pictures.")
  var out: String
  @Option(
    help: """
      What to begin with: a model's file, or the name of one in Models/; by default rtfm-small on a \
      GPU and rtfm-nano on a CPU.
      """)
  var model: String?
  @Option(help: "How long: steps of 4 targets in each of 2 scenes.")
  var steps = 400
  @Option(help: "Side of the square frames in pixels; the model's own by default.")
  var resolution: Int?
  @Option(
    help: """
      Learn pictures so many times as large, too, in tiles, as they are drawn when you stand still; 1 for \
      whole ones alone.
      """)
  var detail = 2
  @Option(help: "Hold out the first of every so many pictures, to be judged by; 0 for none.")
  var holdOut = 8
  @Option(help: "Multiplies the learning rate.")
  var rate = 0.5
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "float32 or bfloat16 (by default bfloat16 on GPUs and CPUs that are fast in it).")
  var precision: Precision?
  @Option(help: "Seed of what is picked, and of noise.")
  var seed: UInt64 = 1

  func validate() throws {
    guard steps > 0, rate > 0, resolution.map({ (16...4096).contains($0) }) ?? true else {
      throw ValidationError("steps and rate must be positive, resolution 16 to 4096")
    }
    guard !places.isEmpty else { throw ValidationError("name a place: a capture or a world") }
  }

  func run() throws {
    let device = try Device(named: device)
    let start = try FrameModel(contentsOf: Shelf.models.path(of: model, on: device), on: device)
    let plan = plan(of: start)
    if let flaw = plan.flaw { throw ValidationError("no run can be like this: \(flaw)") }
    let albums = try plan.captures.flatMap { try rtfm.albums(at: $0, for: plan) }
    let trainer = Trainer(plan, weights: start, albums: albums, on: device)
    var run = try TrainingRun(trainer, folder: out)
    (run.logEvery, run.saveEvery, run.judgesStart) = (25, max(1, (steps + 2) / 3), true)
    try learn(run)
    note("rtfm explore \(places[0]) --model \(out)/model.safetensors")
  }

  private func plan(of model: FrameModel) -> Plan {
    var plan = Plan(
      model: model.configuration, resolution: resolution ?? model.resolution, steps: steps)
    plan.captures = places.map(absolute)
    (plan.holdOut, plan.seed, plan.precision) = (holdOut, seed, precision)
    plan.detail = detail
    plan.scenesPerShard = 1  // small steps and many: LOG.md
    plan.optimizer.kind = .muon
    plan.optimizer.rate = 2e-3 * rate
    plan.optimizer.muonRate *= rate
    (plan.optimizer.warmUp, plan.optimizer.rewarmUp, plan.optimizer.decayShare) = (20, 20, 0.7)
    return plan
  }
}
