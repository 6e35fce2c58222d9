import Foundation
public import Generation

/// Everything that decides a training run, with the reason for each default.
///
/// A run is a function of its plan: the same plan gives the same losses on the same machine,
/// however often it is stopped and resumed.
public struct Plan: Codable, Hashable, Sendable {
  public var model: Configuration
  /// Frames' width and height in pixels.
  public var resolution: Int
  public var seed: UInt64 = 1
  /// Steps of the whole run: the learning rate's schedule ends there.
  public var steps: Int

  // Data
  /// Groups of scenes a step: a CPU computes them side by side, a GPU one after the other.
  public var shards = 2
  public var scenesPerShard = 4
  /// Targets share a scene's encoded contexts, which makes them cheap.
  public var targetsPerScene = 4
  /// How often a scene has 0, 1, 2, ... contexts.
  public var contextShares = [0.03, 0.25, 0.25, 0.12, 0.25, 0, 0.05, 0, 0.05]
  /// How often a scene's contexts are what a memory recalls; else they are a walk's neighbours.
  public var recallShare = 0.5
  /// How often a target's camera is one of its contexts': coming back must give the same picture.
  public var revisits = 0.1
  /// Pictures are learned whole, and in tiles of pictures 2, 3, .. up to so many times as large, equally
  /// often: what a picture is drawn with that is larger than the network's own. 1: whole ones alone.
  public var detail = 1
  /// How many different worlds there are; nil for no end (the default: every step has new ones).
  public var worlds: Int?
  /// Real places to learn from, too: captures' folders or worlds' files.
  public var captures: [String] = []
  /// How often a shard is of photographs, where there are captures; else it is of made-up worlds.
  public var captureShare = 1.0
  /// The first of every so many photographs is held out, to see how well places are drawn; none for 0.
  public var holdOut = 8

  // Noise levels (design: 40 % at t = 0, half of those from zeros; more early on)
  /// How often t is exactly 0.
  public var atZero = 0.5
  /// How often, of those, the input is zeros and not noise: the flicker-free way to draw.
  public var fromZeros = 0.6

  // What training shows the network of its own
  /// How often a context is replaced by the model's own picture of it, drawn from the others.
  public var ownErrors = 0.0
  /// How often a context is a mix with noise, which the network is told.
  public var contextNoise = 0.0
  /// How clean such a context is at least.
  public var leastClean = 0.7
  /// Up to which part of the contexts' tokens is left out of a step.
  public var tokenDropout = 0.0
  /// How often what a target's contexts don't show is to be, not the truth, but what the average of
  /// the weights says one step nearer to the data.
  public var consistency = 0.0
  /// Steps from noise to data that those are.
  public var teacherSteps = 16

  /// What inverse depth counts in the loss; 0 trains without.
  public var depthWeight = 0.05
  /// Whether a scene's contexts see each other when they are encoded. Only to find out what that
  /// would gain: a memory can't keep KV that depends on its company.
  public var jointContexts = false
  /// Whether contexts' depths are known and not guessed, where anchors follow them. Only to find out
  /// what perfect guesses would gain: no picture comes with its depths.
  public var trueDepths = false

  // Network
  /// What the layers compute in; nil for the fastest that the device has: BFloat16 on NVIDIA's GPUs
  /// since 2020 and on CPUs with AVX-512 BF16, where networks learn as well by it (a tie in the log),
  /// Float32 on others. Weights, loss and geometry are Float32 in any case.
  public var precision: Precision?

  // Optimiser
  public var optimizer = OptimizerPlan()
  /// Gradients are scaled down to this norm.
  public var clip = 1.0
  /// A step whose gradient's norm exceeds this is left out, once the start is over.
  public var skipAbove = 5.0
  /// How slowly the average of weights that is evaluated and shipped forgets, once it is not young any
  /// more.
  public var averaging = 0.9995
  /// The early end of a run, once it was asked for.
  public var cooldown: Cooldown?

  public init(model: Configuration, resolution: Int, steps: Int) {
    self.model = model
    self.resolution = resolution
    self.steps = steps
  }

  /// The step at which the learning rate is zero and the run over.
  public var end: Int { cooldown.map { $0.start + $0.steps } ?? steps }

  /// The share of the full learning rate at a step: a linear warm-up, constant, then a linear fall
  /// over the last part, or over the cooldown.
  ///
  /// - Parameter restart: the step at which weights were loaded without optimiser state.
  func rate(at step: Int, restart: Int?) -> Double {
    if let cooldown, step >= cooldown.start { return cooldown.rate(at: step) }
    let o = optimizer
    let warm = Double(step + 1) / Double(max(1, o.warmUp))
    let rewarm = restart.map { Double(step + 1 - $0) / Double(max(1, o.rewarmUp)) } ?? 1
    let left = Double(steps - step) / max(1, o.decayShare * Double(steps))
    return max(0, min(1, warm, rewarm, left))
  }

  /// How much of the averaged weights a step keeps: little at first, then more and more.
  ///
  /// A cooldown's average is over its last quarter: a longer one would miss what it is for.
  func averaging(at step: Int) -> Double {
    let young = Double(1 + step) / Double(10 + step)
    let ending = cooldown.map { step >= $0.start ? 1 - 4 / Double(max(8, $0.steps)) : 1 } ?? 1
    return min(averaging, young, ending)
  }

