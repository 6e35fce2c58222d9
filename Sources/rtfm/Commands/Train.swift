public import ArgumentParser
import Generation
import Torch
public import Training

/// `rtfm train`: trains a model on procedural worlds, resumably.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on procedural worlds; stop and resume whenever you like.")

  @Option(help: "Where the run's files go.")
  var out: String
  @Option(help: "nano, small, base, large, huge or giant.")
  var preset = "nano"
  @Option(help: "Side of the frames in pixels.")
  var resolution = 64
  @Option(help: "Side of a patch in pixels (the preset's own by default).")
  var patch: Int?
  @Option(help: "Depth anchors of the epipolar prior; 0 trains without it, for comparison.")
  var anchors: Int?
  @Option(help: "Steps of the whole run; the learning rate falls to zero at the end.")
  var steps = 20_000
  @Option(help: "Stop after so many minutes, with a checkpoint.")
  var minutes: Double?
  @Option(
    help: """
      Let the learning rate fall to zero over so many steps, and end: from now on, or, with \
      --minutes, so that it ends in time.
      """)
  var cooldown: Int?
  @Option(help: "Go on from a checkpoint; its plan counts, the options on this line don't.")
  var resume: String?
  @Option(help: "Begin with another model's weights (any resolution).")
  var weights: String?
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "Seed of weights, worlds and noise.")
  var seed: UInt64 = 1
  @Option(help: "Scenes a step, in two groups.")
  var scenes = 8
  @Option(help: "Targets a scene.")
  var targets = 4
  @Option(help: "adamW or muon.")
  var optimizer = OptimizerPlan.Kind.muon
  @Option(help: "Multiplies the learning rate.")
  var rate = 1.0
  @Option(help: "Steps of warm-up.")
  var warmUp = 200
  @Option(help: "The last part of the steps, 0 to 1, over which the learning rate falls to zero.")
  var decayShare = 0.2
  @Option(help: "How many different worlds to train on; no end by default.")
  var worlds: Int?
  @Option(help: "Steps between checkpoints and sample sheets.")
  var saveEvery = 1000

  func validate() throws {
    guard cooldown ?? 1 > 0 else { throw ValidationError("a cooldown has at least 1 step") }
    guard resolution >= 16, steps > 0, scenes >= 2, scenes % 2 == 0, targets > 0, rate > 0 else {
      throw ValidationError(
        "resolution must be at least 16, scenes even, and steps, targets and rate positive")
    }
  }

  func run() throws {
    let device = try Device(named: device)
    let trainer = try trainer(on: device)
    var run = try TrainingRun(trainer, folder: out)
    run.saveEvery = saveEvery
    run.cooldown = cooldown
    note("\(trainer.model.parameterCount) parameters on \(device), from step \(trainer.step)")
    try run.run(minutes: minutes) { note($0) }
  }

  private func trainer(on device: Device) throws -> Trainer {
    if let resume { return try Trainer(resuming: resume, on: device) }
    let start = try weights.map { try FrameModel(contentsOf: $0, on: device) }
    var configuration = try start?.configuration ?? .preset(named: preset)
    if start == nil {
      configuration.patch = patch ?? configuration.patch
      configuration.anchors = anchors ?? configuration.anchors
    }
    let plan = plan(configuration)
    if let flaw = plan.flaw { throw ValidationError("no run can be like this: \(flaw)") }
    return Trainer(plan, weights: start, on: device)
  }

  private func plan(_ configuration: Configuration) -> Plan {
    var plan = Plan(model: configuration, resolution: resolution, steps: steps)
    plan.seed = seed
    plan.scenesPerShard = scenes / plan.shards
    plan.targetsPerScene = targets
    plan.worlds = worlds
    plan.optimizer.kind = optimizer
    plan.optimizer.rate = (optimizer == .muon ? 2e-3 : 1e-3) * rate
    plan.optimizer.muonRate *= rate
    plan.optimizer.warmUp = warmUp
    plan.optimizer.decayShare = decayShare
    return plan
  }
}

extension OptimizerPlan.Kind: ExpressibleByArgument {}
