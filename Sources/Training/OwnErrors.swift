import Generation
import Layers
import Scene
import Torch

// What a step shows the network of what it will meet in use and not in films: its own pictures as
// contexts, noise in them, tokens that are missing, and its own next step as the truth where nobody
// can know it. Letters: S scenes, C contexts of each, J targets of each.
extension Batch {
  /// Changes the batch as the plan says: a function of plan, step and index, and of the teacher.
  ///
  /// - Parameter teacher: draws the contexts' replacements and the next steps; gets no gradients.
  func exposed(to teacher: FrameModel, plan: Plan, step: Int, index: Int) -> Batch {
    var batch = self
    var random = Randomness(plan.seed, UInt64(step), UInt64(index), 0x6F)
    Runtime.withoutGradients {
      batch.replaceContexts(by: teacher, plan, &random)
      batch.addNoise(plan, &random)
      batch.dropTokens(plan, teacher.configuration, &random)
      batch.distill(from: teacher, plan, &random)
    }
    return batch
  }

  /// Some contexts become what the teacher draws of them from their scene's other contexts, in one
  /// or two steps. In such a scene only what the true contexts show counts: the rest is nobody's
  /// fault.
  private mutating func replaceContexts(
    by teacher: FrameModel, _ plan: Plan, _ random: inout Randomness
  ) {
    let count = contexts[0].count
    guard plan.ownErrors > 0, count > 1, let images = contextImages, let shown else { return }
    let replaced = contexts.map { $0.map { _ in random.unit() < plan.ownErrors } }
    let steps = random.unit() < 0.5 ? 1 : 2
    guard replaced.contains(where: { $0.contains(true) }) else { return }
    let drawn = draw(images, steps: steps, by: teacher)
    let flags = row(replaced.flatMap { $0 }.map { $0 ? 1 : 0 })
    contextImages = flags * drawn + (1 - flags) * images
    let whole = row(
      replaced.flatMap { scene in
        Array(repeating: scene.contains(true) ? Float(0) : 1, count: perScene)
      })
    mask = whole + (1 - whole) * shown
  }

  /// Every context as its scene's other contexts show it, `[S C, 3, Y, X]`.
  private func draw(_ images: Tensor, steps: Int, by teacher: FrameModel) -> Tensor {
    let count = contexts[0].count
    func others<T>(_ all: [T], but i: Int) -> [T] {
      all.indices.filter { $0 != i }.map { all[$0] }
    }
    let cameras = contexts.flatMap { $0 }
    let lenses = Lenses(cameras.map(\.intrinsics))
    let rows = contexts.indices.flatMap { scene in
      (0..<count).flatMap { others(Array(scene * count..<(scene + 1) * count), but: $0) }
    }
    let index = Tensor(rows).sent(to: images.device)
    let kv = teacher.encode(images, lenses).rows(index)
    let recalled = teacher.recall(
      kv, of: contexts.flatMap { scene in scene.indices.map { others(scene, but: $0) } },
      for: cameras, perScene: 1, scales: scales.flatMap { Array(repeating: $0, count: count) })
    var z = Tensor.zeros(images.shape, on: images.device)
    for i in 0..<steps {
      let t = Double(i) / Double(steps)
      let time = Tensor(repeating: t, shape: [1], on: images.device)
      let x = teacher.predict(z, t: time, lenses, recalled: recalled).image
      z = z + (x - z) * (1 / Double(steps - i))
    }
    return z.clamped(-1, 1)
  }

  /// Some contexts are mixed with noise, and the network is told how much.
  private mutating func addNoise(_ plan: Plan, _ random: inout Randomness) {
    guard plan.contextNoise > 0, let images = contextImages else { return }
    let times = (0..<images.shape[0]).map { _ in
      random.unit() < plan.contextNoise
        ? Float(plan.leastClean + (1 - plan.leastClean) * random.unit()) : 1
    }
    let noise = Generator(seed: random.next(), on: images.device).normal(images.shape)
    let scale = Configuration.noiseScale(width: images.shape[3], height: images.shape[2])
    let t = row(times)
    contextImages = t * images + (1 - t) * noise * scale
    contextTimes = t.reshaped(-1)
  }

  /// Some of the recalled tokens, the same of every scene, are left out.
  private mutating func dropTokens(
    _ plan: Plan, _ c: Configuration, _ random: inout Randomness
  ) {
    guard plan.tokenDropout > 0, contextImages != nil else { return }
    let grid = Lenses([contexts[0][0].intrinsics]).grid(patch: c.patch)
    let count = contexts[0].count * (grid.rows * grid.columns + c.registers)
    let share = 1 - plan.tokenDropout * random.unit()
    let kept = max(1, Int((Double(count) * share).rounded()))
    keptTokens = (0..<count).shuffled(using: &random).prefix(kept).sorted()
  }

  /// Where no context shows what some targets see, the truth gives way to what the teacher says one
  /// step nearer to the data (consistency distillation: Song et al., arXiv 2303.01469).
  ///
  /// A target that starts from zeros is left out: it is on no way from noise to data.
  private mutating func distill(
    from teacher: FrameModel, _ plan: Plan, _ random: inout Randomness
  ) {
    guard plan.consistency > 0, let shown else { return }
    let lenses = Lenses(targets.map(\.intrinsics))
    let known = encoding(by: teacher).map { self.recalled($0, by: teacher) }
    let step = 1 / Double(plan.teacherSteps)
    let x = teacher.predict(z, t: t, lenses, recalled: known).image
    let next = t + step
    let nearer = z + (x - z) * (step / (1 - t)).reshaped(-1, 1, 1, 1)
    let there = teacher.predict(nearer, t: next, lenses, recalled: known).image
    let arrived = (0.999 - next .< 0).reshaped(-1, 1, 1, 1)
    let goal = arrived.select(nearer, else: there).clamped(-1, 1)
    let pupils = row(targets.map { _ in random.unit() < plan.consistency ? 1 : 0 })
    let noisy = (0 - z.abs().max(1, 2, 3, keepAxes: true) .< 0).to(.float32)
    let guided = pupils * noisy * (1 - shown)
    truth = truth + (goal - truth) * guided
  }

  /// Numbers as `[n, 1, 1, 1]`.
  private func row(_ numbers: [Float]) -> Tensor {
    Tensor(numbers, shape: [numbers.count, 1, 1, 1]).sent(to: truth.device)
  }
}
