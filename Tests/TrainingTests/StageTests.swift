import Foundation
import Generation
import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Training

/// What the stages after the first change in a batch.
@Suite struct StageTests {
  private func batch(_ plan: Plan) -> (batch: Batch, shard: Shard) {
    let shard = Shard(plan, step: 4, index: 0)
    return (Batch(shard, plan: plan, step: 4, index: 0, on: .cpu), shard)
  }

  private func exposed(_ plan: Plan, by teacher: FrameModel? = nil) -> (Batch, Batch, Shard) {
    let (batch, shard) = batch(plan)
    let teacher = teacher ?? FrameModel(plan.model, seed: 3)
    return (batch, batch.exposed(to: teacher, plan: plan, step: 4, index: 0), shard)
  }

  /// A model whose heads are not zero.
  private func lively(_ plan: Plan) -> FrameModel {
    let model = FrameModel(plan.model, seed: 3)
    let generator = Generator(seed: 5)
    for (name, weight) in model.parameters where name == "image.weight" {
      weight.set(generator.normal(weight.shape) * 0.05)
    }
    return model
  }

  @Test func theFirstStageChangesNothing() {
    let (before, after, _) = exposed(.small { $0.contextShares = [0, 0, 1] })
    #expect(before.contextImages?.bytes == after.contextImages?.bytes)
    #expect(before.truth.bytes == after.truth.bytes && after.mask == nil)
    #expect(after.contextTimes == nil && after.keptTokens == nil)
  }

  /// A context is drawn as a session would draw it: from the other contexts of its scene.
  @Test func ownPicturesAreThoseOfASession() {
    let plan = Plan.small { ($0.contextShares, $0.ownErrors) = ([0, 0, 0, 1], 1) }
    let model = lively(plan)
    let (_, after, shard) = exposed(plan, by: model)
    for (scene, frames) in shard.contexts.enumerated() {
      for (i, frame) in frames.enumerated() {
        let others = frames.indices.filter { $0 != i }.map { j in
          (kv: model.encode(frames[j]), camera: frames[j].camera)
        }
        let context = model.gather(others, for: frame.camera, scale: shard.scales[scene])
        let row = after.contextImages!.narrowed(0, 3 * scene + i..<3 * scene + i + 1)
        let errors = [1, 2].map { steps in
          let drawn = model.draw(frame.camera, context: context, steps: steps).image
          return (drawn.clamped(-1, 1) - row).abs().max().item
        }
        #expect(errors.min()! < 1e-3, "\(errors): neither one step nor two")
      }
    }
  }

  /// A true context says what it shows; one that was replaced, what another showed of that, too.
  @Test(arguments: [0.3, 1]) func onlyWhatCanBeKnownCountsThere(ownErrors: Double) {
    let plan = Plan.small {
      ($0.contextShares, $0.ownErrors, $0.scenesPerShard) = ([0, 0, 0, 1], ownErrors, 8)
    }
    let (before, after, shard) = exposed(plan, by: lively(plan))
    let isReplaced = (0..<24).map { i in
      before.contextImages!.narrowed(0, i..<i + 1).bytes
        != after.contextImages!.narrowed(0, i..<i + 1).bytes
    }
    #expect(isReplaced.contains(true) && isReplaced.contains(false) == (ownErrors < 1))
    let mask = after.mask!.floats
    var lost = 0
    for (target, byContexts) in shard.shown!.enumerated() {
      let scene = target / plan.targetsPerScene
      let fates = Array(isReplaced[3 * scene..<3 * scene + 3])
      for i in 0..<256 {
        let seen = byContexts.indices.filter { byContexts[$0][i] }
        let isKnown = seen.count > 1 || seen.contains { !fates[$0] } || !fates.contains(true)
        if (mask[256 * target + i] == 1) != isKnown { lost += 1 }
      }
    }
    #expect(lost == 0 && mask.contains(0) && mask.contains(1))
  }

  @Test func oneContextIsLeftAsItIs() {
    let none = Plan.small { ($0.contextShares, $0.ownErrors) = ([0, 1], 1) }
    #expect(exposed(none).1.mask == nil, "one context can't be drawn from others")
  }

  @Test func pixelsThatDontCountHaveNoGradient() {
    let plan = Plan.small { ($0.contextShares, $0.ownErrors) = ([0, 0, 1], 1) }
    let (_, after, _) = exposed(plan)
    let image = Generator(seed: 1).normal(after.truth.shape)
    let deviation = Generator(seed: 2).normal([4, 16, 1])
    let inverse = Generator(seed: 3).normal([4, 16, 4])
    [image, deviation, inverse].forEach { $0.trackGradient() }
    let mask = after.mask!
    Loss(
      image: image, logVariance: deviation, inverseDepth: inverse, truth: after.truth,
      trueDepth: after.depth, t: after.t, patch: 4, mask: mask
    ).total.backward()
    let outside = (image.gradient! * (1 - mask)).abs().max().item
    #expect(outside == 0 && image.gradient!.abs().max().item > 0)
    let (share, gradient) = (mask.floats, deviation.gradient!.floats)
    for b in 0..<4 {
      for n in 0..<16 {
        let counts = (0..<16).contains { (p: Int) -> Bool in
          let (row, column): (Int, Int) = (n / 4 * 4 + p / 4, n % 4 * 4 + p % 4)
          return share[b * 256 + row * 16 + column] == 1
        }
        #expect((gradient[b * 16 + n] != 0) == counts, "patch \(n) of target \(b)")
      }
    }
  }

