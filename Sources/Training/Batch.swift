import Generation
import Layers
import Scene
import Torch

/// A shard as the network sees it, with the noise of one step.
struct Batch {
  let contexts: [[Camera]]
  var contextImages: Tensor?  // [S C, 3, Y, X]
  /// How clean the contexts are, `[S C]`; nil where all are photographs.
  var contextTimes: Tensor?
  /// Which of the recalled tokens are used; nil for all.
  var keptTokens: [Int]?
  let targets: [Camera]  // S J
  var truth: Tensor  // [S J, 3, Y, X]
  /// 1 at pixels that count in the loss, `[S J, 1, Y, X]`; nil where all do.
  var mask: Tensor?
  let depth: Tensor  // [S J, Y, X], world scales
  let t: Tensor  // [S J]
  let z: Tensor  // [S J, 3, Y, X]
  let perScene: Int
  let scales: [Double]  // S
  var depthShare = Loss.shares.depth
  /// Whether a scene's contexts are encoded together.
  var together = false
}

extension Batch {
  init(_ shard: Shard, plan: Plan, step: Int, index: Int, on device: Device) {
    let frames = shard.targets.flatMap { $0 }
    let (w, h) = (frames[0].image.width, frames[0].image.height)
    let truth = Self.images(frames, on: device)
    let times = Times(plan, count: frames.count, step: step, index: index)
    let t = Tensor(times.t, shape: [frames.count]).sent(to: device)
    let keep = Tensor(times.noise, shape: [frames.count, 1, 1, 1]).sent(to: device)
    let generator = Generator(seed: times.seed, on: device)
    let noise = generator.normal(truth.shape) * Configuration.noiseScale(width: w, height: h)
    let mix = t.reshaped(-1, 1, 1, 1)
    self.init(
      contexts: shard.contexts.map { $0.map(\.camera) },
      contextImages: shard.contexts[0].isEmpty
        ? nil : Self.images(shard.contexts.flatMap { $0 }, on: device),
      targets: frames.map(\.camera), truth: truth,
      depth: Self.depth(shard, frames: frames.count, height: h, width: w).sent(to: device),
      t: t, z: mix * truth + (1 - mix) * noise * keep,
      perScene: shard.targets[0].count, scales: shard.scales)
    (depthShare, together) = (plan.depthWeight, plan.jointContexts)
  }

  /// Pictures as `[B, 3, Y, X]` in -1...1; they travel as bytes.
  static func images(_ frames: [Frame], on device: Device) -> Tensor {
    let (w, h) = (frames[0].image.width, frames[0].image.height)
    let bytes = frames.flatMap(\.image.pixels).withUnsafeBytes {
      Tensor(bytes: $0, shape: [frames.count, h, w, 3], type: .uint8)
    }
    return bytes.sent(to: device).permuted(0, 3, 1, 2).to(.float32).contiguous() * (1 / 127.5) - 1
  }

  /// The targets' depth in network units, `[B, Y, X]`.
  private static func depth(_ shard: Shard, frames: Int, height: Int, width: Int) -> Tensor {
    let all = shard.depths.flatMap { $0 }
    let metres = Tensor(all, shape: [shard.scales.count, all.count / shard.scales.count])
    let units = Tensor(shard.scales.map { Float(1 / $0) }, shape: [shard.scales.count, 1])
    return (metres * units).reshaped(frames, height, width)
  }

  /// The five terms of the loss of this batch.
  func loss(_ model: FrameModel) -> Loss {
    let lenses = Lenses(targets.map(\.intrinsics))
    let p = model.predict(z, t: t, lenses, recalled: recalled(by: model))
    return Loss(
      image: p.image, logVariance: p.logVariance, inverseDepth: model.inverseDepth(p),
      truth: truth, trueDepth: depth, t: t, patch: model.configuration.patch, mask: mask,
      depthShare: depthShare)
  }

  /// The contexts' keys and values as the targets see them; nil for none.
  func recalled(by model: FrameModel) -> ((Int) -> LayerKV)? {
    guard let contextImages else { return nil }
    let kv =
      together
      ? model.encodeTogether(contextImages, of: contexts, scales: scales, t: contextTimes)
      : model.encode(
        contextImages, Lenses(contexts.flatMap { $0 }.map(\.intrinsics)), t: contextTimes)
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
