public import Generation
import Images
import Memory
public import Scene
import Torch

/// A way of remembering a walk, and the model that draws from what is remembered: what ``Revisit``
/// and ``Drift`` put to the test.
///
/// Cameras come as places in a list, so that none is alive while a caller waits: swiftlang/swift#91639.
public protocol Recollection {
  /// Draws what a walk's camera sees, and remembers the picture in its own way.
  func step(_ i: Int, of walk: [Camera]) async -> Image
  /// Draws what a camera sees, and remembers nothing.
  func glance(_ i: Int, of views: [Camera]) async -> Image
  /// How many frames are remembered.
  func keyframeCount() async -> Int
  /// Puts what is remembered to the test that it stands for, before each return: nothing, mostly.
  func rest() async throws
}

extension Recollection {
  public func rest() async throws {}
}

extension World: Recollection {
  public func step(_ i: Int, of walk: [Camera]) -> Image { draw(walk[i]).frame.image }

  public func glance(_ i: Int, of views: [Camera]) -> Image {
    draw(views[i], remembers: false).frame.image
  }

  public func keyframeCount() -> Int { keyframes().count }
}

/// A memory to compare with: it keeps all that it draws, and recalls by a simple rule.
public final class Archive: Recollection {
  /// Which of the kept frames a picture is drawn from.
  public enum Rule: Hashable, Sendable {
    /// The last ones: a sliding window.
    case newest
    /// Any, picked anew for each picture.
    case random(seed: UInt64)
    /// Those that show most, as a world does it: a world whose admission lets all in.
    case covering
  }

  /// As a world keeps them: given ones as they are, drawn ones as a file holds them.
  private enum Picture {
    case given(Image)
    case drawn(ImageFile)

    var image: Image {
      switch self {
      case .given(let image): image
      case .drawn(let file): try! file.image()  // its own encoding
      }
    }
  }

  private let model: FrameModel
  private let rule: Rule
  private let contexts: Int
  private let steps: Steps
  /// Every picture; nil once it can't be recalled any more.
  private var memory: SpatialMemory<Picture?>
  private var encoded = Encoded()
  private var lots: Generator?
  private let given: Int

  /// - Parameters:
  ///   - given: what it begins with.
  ///   - scale: world units a network unit.
  ///   - settings: how many frames a picture is drawn from, and in how many steps.
  public init(
    _ rule: Rule, model: FrameModel, given: [Frame], scale: Double,
    settings: World.Settings = World.Settings()
  ) {
    (self.rule, self.model) = (rule, model)
    (contexts, steps) = (settings.contexts, settings.steps)
    self.given = given.count
    var policy = Policy()
    policy.keepsNewest = false  // `covering(_:)` sees to it: given pictures have no newest
    memory = SpatialMemory(scale: scale, policy: policy)
    if case .random(let seed) = rule { lots = Generator(seed: seed) }
    for frame in given { keep(.given(frame.image), frame.camera, generation: 0) }
  }

  public func step(_ i: Int, of walk: [Camera]) -> Image {
    let context = recall(for: walk[i])
    let image = draw(walk[i], from: context)
    let known = context.compactMap { memory[id: $0] }
    keep(
      .drawn(ImageFile(image)), walk[i], generation: memory.generation(of: walk[i], from: known))
    return image
  }

  public func glance(_ i: Int, of views: [Camera]) -> Image {
    draw(views[i], from: recall(for: views[i]))
  }

  public func keyframeCount() -> Int {
    rule == .newest ? min(contexts, memory.count) : memory.count
  }

  private func keep(_ picture: Picture, _ camera: Camera, generation: Double) {
    memory.admit(picture, camera: camera, generation: generation, always: true)
    let last = memory.count - 1 - contexts
    if rule == .newest, last >= 0 { memory.update(last) { $0 = nil } }
  }

  /// The ids of the frames to draw from.
  func recall(for query: Camera) -> [Int] {
    switch rule {
    case .newest: Array(memory.indices.suffix(contexts).reversed())
    case .random: picks()
    case .covering: covering(query)
    }
  }

  /// What shows most of a query, and the frame drawn last if it is near.
  private func covering(_ query: Camera) -> [Int] {
    let ids = memory.recall(for: query, limit: contexts).map(\.id)
    guard let newest = memory.last, newest.id >= given, contexts > 0, !ids.contains(newest.id),
      (newest.camera.pose.position - query.pose.position).length
        <= memory.policy.range * memory.scale
    else { return ids }
    return ids.prefix(contexts - 1) + [newest.id]
  }

  /// As many different ids as there may be, drawn by lot.
  private func picks() -> [Int] {
    var ids: [Int] = []
    while ids.count < min(contexts, memory.count) {
      let id = Int(lots!.uniform([1], type: .float64).item * Double(memory.count))
      if !ids.contains(id) { ids.append(id) }
    }
    return ids
  }

  private func draw(_ query: Camera, from ids: [Int]) -> Image {
    let frames = ids.compactMap { id -> (kv: KV, camera: Camera)? in
      guard let keyframe = memory[id: id], let picture = keyframe.value else { return nil }
      let kv = encoded.kv(of: id) {
        model.encode(Frame(image: picture.image, camera: keyframe.camera))
      }
      return (kv: kv, camera: keyframe.camera)
    }
    let context = model.gather(frames, for: query, scale: memory.scale)
    return model.draw(query, context: context, by: steps).image.image
  }
}

/// The KV of frames that were recalled of late.
private struct Encoded {
  private var entries: [Int: (kv: KV, use: Int)] = [:]
  private var uses = 0

  static let limit = 64

  mutating func kv(of id: Int, make: () -> KV) -> KV {
    let kv = entries[id]?.kv ?? make()
    uses += 1
    entries[id] = (kv, uses)
    if entries.count > Self.limit, let oldest = entries.min(by: { $0.value.use < $1.value.use }) {
      entries[oldest.key] = nil
    }
    return kv
  }
}