  @Test func someContextsAreNoisyAndSaySo() {
    let plan = Plan.small {
      ($0.contextShares, $0.contextNoise, $0.scenesPerShard) = ([0, 0, 0, 0, 1], 0.5, 20)
    }
    let (before, after, _) = exposed(plan)
    let times = after.contextTimes!.floats
    #expect(times.count == 80 && times.allSatisfy { (0.7...1).contains($0) })
    #expect((20...60).contains(times.count { $0 == 1 }))
    for (i, t) in times.enumerated() {
      let (clean, noisy) = (
        before.contextImages!.narrowed(0, i..<i + 1), after.contextImages!.narrowed(0, i..<i + 1)
      )
      let power = (noisy - clean * Double(t)).squared().mean().item
      let expected = Double((1 - t) * (1 - t))
      #expect(abs(power - expected) <= 0.2 * expected + 1e-12)
    }
  }

  @Test func tokensAreLeftOut() {
    let plan = Plan.small { ($0.contextShares, $0.tokenDropout) = ([0, 0, 1], 0.5) }
    let (before, after, _) = exposed(plan)
    let model = FrameModel(plan.model, seed: 1)
    let kv = before.encoding(by: model)!
    let (all, kept) = (
      before.recalled(kv, by: model)(1).keys, after.recalled(kv, by: model)(1).keys
    )
    let tokens = after.keptTokens!
    #expect(all.shape[1] == 40 && kept.shape[1] == tokens.count && (20..<40).contains(tokens.count))
    for (row, token) in tokens.enumerated() {
      let (a, b) = (kept.narrowed(1, row..<row + 1), all.narrowed(1, token..<token + 1))
      #expect(a.bytes == b.bytes)
    }
  }

  /// For a teacher that paints the same picture whatever it sees, the next step's picture is that.
  @Test func whatNobodyShowsIsTheTeachersNextStep() {
    let plan = Plan.small {
      ($0.contextShares, $0.consistency, $0.scenesPerShard) = ([0, 0, 1], 1, 10)
      ($0.atZero, $0.teacherSteps) = (0.3, 4)
    }
    let model = FrameModel(plan.model, seed: 3)  // paints grey: its heads are zero
    let (before, after, shard) = exposed(plan, by: model)
    #expect(before.t.floats.allSatisfy { [0, 0.25, 0.5, 0.75].contains($0) })
    let power = before.z.squared().mean(1, 2, 3).floats
    let shown = shard.shown!
    for i in power.indices {
      let (x, y) = (before.truth.narrowed(0, i..<i + 1), after.truth.narrowed(0, i..<i + 1))
      let any = (0..<256).map { j in shown[i].contains { $0[j] } }
      let seen = Tensor(any.map { $0 ? 1 : 0 }, shape: [1, 1, 16, 16])
      expectClose(y, power[i] == 0 ? x : x * seen, within: 1e-6)
    }
  }

  /// What its replaced contexts have lost is nobody's fault in one step from zeros, and the teacher's
  /// next step from noise.
  @Test func whatWasLostIsTheTeachersNextStep() {
    var plan = Plan.small { ($0.contextShares, $0.scenesPerShard) = ([0, 0, 1], 10) }
    (plan.ownErrors, plan.consistency, plan.atZero, plan.teacherSteps) = (1, 1, 0.3, 4)
    let (before, after, _) = exposed(plan)  // by a model that paints grey
    let power = before.z.squared().mean(1, 2, 3).floats
    #expect(power.contains(0) && power.contains { $0 > 0 })
    for i in power.indices {
      let (mask, known) = (after.mask!.narrowed(0, i..<i + 1), after.known!.narrowed(0, i..<i + 1))
      let (x, y) = (before.truth.narrowed(0, i..<i + 1), after.truth.narrowed(0, i..<i + 1))
      expectClose(mask, power[i] == 0 ? known : known * 0 + 1, within: 0)
      expectClose(y, power[i] == 0 ? x : x * known, within: 1e-6)
    }
  }

