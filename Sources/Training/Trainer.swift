import Dispatch
public import Generation
import Scene
import Synchronization
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
  /// Steps left out one after another, up to now, `[]`.
  private var skipped: Tensor
  /// Whether a step that must be left out is left out by the device, so that nobody waits for it.
  var decidesOnDevice: Bool
  /// What layers compute in.
  public let precision: Precision
  private var work = 0.0
  private var waited = 0.0
  private let replicas: [FrameModel]
  /// Whether a GPU that trains films, too, where it can; else CPU threads do. Set it before the
  /// first step.
  public var filmsOnGPU = true
  private lazy var studio = Studio(
    plan, albums, from: step, on: model.device, filmsThere: filmsOnGPU)
  /// The plan's captures.
  let albums: [Album]
  /// Films of worlds that training never sees, once somebody asked.
  lazy var heldOutWorlds = Shard(ofHeldOutWorlds: plan)

  /// A run from the start, or from a model's weights alone.
  ///
  /// - Parameters:
  ///   - weights: where to start; a new network from the plan's seed where nil.
  ///   - albums: the plan's captures, opened.
  public init(
    _ plan: Plan, weights: FrameModel? = nil, albums: [Album] = [], on device: Device = .cpu
  ) {
    precondition(
      albums.isEmpty == plan.captures.isEmpty, "Trainer: not the plan's captures")
    (self.plan, self.albums) = (plan, albums)
    let model = weights ?? FrameModel(plan.model, seed: plan.seed, on: device)
    self.model = model
    restart = weights == nil ? nil : 0
    average = model.copy()
    let parallel = device == .cpu && plan.shards > 1
    replicas = parallel ? (0..<plan.shards).map { _ in model.replica() } : [model]
    for replica in replicas { replica.parameters.forEach { $0.tensor.trackGradient() } }
    optimizer = Optimizer(model.parameters, plan.optimizer)
    skipped = .zeros([], on: device)
    decidesOnDevice = device != .cpu
    precision = plan.precision ?? .fastest(on: device)
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

  /// A step that a device was asked for, and whose figures may not be there yet.
  public struct Pending {
    let step: Int
    let rate: Double
    /// Its floating-point operations.
    let work: Double
    /// How long it had to wait for its films, in seconds.
    let waited: Double
    let losses: [Loss.Figures]
    let norm: Tensor
    let skippedInARow: Tensor

    /// The figures. Waits for the device.
    ///
    /// - Throws: `TrainingError.diverged` after 50 steps in a row that had to be left out.
    public func progress() throws -> Progress {
      let (figures, skipped) = (losses.map(\.values), skippedInARow.item)
      if skipped >= 50 { throw TrainingError.diverged(step: step - 1, norm: norm.item) }
      func mean(_ value: ([Double]) -> Double) -> Double {
        figures.map(value).reduce(0, +) / Double(figures.count)
      }
      return Progress(
        step: step, loss: mean { $0[0] },
        terms: Loss.names.enumerated().map { i, name in (name, mean { $0[i + 1] }) },
        norm: norm.item, rate: rate, skipped: skipped > 0)
    }
  }

  /// Does one step and waits for it.
  ///
  /// - Throws: `TrainingError.diverged` after 50 steps in a row that had to be left out.
  public func advance() throws -> Progress { try begin().progress() }

  /// Asks the device for one step; a GPU is left to itself.
  public func begin() -> Pending {
    let studio = studio
    Runtime.flushDenormals()
    let start = ContinuousClock.now
    let shots = studio.next()
    waited = (ContinuousClock.now - start) / .seconds(1)
    work = shots.map { plan.model.work($0.extent, resolution: plan.resolution) }.reduce(0, +)
    let losses =
      replicas.count > 1
      ? parallel(shots, in: studio)
      : shots.enumerated().map { shardLoss($0, studio.develop($1)) }
    return change(by: losses)
  }

  /// Who films, in a few words; and if it is not the GPU that trains, why not.
  public var filming: String { studio.description }

  /// The rest of a step whose gradients lie in the replicas: the weights change by their sum.
  func change(by losses: [Loss.Figures]) -> Pending {
    collect()
    let gradients = model.parameters.compactMap(\.tensor.gradient)
    let norm = gradients.norm
    let warm = step - (restart ?? 0) > plan.optimizer.warmUp
    let counts = (norm .< (warm ? plan.skipAbove : .infinity)).to(.float32)  // 0 for NaN
    let verdict = Optimizer.Verdict(
      divisor: (norm / plan.clip).clamped(1, .infinity), counts: counts)
    let share = plan.rate(at: step, restart: restart)
    change(share: share, verdict)
    skipped = (skipped + 1) * verdict.skip
    model.parameters.forEach { $0.tensor.clearGradient() }
    step += 1
    return Pending(
      step: step, rate: share, work: work, waited: waited, losses: losses, norm: norm,
      skippedInARow: skipped)
  }

  private func change(share: Double, _ verdict: Optimizer.Verdict) {
    if !decidesOnDevice && verdict.counts.item == 0 { return }
    optimizer.step(share: share, verdict)
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

  /// Shards side by side, each with its share of the cores: two operations of one thread beat one of
  /// two.
  private func parallel(_ shots: [Studio.Shot], in studio: Studio) -> [Loss.Figures] {
    let work = Unchecked(value: (trainer: self, studio: studio))
    let all = Runtime.threads
    defer { Runtime.threads = all }  // the weights' change has all of them
    let share = max(1, all / shots.count)
    let results = Mutex([Loss.Figures?](repeating: nil, count: shots.count))
    DispatchQueue.concurrentPerform(iterations: shots.count) { i in
      Runtime.threads = share
      Runtime.flushDenormals()
      let footage = work.value.studio.develop(shots[i])
      let loss = Unchecked(value: work.value.trainer.shardLoss(i, footage))
      results.withLock { $0[i] = loss.value }
    }
    return results.withLock { Unchecked(value: $0) }.value.map { $0! }
  }

  private func shardLoss(_ index: Int, _ footage: Footage) -> Loss.Figures {
    let batch = Batch(footage, plan: plan, step: step, index: index)
    let teacher = plan.needsVisibility ? average.computing(in: precision.type) : average
    return batchLoss(
      batch.exposed(to: teacher, plan: plan, step: step, index: index), index)
  }

  /// The gradient of the mean loss over the step's shards: this one's part, left in its replica.
  func batchLoss(_ batch: Batch, _ index: Int) -> Loss.Figures {
    let replica = replicas[min(index, replicas.count - 1)]
    let loss = batch.loss(replica.computing(in: precision.type))
    (loss.total * (1 / Double(plan.shards))).backward()
    return loss.figures
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
  case occupied(folder: String, by: String)
  case folder(String)
  case capture(String, reason: String)

  public var description: String {
    switch self {
    case .diverged(let step, let norm):
      "training diverged at step \(step) (gradient norm \(norm)); the last checkpoint is intact: "
        + "resume from it with a lower --rate"
    case .checkpoint(let path, let reason):
      "checkpoint '\(path)' can't be resumed: \(reason)"
    case .over(let step):
      "the run is over since step \(step): its learning rate is 0; train on with --weights"
    case .occupied(let folder, let checkpoint):
      "'\(folder)' holds a run already: go on with it by rtfm train --resume \(checkpoint) --out "
        + "\(folder), or choose another folder"
    case .capture(let name, let reason):
      "nothing can be learned from the capture '\(name)': it \(reason)"
    case .folder(let path):
      "'\(path)' can't be made a run's folder: is there a file of that name, or a folder that you may "
        + "not write to?"
    }
  }
}
