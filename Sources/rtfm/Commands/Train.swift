public import ArgumentParser
import Foundation
import Generation
import Torch
public import Training

/// `rtfm train`: trains a model on procedural worlds, resumably.
struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model on procedural worlds; stop and resume whenever you like.")

  @Option(help: "Where the run's files go.")
  var out: String
  @Option(help: "nano, small, base, large, huge or giant (by default nano).")
  var preset: String?
  @Option(help: "Side of the frames in pixels.")
  var resolution = 64
  @Option(
    help: """
      Side of a patch in pixels (the preset's own by default, or that of --weights, which are \
      resized where it differs).
      """)
  var patch: Int?
  @Option(
    help: """
      How far what a token paints reaches beyond its patch, in pixels, 0 to half a patch; of \
      --weights, too.
      """)
  var overlap: Int?
  @Option(help: "Depth anchors of the epipolar prior; 0 trains without it, for comparison.")
  var anchors: Int?
  @Option(help: "Nearest and farthest anchor in world scales, such as 0.35,3.5.")
  var anchorRange: NumberList?
  @Option(
    help: """
      How far a context patch's anchors follow the depth that the network guesses for it, 0 to 1; \
      of --weights, too.
      """)
  var anchorPull: Double?
  @Option(help: "What is left of the anchors' spread, as a power of it, 0 to 1; of --weights, too.")
  var anchorSpread: Double?
  @Option(
    help: """
      Turn of the fastest pair of values' channels, in radians a patch, 0 for none; of --weights, too.
      """)
  var valuePeak: Double?
  @Option(help: "Turn of the fastest rotary pair across an image, in radians; of --weights, too.")
  var rotaryPeak: Double?
  @Option(help: "How many times slower the pair after the slowest would turn; of --weights, too.")
  var rotaryBase: Double?
  @Flag(help: "Let a scene's contexts see each other, which no memory could: for comparison.")
  var jointContexts = false
  @Flag(help: "Give anchors the contexts' true depths, which no picture has: for comparison.")
  var trueDepths = false
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
  @Option(
    help: """
      Go on from a checkpoint: its plan counts. Of the other options only --minutes, --cooldown, \
      --device, --gpu-films, --log-every, --save-every and --save-minutes do.
      """)
  var resume: String?
  @Option(
    help: """
      What to learn. 1: to draw from true contexts; 2: from its own pictures, too, so that errors \
      don't grow; 3: the same, for a higher resolution; 4: to draw in one step what no context \
      shows. Each begins with the weights of the one before.
      """)
  var stage = 1
  @Option(help: "Begin with another model's weights (any resolution).")
  var weights: String?
  @Option(help: "auto, cpu, cuda or mps.")
  var device = "auto"
  @Option(help: "Seed of weights, worlds and noise.")
  var seed: UInt64 = 1
  @Option(help: "Scenes a step.")
  var scenes = 8
  @Option(
    help: """
      Groups that a step's scenes fall into: a CPU computes them side by side, with a share of its \
      cores each; a GPU does one after the other.
      """)
  var groups = 2
  @Option(help: "Targets a scene.")
  var targets = 4
  @Option(help: "adamW or muon.")
  var optimizer = OptimizerPlan.Kind.muon
  @Option(help: "How often t is exactly 0, 0 to 1 (by default, as the stage has it).")
  var atZero: Double?
  @Option(help: "What inverse depth counts in the loss; 0 trains without.")
  var depthWeight = 0.05
  @Option(help: "How often contexts are what a memory recalls and not a walk's neighbours, 0 to 1.")
  var recall = 0.5
  @Flag(inversion: .prefixedNo, help: "Film on the NVIDIA GPU that trains, and not on CPU threads.")
  var gpuFilms = true
  @Option(help: "float32 or bfloat16 (by default bfloat16 on GPUs and CPUs that are fast in it).")
  var precision: Precision?
  @Option(help: "Multiplies the learning rate.")
  var rate = 1.0
  @Option(help: "Steps of warm-up, also after a start from --weights.")
  var warmUp = 200
  @Option(help: "The last part of the steps, 0 to 1, over which the learning rate falls to zero.")
  var decayShare = 0.2
  @Option(
    help: """
      A real place to learn from, a capture's folder or a world's file (its given pictures); give it \
      again for more.
      """)
  var capture: [String] = []
  @Option(help: "How often to learn from captures, 0 to 1; the rest is made-up worlds.")
  var captureShare = 1.0
  @Option(
    help: """
      Learn pictures 2, 3, .. so many times as large, too, in tiles, as large pictures are drawn; 1: whole \
      ones alone.
      """)
  var detail = 1
  @Option(help: "Hold out the first of every so many of a capture's pictures; 0 for none.")
  var holdOut = 8
  @Option(help: "How many different worlds to train on; no end by default.")
  var worlds: Int?
  @Option(help: "Steps between lines of the log; on a GPU they are what is waited for.")
  var logEvery = 50
  @Option(help: "Steps between sample sheets, which come with a checkpoint.")
  var saveEvery = 1000
  @Option(help: "Minutes between checkpoints, at most (by default 2 on a GPU, 5 on a CPU).")
  var saveMinutes: Double?

  func validate() throws {
    guard (1...4).contains(stage) else { throw ValidationError("stages are 1 to 4") }
    guard cooldown ?? 1 > 0 else { throw ValidationError("a cooldown has at least 1 step") }
    guard [minutes, saveMinutes].allSatisfy({ (0...1e6).contains($0 ?? 0) }), warmUp >= 0 else {
      throw ValidationError("minutes are 0 to 1000000, steps of warm-up 0 or more")
    }
    if capture.isEmpty, captureShare != 1 {
      throw ValidationError("--capture-share is for a run with a --capture")
    }
    if weights != nil, preset != nil || anchors != nil || anchorRange != nil {
      throw ValidationError(
        "--preset, --anchors and --anchor-range are for new weights: --weights has its own")
    }
    guard resolution >= 16, steps > 0, targets > 0, rate > 0 else {
      throw ValidationError(
        "resolution must be at least 16, and steps, targets and rate positive")
    }
    guard (1...64).contains(groups), scenes > 0, scenes % groups == 0 else {
      throw ValidationError("\(scenes) scenes can't fall into \(groups) groups of equal size")
    }
  }

  func run() throws {
    let device = try Device(named: device)
    let trainer = try trainer(on: device)
    trainer.filmsOnGPU = gpuFilms
    var run = try TrainingRun(trainer, folder: out)
    (run.logEvery, run.saveEvery) = (max(1, logEvery), max(1, saveEvery))
    run.saveMinutes = saveMinutes ?? (device == .cpu ? 5 : 2)
    run.cooldown = cooldown
    try learn(run, minutes: minutes)
  }

  private func trainer(on device: Device) throws -> Trainer {
    if let resume {
      return try Trainer.resuming(resume, on: device, albums: albums(at:for:)) { note($0) }
    }
    let start = try weights.map { try FrameModel(contentsOf: $0, on: device) }
    let plan = plan(try configuration(from: start?.configuration))
    if let flaw = plan.flaw { throw ValidationError("no run can be like this: \(flaw)") }
    let changed = start?.resized(patch: plan.model.patch).overlapping(plan.model.overlap)
    return Trainer(
      plan, weights: changed?.repositioned(place),
      albums: try plan.captures.flatMap { try albums(at: $0, for: plan) }, on: device)
  }

  /// The network to train: the given weights', or a preset's, with what the options change of it.
  private func configuration(from given: Configuration?) throws -> Configuration {
    var configuration = try given ?? .preset(named: preset ?? "nano")
    if given == nil {
      configuration.anchors = anchors ?? configuration.anchors
      configuration.anchorRange = anchorRange?.values ?? configuration.anchorRange
    }
    if let patch {
      let resized = configuration.resized(patch: min(max(1, patch), 65536))
      configuration.patch = patch
      configuration.overlap =
        given == nil ? Configuration.overlap(patch: patch) : resized.overlap
    }
    configuration.overlap = overlap ?? configuration.overlap
    place(&configuration)
    return configuration
  }

  /// What the options say of how tokens are placed, of new weights and others.
  private func place(_ configuration: inout Configuration) {
    configuration.anchorPull = anchorPull ?? configuration.anchorPull
    configuration.anchorSpread = anchorSpread ?? configuration.anchorSpread
    if let valuePeak { configuration.valuePeak = valuePeak == 0 ? nil : valuePeak }
    configuration.rotaryPeak = rotaryPeak ?? configuration.rotaryPeak
    configuration.rotaryBase = rotaryBase ?? configuration.rotaryBase
  }

  private func plan(_ configuration: Configuration) -> Plan {
    var plan = Plan(model: configuration, resolution: resolution, steps: steps)
    plan.enter(stage: stage)
    plan.seed = seed
    plan.atZero = atZero ?? plan.atZero
    (plan.depthWeight, plan.recallShare, plan.precision) = (depthWeight, recall, precision)
    (plan.jointContexts, plan.trueDepths) = (jointContexts, trueDepths)
    (plan.shards, plan.scenesPerShard) = (groups, scenes / groups)
    plan.targetsPerScene = targets
    plan.worlds = worlds
    plan.captures = capture.map(absolute)
    (plan.captureShare, plan.holdOut, plan.detail) = (captureShare, holdOut, detail)
    plan.optimizer.kind = optimizer
    plan.optimizer.rate = (optimizer == .muon ? 2e-3 : 1e-3) * rate
    plan.optimizer.muonRate *= rate
    (plan.optimizer.warmUp, plan.optimizer.rewarmUp) = (warmUp, warmUp)
    plan.optimizer.decayShare = decayShare
    return plan
  }
}

extension OptimizerPlan.Kind: ExpressibleByArgument {}
/// Numbers with commas between them.
struct NumberList: ExpressibleByArgument {
  let values: [Double]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    values = parts.compactMap { Double($0) }
    if values.count != parts.count { return nil }
  }
}