  /// Why no run can be like this; nil when one can. For plans from files and command lines.
  public var flaw: String? {
    let sizes = [steps, shards, scenesPerShard, targetsPerScene, worlds ?? 1]
    if sizes.contains(where: { !(1...1_000_000_000).contains($0) }) {
      return "a count that is not 1 to 1000000000"
    }
    if !(11...65536).contains(resolution) {
      return "resolution \(resolution), which is not 11 to 65536 pixels"
    }
    if let flaw = model.flaw { return flaw }
    if model.patch % 2 != 0 || resolution % model.patch != 0 {
      return "resolution \(resolution), which is no multiple of an even patch, here \(model.patch)"
    }
    if !contextShares.contains(where: { $0 > 0 }) || contextShares.contains(where: { $0 < 0 }) {
      return "context shares \(contextShares)"
    }
    if optimizer.betas.count != 2 { return "betas \(optimizer.betas)" }
    let shares = [
      recallShare, captureShare, revisits, atZero, fromZeros, ownErrors, contextNoise, leastClean,
      tokenDropout, consistency, optimizer.decayShare,
    ]
    if !shares.allSatisfy((0...1).contains) { return "a share outside of 0...1" }
    if !(1...1000).contains(teacherSteps) { return "\(teacherSteps) teacher steps" }
    if !(0...1_000_000).contains(holdOut) || holdOut == 1 {
      return "one of \(holdOut) photographs held out"
    }
    if !(1...64).contains(detail) { return "a detail of \(detail)" }
    if let cooldown, cooldown.steps < 1 || cooldown.start < 0 { return "cooldown \(cooldown)" }
    let rates = [optimizer.rate, optimizer.muonRate, depthWeight, clip, skipAbove]
    if !rates.allSatisfy({ $0 >= 0 && $0.isFinite }) {
      return "a rate or weight that is no number from 0 on"
    }
    return nil
  }
}

extension Plan {
  /// Sets what a stage of training changes; the stages follow one another, each from the weights of
  /// the one before.
  ///
  /// 1: contexts are true. 2: a third of the contexts are the model's own pictures, a third are
  /// noisy, up to a fifth of their tokens are missing: so that errors don't grow in a long walk.
  /// 3: the same at a higher resolution. 4: the same, and what no context shows is learned from the
  /// average's own steps. All of it: where some targets had the truth and others, alike, the average's
  /// steps, the best answer would be the blur between both.
  public mutating func enter(stage: Int) {
    if stage >= 2 { (ownErrors, contextNoise, tokenDropout) = (0.3, 0.3, 0.2) }
    if stage >= 4 { (consistency, atZero, fromZeros) = (1, 0.4, 0.3) }
  }

  /// Whether the loss needs to know what contexts show.
  var needsVisibility: Bool { ownErrors > 0 || consistency > 0 }

  /// Whether the network guesses contexts' depths, and so learns from the true ones.
  var needsContextDepths: Bool { model.anchorPull != nil }
}

/// A linear fall of the learning rate to zero, begun when someone wanted a run to end.
///
/// It makes a finished model of a run at any time: resume it with a cooldown of a few hundred steps.
public struct Cooldown: Codable, Hashable, Sendable {
  /// The step at which it begins.
  public var start: Int
  public var steps: Int
  /// The share of the full learning rate at its beginning.
  public var share: Double

  func rate(at step: Int) -> Double {
    share * max(0, Double(start + steps - step) / Double(steps))
  }
}

extension Plan {
  /// Reads a plan from a checkpoint's JSON. What the program that wrote it did not know yet has its
  /// default.
  ///
  /// - Throws: Foundation's errors for text that is no plan.
  init(json: Data) throws {
    struct Needed: Decodable {
      let model: Configuration
      let resolution: Int
      let steps: Int
    }
    let needed = try JSONDecoder().decode(Needed.self, from: json)
    let plan = Plan(model: needed.model, resolution: needed.resolution, steps: needed.steps)
    let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(plan))
    let all = overlaid(defaults, by: try JSONSerialization.jsonObject(with: json))
    self = try JSONDecoder().decode(
      Plan.self, from: JSONSerialization.data(withJSONObject: all))
  }
}

/// JSON with another's values where it has any, object by object.
private func overlaid(_ base: Any, by top: Any) -> Any {
  guard let base = base as? [String: Any], let top = top as? [String: Any] else { return top }
  return base.merging(top) { overlaid($0, by: $1) }
}

/// How weights change.
public struct OptimizerPlan: Codable, Hashable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case adamW
    /// Muon for the layers' matrices, AdamW for the rest.
    case muon
  }

  public var kind = Kind.adamW
  /// AdamW's learning rate.
  public var rate = 1e-3
  public var betas = [0.9, 0.98]
  public var epsilon = 1e-8
  /// AdamW's weight decay of the layers' matrices, a step and unit of its rate.
  public var decay = 0.01
  /// Muon's, a step and unit of its rate.
  public var muonDecay = 0.02
  /// Muon's learning rate, for a matrix whose longer side is 256; grows with that side's root.
  public var muonRate = 0.02
  public var momentum = 0.95
  public var warmUp = 500
  /// Warm-up after a restart from weights alone.
  public var rewarmUp = 200
  /// The last part of the run, over which the rate falls to zero.
  public var decayShare = 0.2

  public init() {}
}
