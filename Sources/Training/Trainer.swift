import Dispatch
public import Generation
import Scene
public import Torch

/// Trains a frame model, one step at a time: films scenes, compares, changes the weights.
///
///     var trainer = Trainer(plan)
///     while trainer.step < plan.steps { print(try trainer.advance().loss) }
///
/// Everything random is a function of (plan, step), so a run that is resumed from a checkpoint goes
/// on exactly as it would have.
public final class Trainer {
  public private(set) var plan: Plan
  public let model: FrameModel
  /// Steps done.
  public internal(set) var step = 0
  /// The slow average of the weights: what is evaluated and shipped.
  public let average: FrameModel
  let optimizer: Optimizer
  /// Where weights were loaded without the optimiser's state.
  var restart: Int?
  private var skipped = 0
  private let replicas: [FrameModel]
  private var shards: [Prefetcher<Shard>] = []

  /// A run from the start, or from a model's weights alone.
  ///
  /// - Parameter weights: where to start; a new network from the plan's seed where nil.
  public init(_ plan: Plan, weights: FrameModel? = nil, on device: Device = .cpu) {
    self.plan = plan
    let model = weights ?? FrameModel(plan.model, seed: plan.seed, on: device)
    self.model = model
    restart = weights == nil ? nil : 0
    average = model.copy()
    let parallel = device == .cpu && plan.shards > 1
    replicas = parallel ? (0..<plan.shards).map { _ in model.replica() } : [model]
    for replica in replicas { replica.parameters.forEach { $0.tensor.trackGradient() } }
    optimizer = Optimizer(model.parameters, plan.optimizer)
  }

  /// What one step did.
  public struct Progress: Sendable {
    public let step: Int
    public let loss: Double
    public let terms: [(name: String, value: Double)]
    /// The gradient's norm before clipping.
    public let norm: Double
    public let rate: Double
    /// Whether the step was left out because its gradient was too large or not a number.
    public let skipped: Bool
  }

  /// Does one step.
  ///
  /// - Throws: `TrainingError.diverged` after 50 steps in a row that had to be left out.
  public func advance() throws -> Progress {
    if shards.isEmpty { prefetch() }
    let films = shards.map { $0.next() }
    return try change(by: replicas.count > 1 ? parallel(films) : films.enumerated().map(shardLoss))
  }

  /// The rest of a step whose gradients lie in the replicas: the weights change by their sum.
  func change(by losses: [ShardLoss]) throws -> Progress {
    collect()
    let norm = model.parameters.compactMap(\.tensor.gradient).norm
    let share = plan.rate(at: step, restart: restart)
    let warm = step - (restart ?? 0) > plan.optimizer.warmUp
    let usable = norm.isFinite && (!warm || norm <= plan.skipAbove)
    skipped = usable ? 0 : skipped + 1
    if skipped >= 50 { throw TrainingError.diverged(step: step, norm: norm) }
    if usable { change(norm: norm, share: share) }
    model.parameters.forEach { $0.tensor.clearGradient() }
    step += 1
    return Progress(
      step: step, loss: losses.map(\.total).reduce(0, +) / Double(losses.count),
      terms: losses[0].terms.enumerated().map { i, term in
        (term.name, losses.map { $0.terms[i].value }.reduce(0, +) / Double(losses.count))
      }, norm: norm, rate: share, skipped: !usable)
  }

  private func change(norm: Double, share: Double) {
    let gradients = model.parameters.compactMap(\.tensor.gradient)
    if norm > plan.clip { gradients.multiplyInPlace(plan.clip / norm) }
    optimizer.step(share: share)
    average.parameters.map(\.tensor)
      .moveInPlace(towards: model.parameters.map(\.tensor), by: 1 - plan.averaging(at: step))
  }

  /// Ends the run early: from here the learning rate falls to zero over so many steps.
  ///
  /// - Throws: `TrainingError.over` when it is zero already.
  public func coolDown(over steps: Int) throws {
    precondition(steps > 0, "coolDown: over \(steps) steps; at least 1 is needed")
    let share = plan.rate(at: step, restart: restart)
    guard share > 0 else { throw TrainingError.over(step: step) }
    plan.cooldown = Cooldown(start: step, steps: steps, share: share)
  }

  struct ShardLoss: Sendable {
    let total: Double
    let terms: [(name: String, value: Double)]
  }

  private func prefetch() {
    let plan = plan
    shards = (0..<plan.shards).map { i in
      Prefetcher(from: step, ahead: 3, threads: 1) { Shard(plan, step: $0, index: i) }
    }
  }

  /// Each shard on a thread of its own, with one-thread operations: two such beat one with two.
  private func parallel(_ films: [Shard]) -> [ShardLoss] {
    let work = Unchecked(value: self)
    Runtime.threads = 1
    Runtime.flushDenormals()  // here too, whether or not this thread gets a shard
    let results = Unchecked(value: Results(count: films.count))
    DispatchQueue.concurrentPerform(iterations: films.count) { i in
      Runtime.threads = 1
      Runtime.flushDenormals()
      results.value.losses[i] = work.value.shardLoss(i, films[i])
    }
    return results.value.losses.map { $0! }
  }

  private func shardLoss(_ index: Int, _ shard: Shard) -> ShardLoss {
    batchLoss(Batch(shard, plan: plan, step: step, index: index, on: model.device), index)
  }

  /// The gradient of the mean loss over the step's shards: this one's part, left in its replica.
  func batchLoss(_ batch: Batch, _ index: Int) -> ShardLoss {
    let loss = batch.loss(replicas[min(index, replicas.count - 1)])
    let total = loss.total
    (total * (1 / Double(plan.shards))).backward()
    return ShardLoss(total: total.item, terms: loss.terms)
  }

  /// Adds the replicas' gradients up in the model's parameters.
  private func collect() {
    guard replicas.count > 1 else { return }
    for (i, parameter) in model.parameters.enumerated() {
      let parts = replicas.compactMap { $0.parameters[i].tensor.gradient }
      guard let first = parts.first else { continue }
      for part in parts.dropFirst() { first.addInPlace(part) }
      parameter.tensor.setGradient(first)
    }
    for replica in replicas { replica.parameters.forEach { $0.tensor.clearGradient() } }
  }

  private final class Results {
    var losses: [ShardLoss?]
    init(count: Int) { losses = Array(repeating: nil, count: count) }
  }
}

/// Lets a value cross to threads that use disjoint parts of it.
private struct Unchecked<Value>: @unchecked Sendable {
  let value: Value
}

/// A run that can't go on.
public enum TrainingError: Error, CustomStringConvertible {
  case diverged(step: Int, norm: Double)
  case checkpoint(path: String, reason: String)
  case over(step: Int)

  public var description: String {
    switch self {
    case .diverged(let step, let norm):
      "training diverged at step \(step) (gradient norm \(norm)); the last checkpoint is intact: "
        + "resume from it with a lower --rate"
    case .checkpoint(let path, let reason):
      "checkpoint '\(path)' can't be resumed: \(reason)"
    case .over(let step):
      "the run is over since step \(step): its learning rate is 0; train on with --weights"
    }
  }
}
