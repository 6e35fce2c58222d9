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
  /// or two steps. In such a scene only what can be known counts: what a true context shows, or one
  /// beside a context that was replaced, since its picture was drawn from there.
  private mutating func replaceContexts(
    by teacher: FrameModel, _ plan: Plan, _ random: inout Randomness
  ) {
    let count = contexts[0].count
    guard plan.ownErrors > 0, count > 1, let images = contextImages, let shown else { return }
    let replaced = contexts.map { $0.map { _ in random.unit() < plan.ownErrors } }
    let steps = random.unit() < 0.5 ? 1 : 2
    let flags = replaced.flatMap { $0 }
    let which = flags.indices.filter { flags[$0] }
    guard !which.isEmpty else { return }
    let drawn = draw(which, of: images, steps: steps, by: teacher)
    var source = Array(flags.indices)
    for (k, i) in which.enumerated() { source[i] = flags.count + k }
    contextImages = Tensor.concatenated([images, drawn], axis: 0)
      .rows(Tensor(source).sent(to: images.device))

    let weights = replaced.flatMap { scene in
      Array(repeating: scene.map { Float($0 ? 0.5 : 1) }, count: perScene).joined()
    }
    let sum = (shown * Tensor(weights, shape: [targets.count, count, 1, 1]).sent(to: truth.device))
      .sum(1, keepAxes: true)
    known = 1 - (sum .< 1).to(.float32)
    let whole = row(
      replaced.flatMap { scene in
        Array(repeating: scene.contains(true) ? Float(0) : 1, count: perScene)
      })
    mask = whole + (1 - whole) * known!
  }

  /// Some contexts as their scenes' others show them, `[n, 3, Y, X]`.
  ///
  /// - Parameter which: their numbers, counted through all scenes.
  private func draw(_ which: [Int], of images: Tensor, steps: Int, by teacher: FrameModel) -> Tensor
  {
    let count = contexts[0].count
    let cameras = contexts.flatMap { $0 }
    func others(_ i: Int) -> [Int] {
      let first = i / count * count
      return (first..<first + count).filter { $0 != i }
    }
    let index = Tensor(which.flatMap(others)).sent(to: images.device)
    let kv = teacher.encode(images, Lenses(cameras.map(\.intrinsics))).rows(index)
    let recalled = teacher.recall(
      kv, of: which.map { others($0).map { cameras[$0] } }, for: which.map { cameras[$0] },
      perScene: 1, scales: which.map { scales[$0 / count] })
    let placed = (0..<teacher.configuration.layers).map(recalled)
    let lenses = Lenses(which.map { cameras[$0].intrinsics })
    var z = Tensor.zeros([which.count] + images.shape.dropFirst(), on: images.device)
    for i in 0..<steps {
      let t = Double(i) / Double(steps)
      let time = Tensor(repeating: t, shape: [1], on: images.device)
      let x = teacher.predict(z, t: time, lenses) { placed[$0] }.image
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

  /// Some of the recalled tokens, the same of every scene, are left out: a few different numbers, since
  /// a GPU plans for each anew.
  private mutating func dropTokens(
    _ plan: Plan, _ c: Configuration, _ random: inout Randomness
  ) {
    guard plan.tokenDropout > 0, contextImages != nil else { return }
    let grid = Lenses([contexts[0][0].intrinsics]).grid(patch: c.patch)
    let count = contexts[0].count * (grid.rows * grid.columns + c.registers)
    let levels: UInt64 = 5
    let share = 1 - plan.tokenDropout * Double(random.next() % levels) / Double(levels - 1)
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
    guard plan.consistency > 0, let known = contexts[0].isEmpty ? row([0]) : known else { return }
    let lenses = Lenses(targets.map(\.intrinsics))
    let recalled = encoding(by: teacher).map { self.recalled($0, by: teacher) }
    let placed = recalled.map { (0..<teacher.configuration.layers).map($0) }
    func predict(_ z: Tensor, _ t: Tensor) -> Tensor {
      teacher.predict(z, t: t, lenses, recalled: placed.map { placed in { placed[$0] } }).image
    }
    let step = 1 / Double(plan.teacherSteps)
    let x = predict(z, t)
    let next = t + step
    let nearer = z + (x - z) * (step / (1 - t)).reshaped(-1, 1, 1, 1)
    let there = predict(nearer, next)
    let arrived = (0.999 - next .< 0).reshaped(-1, 1, 1, 1)
    let goal = arrived.select(nearer, else: there).clamped(-1, 1)
    let pupils = row(targets.map { _ in random.unit() < plan.consistency ? 1 : 0 })
    let noisy = (0 - z.abs().max(1, 2, 3, keepAxes: true) .< 0).to(.float32)
    let guided = pupils * noisy * (1 - known)
    truth = truth + (goal - truth) * guided
    // What nobody can know counts where the teacher says what to make of it.
    mask = mask.map { $0 + (1 - $0) * guided }
  }

  /// Numbers as `[n, 1, 1, 1]`.
  private func row(_ numbers: [Float]) -> Tensor {
    Tensor(numbers, shape: [numbers.count, 1, 1, 1]).sent(to: truth.device)
  }
}
