import Foundation
import Generation
import TestSupport
import Testing
import Torch

@testable import Training

@Suite struct TrainerTests {
  @Test(arguments: [OptimizerPlan.Kind.adamW, .muon], [1, 2])
  func resumesBitForBit(kind: OptimizerPlan.Kind, shards: Int) throws {
    let plan = Plan.small {
      $0.optimizer.kind = kind
      $0.shards = shards
    }
    let through = Trainer(plan)
    for _ in 0..<4 { _ = try through.advance() }
    let halves = try Package.withTemporaryFolder { folder in
      let first = Trainer(plan)
      for _ in 0..<2 { _ = try first.advance() }
      try first.save(to: "\(folder)/checkpoint")
      let second = try Trainer(resuming: "\(folder)/checkpoint")
      #expect(second.plan == plan && second.step == 2)
      #expect(second.everything == first.everything)
      for _ in 0..<2 { _ = try second.advance() }
      return second
    }
    #expect(through.step == 4 && halves.step == 4)
    let (a, b) = (through.everything, halves.everything)
    #expect(a.keys == b.keys)
    for (name, bytes) in a { #expect(b[name] == bytes, "\(name)") }
  }

  @Test func theAverageFollowsTheWeights() throws {
    let trainer = Trainer(.small { $0.averaging = 0.5 })
    let start = trainer.model.copy()
    var expected = start.parameters.map(\.tensor.doubles)
    for step in 0..<3 {
      _ = try trainer.advance()
      let keep = min(0.5, Double(1 + step) / Double(10 + step))
      for (i, weight) in trainer.model.parameters.enumerated() {
        expected[i] = zip(expected[i], weight.tensor.doubles).map { $0 * keep + $1 * (1 - keep) }
      }
    }
    for (average, values) in zip(trainer.average.parameters, expected) {
      expectClose(
        average.tensor.to(.float64), Tensor(doubles: values, shape: average.tensor.shape),
        within: 1e-6)
    }
  }

  /// Two shards' gradients, each with its half of the mean, are those of one batch of both.
  @Test func shardsAddUp() throws {
    let plan = Plan.small {
      $0.atZero = 1; $0.fromZeros = 1
    }
    let trainer = Trainer(plan)
    let shards = (0..<2).map { Shard(plan, step: 0, index: $0) }
    let batches = shards.enumerated().map {
      Batch($1, plan: plan, step: 0, index: $0, on: .cpu)
    }
    let losses = batches.enumerated().map { trainer.batchLoss($1, $0) }
    let norm = try trainer.change(by: losses).progress().norm

    let alone = FrameModel(plan.model, seed: plan.seed)
    alone.parameters.forEach { $0.tensor.trackGradient() }
    ((batches[0].loss(alone).total + batches[1].loss(alone).total) * 0.5).backward()
    #expect(abs(alone.parameters.compactMap(\.tensor.gradient).norm.item / norm - 1) < 1e-5)
  }

  /// Each shard has its share of the cores, and the weights' change all of them.
  @Test func moreCoresThanShardsChangeNothingButTime() throws {
    let former = Runtime.threads
    defer { Runtime.threads = former }
    let losses = try [1, 2, 7].map { cores in
      Runtime.threads = cores
      let trainer = Trainer(.small { $0.shards = 2 })
      let losses = try (0..<3).map { _ in try trainer.advance().loss }
      #expect(Runtime.threads == cores)
      return losses
    }
    for other in losses.dropFirst() {
      for (a, b) in zip(losses[0], other) { #expect(abs(a - b) < 1e-4) }
    }
  }

  @Test func poisonedGradientsAreSkippedUntilTheRunIsGivenUp() throws {
    let trainer = Trainer(.small(steps: 100) { ($0.scenesPerShard, $0.targetsPerScene) = (1, 1) })
    _ = try trainer.advance()
    let poisoned = trainer.model.parameters.first { $0.name == "embed.weight" }!.tensor
    poisoned.narrowed(0, 0..<1).fill(.nan)
    let before = trainer.everything
    for _ in 0..<49 {
      let progress = try trainer.advance()
      #expect(progress.skipped && progress.norm.isNaN)
    }
    #expect(trainer.everything == before && trainer.step == 50)
    let error = #expect(throws: TrainingError.self) { try trainer.advance() }
    #expect(error?.description.contains("diverged at step 50") == true)
    #expect(trainer.everything == before)
  }

  @Test func oneBadStepIsForgotten() throws {
    let trainer = Trainer(.small())
    let weight = trainer.model.parameters[0].tensor
    let value = weight.copy()
    weight.fill(.infinity)
    #expect(try trainer.advance().skipped)
    weight.set(value)
    #expect(try !trainer.advance().skipped)
    #expect(trainer.model.parameters.allSatisfy { $0.tensor.floats.allSatisfy(\.isFinite) })
  }

  @Test func tooLargeGradientsAreSkippedOnceTheStartIsOver() throws {
    let trainer = Trainer(.small { ($0.skipAbove, $0.optimizer.warmUp) = (1e-9, 2) })
    let skipped = try (0..<5).map { _ in try trainer.advance().skipped }
    #expect(skipped == [false, false, false, true, true])
  }

  /// A cooldown is part of the run: stopped inside it, a run ends as it would have.
  @Test func aCooldownEndsARunAndIsResumed() throws {
    let plan = Plan.small(steps: 1000)
    let (through, halves) = (Trainer(plan), Trainer(plan))
    for trainer in [through, halves] {
      for _ in 0..<3 { _ = try trainer.advance() }
      try trainer.coolDown(over: 4)
    }
    let rates = try (0..<4).map { _ in try through.advance().rate }
    #expect(rates == [1, 0.75, 0.5, 0.25] && through.step == through.plan.end)
    #expect(throws: TrainingError.self) { try through.coolDown(over: 3) }
    try Package.withTemporaryFolder { folder in
      _ = try halves.advance()
      try halves.save(to: "\(folder)/checkpoint")
      let rest = try Trainer(resuming: "\(folder)/checkpoint")
      while rest.step < rest.plan.end { _ = try rest.advance() }
      #expect(rest.everything == through.everything)
    }
  }

  /// The cooldown begins at once, or late enough to end in time.
  @Test(arguments: [nil, 0.01]) func aRunEndsByTheClock(minutes: Double?) throws {
    try Package.withTemporaryFolder { folder in
      var run = try TrainingRun(Trainer(.small(steps: 100_000)), folder: folder)
      (run.cooldown, run.logEvery) = (5, 1)
      try run.run(minutes: minutes) { _ in }
      #expect(run.trainer.plan.cooldown?.steps == 5)
      let start = try #require(run.trainer.plan.cooldown?.start)
      #expect(minutes == nil ? start == 0 : start > 0)
    }
  }

  @Test func weightsAloneWarmUpAgain() throws {
    let plan = Plan.small(steps: 1000) { $0.optimizer.rewarmUp = 10 }
    let trainer = Trainer(plan, weights: FrameModel(plan.model, seed: 9))
    #expect(try trainer.advance().rate == 0.1)
    #expect(try trainer.advance().rate == 0.2)
  }
}

@Suite struct PlanFileTests {
  /// A checkpoint of an older program is resumed with the defaults of what came since.
  @Test func whatAPlanLacksHasItsDefault() throws {
    var plan = Plan.small(steps: 77) { ($0.seed, $0.clip, $0.averaging) = (.max, 0.125, 0.75) }
    plan.optimizer.rate = 0.3
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let whole = try encoder.encode(plan)
    #expect(try Plan(json: whole) == plan)
    let old = String(decoding: whole, as: UTF8.self)
      .replacing("\"teacherSteps\":16,", with: "")
      .replacing("\"rewarmUp\":200,", with: "")
    #expect(old.utf8.count < whole.count - 30)
    #expect(try Plan(json: Data(old.utf8)) == plan)
  }

  @Test(arguments: ["{}", "[]", "3", "{\"steps\": 3}", "{\"steps\"", ""])
  func otherTextIsRefused(text: String) {
    #expect(throws: (any Error).self) { try Plan(json: Data(text.utf8)) }
  }
}

@Suite struct CheckpointTests {
  struct Damage: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let reason: String
    let apply: @Sendable (inout Safetensors) -> Void

    init(_ what: String, _ reason: String, _ apply: @escaping @Sendable (inout Safetensors) -> Void)
    {
      (testDescription, self.reason, self.apply) = (what, reason, apply)
    }

    /// A plan with a piece of its text replaced.
    static func plan(_ old: String, _ new: String) -> Damage {
      Damage("plan with \(new)", "plan") {
        $0.metadata["plan"] = $0.metadata["plan"]!.replacing(old, with: new)
      }
    }
  }

  static let damages: [Damage] = [
    Damage("no plan", "it has no plan and step") { $0.metadata["plan"] = nil },
    Damage("no step", "it has no plan and step") { $0.metadata["step"] = nil },
    Damage("step of words", "it has no plan and step") { $0.metadata["step"] = "two" },
    Damage("negative step", "it has no plan and step") { $0.metadata["step"] = "-3" },
    Damage("plan of nonsense", "plan") { $0.metadata["plan"] = "{]" },
    .plan("\"shards\":2", "\"shards\":0"),
    .plan("\"shards\":2", "\"shards\":-1"),
    .plan("\"resolution\":16", "\"resolution\":0"),
    .plan("\"resolution\":16", "\"resolution\":4"),
    .plan("\"scenesPerShard\":2", "\"scenesPerShard\":0"),
    .plan("\"targetsPerScene\":2", "\"targetsPerScene\":-7"),
    .plan("\"betas\":[0.9,0.98]", "\"betas\":[]"),
    .plan("\"contextShares\":[0.03", "\"contextShares\":[-1"),
    .plan("\"revisits\":", "\"worlds\":0,\"revisits\":"),
    Damage("no average", "it lacks 'embed.weight'") { file in
      file.tensors = file.tensors.filter { !$0.key.hasPrefix("average.") }
    },
    Damage("no moments", "it lacks 'first.") { file in
      file.tensors = file.tensors.filter { !$0.key.hasPrefix("optimizer.") }
    },
    Damage("a moment of another shape", "it lacks 'second.registers'") {
      $0.tensors["optimizer.second.registers"] = .zeros([1])
    },
  ]

  @Test(arguments: damages) func damagedCheckpointsAreRefused(damage: Damage) throws {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/checkpoint"
      try Trainer(.small()).save(to: path)
      var file = try Safetensors(contentsOf: path)
      damage.apply(&file)
      try file.write(to: path)
      let error = #expect(throws: TrainingError.self) { try Trainer(resuming: path) }
      let text = error?.description ?? ""
      #expect(text.contains(path) && text.contains(damage.reason))
    }
  }

  @Test func modelsAndBrokenFilesAreNoCheckpoints() throws {
    #expect(throws: TrainingError.self) { try Trainer(resuming: Package.golden("tiny")) }
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/checkpoint"
      #expect(throws: SafetensorsError.self) { try Trainer(resuming: path) }
      try Trainer(.small()).save(to: path)
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: path))
      #expect(throws: SafetensorsError.self) { try Trainer(resuming: path) }
    }
  }
}
