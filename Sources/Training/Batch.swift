import Generation
import Scene
import Torch

/// A shard as the network sees it, with the noise of one step.
struct Batch {
  let contexts: [[Camera]]
  let contextImages: Tensor?  // [S C, 3, Y, X]
  let targets: [Camera]  // S J
  let truth: Tensor  // [S J, 3, Y, X]
  let depth: Tensor  // [S J, Y, X], world scales
  let t: Tensor  // [S J]
  let z: Tensor  // [S J, 3, Y, X]
  let perScene: Int
  let scale: Double
}

extension Batch {
  init(_ shard: Shard, plan: Plan, step: Int, index: Int, on device: Device) {
    let frames = shard.targets.flatMap { $0 }
    let (w, h) = (frames[0].image.width, frames[0].image.height)
    let truth = Self.images(frames).to(device)
    let times = Times(plan, count: frames.count, step: step, index: index)
    let t = Tensor(times.t, shape: [frames.count]).to(device)
    let keep = Tensor(times.noise, shape: [frames.count, 1, 1, 1]).to(device)
    let generator = Generator(seed: times.seed, on: device)
    let noise = generator.normal(truth.shape) * Configuration.noiseScale(width: w, height: h)
    let mix = t.reshaped(-1, 1, 1, 1)
    self.init(
      contexts: shard.contexts.map { $0.map(\.camera) },
      contextImages: shard.contexts[0].isEmpty
        ? nil : Self.images(shard.contexts.flatMap { $0 }).to(device),
      targets: frames.map(\.camera), truth: truth,
      depth: Tensor(shard.depths.flatMap { $0 }, shape: [frames.count, h, w]).to(device)
        * (1 / shard.scale),
      t: t, z: mix * truth + (1 - mix) * noise * keep,
      perScene: shard.targets[0].count, scale: shard.scale)
  }

  private static func images(_ frames: [Frame]) -> Tensor {
    .concatenated(frames.map { Tensor($0.image) }, axis: 0)
  }

  /// The five terms of the loss of this batch.
  func loss(_ model: FrameModel) -> Loss {
    let lenses = Lenses(targets.map(\.intrinsics))
    let recalled = contextImages.map { images in
      let kv = model.encode(images, Lenses(contexts.flatMap { $0 }.map(\.intrinsics)))
      return model.recall(kv, of: contexts, for: targets, perScene: perScene, scale: scale)
    }
    let p = model.predict(z, t: t, lenses, recalled: recalled)
    return Loss(
      image: p.image, logVariance: p.logVariance, inverseDepth: model.inverseDepth(p),
      truth: truth, trueDepth: depth, t: t, patch: model.configuration.patch)
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
      t.append(zero ? 0 : Float(1 / (1 + exp(0.8 - 0.8 * normal))))
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
