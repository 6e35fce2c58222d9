import Generation
import Layers
import Scene
import Torch

/// A shard as the network sees it, with the noise of one step.
struct Batch {
  let contexts: [[Camera]]
  var contextImages: Tensor?  // [S C, 3, Y, X]
  /// Along z, in world scales, `[S C, Y, X]`.
  var contextDepth: Tensor?
  /// How clean the contexts are, `[S C]`; nil where all are photographs.
  var contextTimes: Tensor?
  /// Which of the recalled tokens are used; nil for all.
  var keptTokens: [Int]?
  let targets: [Camera]  // S J
  var truth: Tensor  // [S J, 3, Y, X]
  /// 1 at pixels that count in the loss, `[S J, 1, Y, X]`; nil where all do.
  var mask: Tensor?
  let depth: Tensor?  // [S J, Y, X], world scales; nil where nobody knows
  let t: Tensor  // [S J]
  let z: Tensor  // [S J, 3, Y, X]
  /// 1 where each of the scene's contexts shows what a target sees, `[S J, C, Y, X]`; nil where nobody
  /// asked, or for no contexts.
  var shown: Tensor?
  /// 1 where a target can be known by its contexts as they are, `[S J, 1, Y, X]`; nil where nobody can
  /// say.
  var known: Tensor?
  let perScene: Int
  let scales: [Double]  // S
  var depthShare = Loss.shares.depth
  /// Whether a scene's contexts are encoded together.
  var together = false
  /// Whether contexts' depths are given and not guessed.
  var knowsDepths = false
}

extension Batch {
  /// What a CPU filmed, brought to a device.
  init(_ shard: Shard, plan: Plan, step: Int, index: Int, on device: Device) {
    self.init(Footage(shard, on: device), plan: plan, step: step, index: index)
  }

  init(_ footage: Footage, plan: Plan, step: Int, index: Int) {
    let truth = footage.images
    let (device, count) = (truth.device, footage.targets.count)
    let times = Times(plan, count: count, step: step, index: index)
    let t = Tensor(times.t, shape: [count]).sent(to: device)
    let keep = Tensor(times.noise, shape: [count, 1, 1, 1]).sent(to: device)
    let generator = Generator(seed: times.seed, on: device)
    let scale = Configuration.noiseScale(width: truth.shape[3], height: truth.shape[2])
    let noise = generator.normal(truth.shape) * scale
    let mix = t.reshaped(-1, 1, 1, 1)
    self.init(
      contexts: footage.contexts, contextImages: footage.contextImages,
      contextDepth: footage.contextDepth, targets: footage.targets,
      truth: truth, depth: footage.depth, t: t, z: mix * truth + (1 - mix) * noise * keep,
      shown: footage.shown, known: footage.shown?.max(1, keepAxes: true),
      perScene: footage.perScene, scales: footage.scales)
    (depthShare, together) = (plan.depthWeight, plan.jointContexts)
    knowsDepths = plan.trueDepths
  }

  /// Pictures as `[B, 3, Y, X]` in -1...1; they travel as bytes.
  static func images(_ frames: [Frame], on device: Device) -> Tensor {
    let (w, h) = (frames[0].image.width, frames[0].image.height)
    let bytes = frames.flatMap(\.image.pixels).withUnsafeBytes {
      Tensor(bytes: $0, shape: [frames.count, h, w, 3], type: .uint8)
    }
    return bytes.sent(to: device).permuted(0, 3, 1, 2).to(.float32).contiguous() * (1 / 127.5) - 1
  }

  /// The terms of the loss of this batch.
  func loss(_ model: FrameModel) -> Loss {
    let lenses = Lenses(targets.map(\.intrinsics))
    let encoding = encoding(by: model)
    let p = model.predict(
      z, t: t, lenses, recalled: encoding.map { self.recalled($0, by: model) })
    return Loss(
      image: p.image, logVariance: p.logVariance, inverseDepth: model.inverseDepth(p),
      truth: truth, trueDepth: depth, t: t, patch: model.configuration.patch, mask: mask,
      depthShare: depthShare, guess: guess(by: model, encoding))
  }

  /// The contexts as a model encodes them; nil for none.
  func encoding(by model: FrameModel) -> Encoding? {
    guard let contextImages else { return nil }
    if together {
      return model.encodeTogether(contextImages, of: contexts, scales: scales, t: contextTimes)
    }
    let alone = model.encode(
      contextImages, Lenses(contexts.flatMap { $0 }.map(\.intrinsics)), t: contextTimes)
    guard knowsDepths, let guess = guess(by: model, alone) else { return alone }
    return Encoding(layers: alone.layers, depths: guess.goal)
  }

  /// What a model guessed of its contexts' depths, beside the truth; nil where it guesses none.
  private func guess(by model: FrameModel, _ encoding: Encoding?) -> Loss.Guess? {
    guard let depths = encoding?.depths, let contextDepth else { return nil }
    let c = model.configuration
    return Loss.Guess(
      depths: depths, truth: contextDepth, middle: c.middleDepth, patch: c.patch)
  }

  /// Encoded contexts' keys and values as the targets see them.
  func recalled(_ kv: Encoding, by model: FrameModel) -> (Int) -> LayerKV {
    let all = model.recall(kv, of: contexts, for: targets, perScene: perScene, scales: scales)
    guard let keptTokens else { return all }
    let index = Tensor(keptTokens).sent(to: model.device)
    return { i in
      let kv = all(i)
      return LayerKV(keys: kv.keys.rows(index, axis: 1), values: kv.values.rows(index, axis: 1))
    }
  }
}

/// How noisy each target of a shard is.
private struct Times {
  var t: [Float] = []
  /// 0 where the input is zeros, 1 where it is noise.
  var noise: [Float] = []
  let seed: UInt64

  init(_ plan: Plan, count: Int, step: Int, index: Int) {
    var random = Randomness(plan.seed, UInt64(step), UInt64(index), 0x74)
    seed = random.next()
    for _ in 0..<count {
      let zero = random.unit() < plan.atZero
      let empty = zero && random.unit() < plan.fromZeros
      let normal = random.normal()
      let time = zero ? 0 : 1 / (1 + exp(0.8 - 0.8 * normal))
      // A pupil of the average's steps stands where one of them begins.
      let steps = Double(plan.teacherSteps)
      t.append(Float(plan.consistency > 0 ? (time * steps).rounded(.down) / steps : time))
      noise.append(empty ? 0 : 1)
    }
  }
}

extension Randomness {
  /// A number from the standard normal distribution (Box and Muller).
  fileprivate mutating func normal() -> Double {
    (-2 * log(max(1e-300, unit()))).squareRoot() * cos(2 * .pi * unit())
  }
}
