import Foundation
import Generation
public import Torch

// A checkpoint holds all of a run: plan, step, weights, their average, the optimiser's moments.
extension Trainer {
  /// Writes everything that `init(resuming:)` needs, in one go. The checkpoint that was there stays
  /// as `checkpoint-previous.safetensors`.
  public func save(to path: String) throws {
    var file = model.safetensors(.float32)
    for (name, tensor) in average.parameters { file.tensors["average.\(name)"] = tensor }
    for (name, tensor) in optimizer.state { file.tensors["optimizer.\(name)"] = tensor }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    file.metadata["plan"] = String(decoding: try encoder.encode(plan), as: UTF8.self)
    file.metadata["step"] = String(step)
    if let restart { file.metadata["restart"] = String(restart) }
    try file.write(to: path, keeping: Self.previous(of: path))
  }

  /// Where the checkpoint before one is kept.
  static func previous(of path: String) -> String {
    let ending = ".safetensors"
    return path.hasSuffix(ending)
      ? path.dropLast(ending.count) + "-previous" + ending : path + "-previous"
  }

  /// Goes on where a checkpoint left off, or, where that one is damaged, the one before it.
  ///
  /// - Parameters:
  ///   - albums: opens a capture of the run's plan, if it has any.
  ///   - report: gets a line where the newest could not be used.
  /// - Throws: what is wrong with the newest, if neither can be used.
  public static func resuming(
    _ path: String, on device: Device = .cpu,
    albums: (_ path: String, Plan) throws -> [Album] = Album.albums(at:for:),
    report: (String) -> Void
  ) throws -> Trainer {
    do { return try Trainer(resuming: path, on: device, albums: albums) } catch {
      let previous = previous(of: path)
      guard let trainer = try? Trainer(resuming: previous, on: device, albums: albums) else {
        throw error
      }
      report("\(error); going on from '\(previous)', step \(trainer.step)")
      return trainer
    }
  }

  /// Goes on where a checkpoint left off, bit for bit.
  ///
  /// - Throws: `SafetensorsError`, or `TrainingError.checkpoint` for a file that is no checkpoint.
  public convenience init(
    resuming path: String, on device: Device = .cpu,
    albums: (_ path: String, Plan) throws -> [Album] = Album.albums(at:for:)
  ) throws {
    var file = try Safetensors(contentsOf: path)
    guard let text = file.metadata["plan"],
      let step = file.metadata["step"].flatMap(UInt32.init).map(Int.init)
    else {
      throw TrainingError.checkpoint(path: path, reason: "it has no plan and step")
    }
    guard let plan = try? Plan(json: Data(text.utf8)) else {
      throw TrainingError.checkpoint(path: path, reason: "its plan can't be read")
    }
    if let flaw = plan.flaw {
      throw TrainingError.checkpoint(path: path, reason: "its plan has \(flaw)")
    }
    let average = file.take(prefix: "average.")
    let moments = file.take(prefix: "optimizer.")
    let opened = try plan.captures.flatMap { try albums($0, plan) }
    let model = try FrameModel(file, origin: path, on: device)
    self.init(plan, weights: model, albums: opened, on: device)
    self.step = step
    restart = file.metadata["restart"].flatMap(Int.init)
    try overwrite(self.average.parameters, with: average, path)
    try overwrite(optimizer.state, with: moments, path)
  }

  private func overwrite(
    _ targets: [(name: String, tensor: Tensor)], with source: [String: Tensor], _ path: String
  ) throws {
    for (name, tensor) in targets {
      guard let value = source[name], value.shape == tensor.shape else {
        throw TrainingError.checkpoint(path: path, reason: "it lacks '\(name)'")
      }
      tensor.set(value)
    }
  }
}

extension Safetensors {
  /// Removes and returns the tensors whose names begin so, without that beginning.
  fileprivate mutating func take(prefix: String) -> [String: Tensor] {
    let taken = tensors.filter { $0.key.hasPrefix(prefix) }
    tensors = tensors.filter { !$0.key.hasPrefix(prefix) }
    return Dictionary(
      uniqueKeysWithValues: taken.map { (String($0.key.dropFirst(prefix.count)), $0.value) })
  }
}
