import Foundation
import Memory
public import Scene
import Torch

/// A place that can be drawn from anywhere: posed frames in a spatial memory, and the model that
/// draws from them.
///
///     let world = World(model: model, scale: capture.scale)
///     await world.add(photos)
///     let drawn = try await world.draw(camera)
///
/// All who walk in a world share it: what one sees is remembered for the others. It is an actor on
/// a thread of its own, and only frames leave it, never tensors.
public actor World {
  /// How a world is drawn and remembered.
  public struct Settings: Hashable, Sendable {
    /// How many keyframes a picture is drawn from at most.
    public var contexts = 4
    /// Network evaluations a picture.
    public var steps = 1
    /// Whether drawn frames that show something new are remembered.
    public var admits = true

    public init() {}
  }

  /// What was remembered of one keyframe: the truth, and what can be made from it again.
  private struct Remembered {
    let frame: Frame
    /// The frame's keys and values, made when it is first recalled.
    var kv: KV?
  }

  /// One picture, and how it came about.
  public struct Drawn: Sendable {
    public let frame: Frame
    /// The keyframes that it was drawn from, best first.
    public let context: [Int]
    /// How many keyframes the world has now.
    public let keyframes: Int
    /// Milliseconds spent on recalling, on gathering the context's KV, and in the network.
    public let recall: Double
    public let gather: Double
    public let network: Double
  }

  public nonisolated let settings: Settings
  public nonisolated let scale: Double
  private let model: FrameModel
  private var memory: SpatialMemory<Remembered>
  /// The keyframe that was last remembered while walking.
  private var newest: Int?
  private nonisolated let executor: ThreadExecutor

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// - Parameters:
  ///   - scale: world units a network unit: 2 in metres, `Capture.scale` for a capture.
  public init(
    model: sending FrameModel, scale: Double, settings: Settings = Settings()
  ) {
    self.model = model
    self.scale = scale
    self.settings = settings
    var policy = Policy()
    policy.keepsNewest = false  // `context(for:)` sees to it: given pictures have no newest
    memory = SpatialMemory(scale: scale, policy: policy)
    executor = ThreadExecutor(name: "rtfm world")
  }

  deinit { executor.close() }

  /// Remembers given pictures, all of them, as they are.
  public func add(_ frames: [Frame]) {
    for frame in frames {
      memory.admit(Remembered(frame: frame), camera: frame.camera, always: true)
    }
  }

  /// The cameras of the keyframes from an index on, for a map.
  public func keyframes(from first: Int = 0) -> [(id: Int, pose: Pose)] {
    memory.dropFirst(first).map { ($0.id, $0.camera.pose) }
  }

  /// Draws what a camera sees: recalls its context, places it in the camera's coordinates, asks the
  /// network, and remembers the picture if it shows something new.
  ///
  /// - Parameter remembers: false for a glance, which leaves the world as it was.
  public func draw(_ camera: Camera, remembers: Bool = true) -> Drawn {
    let clock = ContinuousClock()
    let start = clock.now
    let context = context(for: camera)
    let recalled = clock.now
    let frames = context.map { (kv: kv(of: $0), camera: $0.camera) }
    let gathered = model.gather(frames, for: camera, scale: scale)
    let placed = clock.now
    let image = model.draw(camera, context: gathered, steps: settings.steps).image.image
    let frame = Frame(image: image, camera: camera)
    let drawn = clock.now
    if remembers { remember(frame, from: context) }
    return Drawn(
      frame: frame, context: context.map(\.id), keyframes: memory.count,
      recall: (recalled - start) / .milliseconds(1), gather: (placed - recalled) / .milliseconds(1),
      network: (drawn - placed) / .milliseconds(1))
  }

  /// The keyframes that matter for a camera, the newest one of the walk among them if it is near.
  private func context(for camera: Camera) -> [Keyframe<Remembered>] {
    var context = memory.recall(for: camera, limit: settings.contexts)
    guard let newest = newest.flatMap({ memory[id: $0] }), settings.contexts > 0,
      !context.contains(where: { $0.id == newest.id }),
      (newest.camera.pose.position - camera.pose.position).length <= memory.policy.range * scale
    else { return context }
    if context.count == settings.contexts { context.removeLast() }
    return context + [newest]
  }

  private func kv(of keyframe: Keyframe<Remembered>) -> KV {
    if let kv = memory[id: keyframe.id]?.value.kv { return kv }
    let kv = model.encode(keyframe.value.frame)
    memory.update(keyframe.id) { $0.kv = kv }
    return kv
  }

  private func remember(_ frame: Frame, from context: [Keyframe<Remembered>]) {
    guard settings.admits else { return }
    let generation = memory.generation(of: frame.camera, from: context)
    newest =
      memory.admit(Remembered(frame: frame), camera: frame.camera, generation: generation)
      ?? newest
  }
}