  @Test(arguments: 1...4, [Precision.float32, .bfloat16])
  func everyStageTrainsAndIsResumed(stage: Int, precision: Precision) throws {
    var plan = Plan.small { ($0.contextShares, $0.precision) = ([0, 0, 1], precision) }
    plan.enter(stage: stage)
    #expect(plan.flaw == nil)
    let through = Trainer(plan)
    for _ in 0..<4 { #expect(try through.advance().loss.isFinite) }
    let halves = try Package.withTemporaryFolder { folder in
      let first = Trainer(plan)
      for _ in 0..<2 { _ = try first.advance() }
      try first.save(to: "\(folder)/checkpoint")
      let second = try Trainer(resuming: "\(folder)/checkpoint")
      for _ in 0..<2 { _ = try second.advance() }
      return second
    }
    #expect(through.everything == halves.everything)
  }
}

@Suite struct SavingTests {
  @Test func theCheckpointBeforeIsKeptAndUsed() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/checkpoint.safetensors"
      let trainer = Trainer(.small())
      try trainer.save(to: path)
      _ = try trainer.advance()
      try trainer.save(to: path)
      let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      #expect(names == ["checkpoint-previous.safetensors", "checkpoint.safetensors"])
      #expect(try Trainer(resuming: path).step == 1)

      try Data("half a checkp".utf8).write(to: URL(fileURLWithPath: path))
      var said: [String] = []
      let back = try Trainer.resuming(path) { said.append($0) }
      #expect(back.step == 0 && said.count == 1)
      #expect(said[0].contains(path) && said[0].contains("checkpoint-previous"))

      let previous = "\(folder)/checkpoint-previous.safetensors"
      try Data().write(to: URL(fileURLWithPath: previous))
      let error = #expect(throws: SafetensorsError.self) { try Trainer.resuming(path) { _ in } }
      #expect(error?.path == path, "the newest's fault is told, not the older one's")
    }
  }

  @Test func whatCantBeWrittenLeavesWhatWasThere() throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/a/checkpoint.safetensors"
      let error = #expect(throws: SafetensorsError.self) { try Trainer(.small()).save(to: path) }
      #expect(error?.description.contains("No such file or directory") == true)
    }
  }

  /// A run tells how well it draws what it never saw, and goes on doing so when resumed.
  @Test func aRunsProgressIsInItsLog() throws {
    try Package.withTemporaryFolder { folder in
      for steps in [4, 6] {
        let path = "\(folder)/checkpoint.safetensors"
        let trainer = steps == 4 ? Trainer(.small(steps: 6)) : try Trainer(resuming: path)
        var run = try TrainingRun(trainer, folder: folder)
        (run.logEvery, run.saveEvery) = (2, 2)
        var said: [String] = []
        try run.run(stop: { trainer.step == steps }) { said.append($0) }
        #expect(said.contains { $0.contains("held out: ") && $0.contains(" dB") })
      }
      let log = try String(contentsOfFile: "\(folder)/log.jsonl", encoding: .utf8)
      let judged = try log.split(separator: "\n").map { line in
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      }
      #expect(judged.compactMap { $0["loss"] == nil ? nil : $0["step"] as? Int } == [2, 4, 6])
      let steps = judged.compactMap { $0["heldOut"] == nil ? nil : $0["step"] as? Int }
      #expect(Set(steps) == [2, 4, 6])
      #expect(judged.contains { ($0["flops"] as? Double ?? 0) > 0 })
      #expect(Package.exists("\(folder)/loss.png"))
    }
  }

  /// A run that was killed after its last checkpoint does some steps again: they are in the log once.
  @Test func whatIsDoneAgainIsInTheLogOnce() throws {
    try Package.withTemporaryFolder { folder in
      let checkpoint = "\(folder)/checkpoint.safetensors"
      let first = Trainer(.small(steps: 6))
      var run = try TrainingRun(first, folder: folder)
      (run.logEvery, run.saveEvery) = (1, 2)
      try run.run(stop: { first.step == 2 }) { _ in }
      let saved = try Data(contentsOf: URL(fileURLWithPath: checkpoint))
      try run.run(stop: { first.step == 5 }) { _ in }
      try saved.write(to: URL(fileURLWithPath: checkpoint))
      for name in ["checkpoint.safetensors.0123ABCD.new", "model.safetensors.0123ABCD.new.former"] {
        try saved.write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
      }

      let second = try Trainer(resuming: checkpoint)
      var again = try TrainingRun(second, folder: folder)
      again.logEvery = 1
      try again.run(stop: { second.step == 4 }) { _ in }
      let log = try String(contentsOfFile: "\(folder)/log.jsonl", encoding: .utf8)
      let steps = try log.split(separator: "\n").map { line in
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      }
      .compactMap { $0["loss"] == nil ? nil : $0["step"] as? Int }
      #expect(steps == [1, 2, 3, 4])
      let files = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(!files.contains { $0.contains(".new") }, "what a killed run left behind")
    }
  }

  @Test func errorsAreThoseOfPixels() {
    let white = Image(width: 2, height: 1, pixels: [255, 255, 255, 255, 255, 255])
    let mixed = Image(width: 2, height: 1, pixels: [255, 255, 255, 0, 255, 255])
    let quality = Quality([mixed], [white], shown: [[true, false]])
    #expect(quality.covered == 0 && abs(quality.uncovered! - 4.0 / 3) < 1e-12)
    #expect(abs(quality.all! - 2.0 / 3) < 1e-12)
    #expect(abs(Quality.decibels(0.04)! - 20) < 1e-12, "a tenth of the range")
    #expect(Quality([mixed], [white], shown: [[true, true]]).uncovered == nil)
  }
}
