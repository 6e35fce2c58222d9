import Foundation
import Images
public import Memory
public import Scene
import Torch

/// A place that can be drawn from anywhere: posed frames in a spatial memory, and the model that
/// draws from them.
///
///     let world = World(model: model, scale: capture.scale)
///     await world.add(photos)
///     let drawn = await world.draw(camera)
///
/// All who walk in a world share it: what one sees is remembered for the others. It is an actor on
/// a thread of its own, and only frames leave it, never tensors.
public actor World {
  public nonisolated let settings: Settings
  public nonisolated let scale: Double
  /// The side of what the model draws at once, in pixels; nil for any.
  nonisolated let tileSide: Int?
  let model: FrameModel
  /// Where keyframes are; `looks` knows how they look.
  private(set) var memory: SpatialMemory<Void>
  var looks: Looks
  private let log: Log?
  /// The keyframe that was last remembered while walking, in this walk or an earlier one.
  private var newest: Int?
  private var course = Course()
  /// A keyframe that was drawn from and whose surfaces' distances nobody has guessed yet: they are
  /// known from the next frame on.
  private var unjudged: Int?
  /// Keyframes whose pictures could not be read, and why: they are drawn from no more.
  public private(set) var unreadable: [Int: String] = [:]
  private nonisolated let executor: ThreadExecutor

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// A world in memory alone, of no frames yet.
  ///
  /// - Parameters:
  ///   - scale: world units a network unit: 2 in metres, `Capture.scale` for a capture.
  public init(
    model: sending FrameModel, scale: Double, settings: Settings = Settings()
  ) {
    self.scale = scale
    self.settings = settings
    memory = SpatialMemory(scale: scale, policy: .walking)
    looks = Looks(settings.budgets(on: model.device), file: nil, filed: 0, size: nil)
    log = nil
    tileSide = model.tile
    self.model = model
    executor = ThreadExecutor(name: "rtfm world")
  }

  /// A world on disk, as its last owner left it. Poses are read now, pictures when they matter.
  ///
  /// - Parameters:
  ///   - width, height: of the frames that are drawn; kept pictures are cropped and scaled to it.
  ///   - author: what draws, for the log of the walk that begins; nil leaves the file as it is, and
  ///     what is drawn is remembered in memory alone.
  ///   - known: take only so many of its keyframes, as they were when an old walk began.
  ///   - walk: and only what was known of them before that walk.
  /// - Throws: `WorldFileError`
  public init(
    model: sending FrameModel, file: WorldFile, width: Int, height: Int,
    settings: Settings = Settings(), author: Author? = nil, known: Int = .max,
    before walk: Int = .max
  ) throws {
    scale = file.place.scale
    self.settings = settings
    var newest: Int?
    let memory = try SpatialMemory<Void>(scale: scale, policy: .walking) { filling in
      newest = try filling.add(
        file, width: width, height: height, settings, known: known, before: walk)
    }
    self.newest = settings.goesOn ? newest : nil
    looks = Looks(
      settings.budgets(on: model.device), file: file, filed: memory.count, size: (width, height))
    log = try author.map {
      try Log(file, $0, model, settings, width: width, height: height, known: memory.count)
    }
    self.memory = memory
    tileSide = model.tile
    self.model = model
    executor = ThreadExecutor(name: "rtfm world")
  }

  deinit { executor.close() }

  /// Remembers given pictures, all of them, as they are.
  ///
  /// - Parameter size: what they are drawn from at; their own, which must be one, where nil. Larger
  ///   pictures are worth having for views that are drawn more finely (`Settings.fineSize`).
  /// - Precondition: the world is in memory alone; those of a file are given when it is made.
  public func add(_ frames: [Frame], size: (width: Int, height: Int)? = nil) {
    precondition(log == nil, "World.add: a world on disk gets its given pictures when it is made")
    for frame in frames {
      var camera = frame.camera
      if let size {
        camera.intrinsics = camera.intrinsics.fitted(width: size.width, height: size.height)
      }
      if memory.admit((), camera: camera, always: true) != nil { looks.add(frame) }
    }
  }

  /// The cameras of the keyframes from an index on, for a map; of so many at most.
  public func keyframes(from first: Int = 0, limit: Int = .max) -> [(id: Int, pose: Pose)] {
    memory.dropFirst(first).prefix(limit).map { ($0.id, $0.camera.pose) }
  }

  // MARK: Drawing

  /// Draws what a camera sees: recalls its context, places it in the camera's coordinates, asks the
  /// network, and remembers the picture if it shows something new.
  ///
  /// - Parameter remembers: false for a glance, which leaves the world as it was.
  public func draw(_ camera: Camera, remembers: Bool = true) -> Drawn {
    judge()
    let clock = ContinuousClock()
    let start = clock.now
    let context = context(for: camera)
    let recalled = clock.now
    let frames = context.compactMap { keyframe in
      kv(of: keyframe).map { (kv: $0, camera: keyframe.camera) }
    }
    let gathered = model.gather(frames, for: camera, scale: scale)
    let placed = clock.now
    let prediction = model.draw(
      camera, context: gathered, by: settings.steps, noise: noise(for: camera))
    let image = prediction.image.image
    let drawn = clock.now
    if remembers { remember(Frame(image: image, camera: camera), prediction, from: context) }
    course.pass(camera, at: .now)
    return Drawn(
      frame: Frame(image: image, camera: camera), context: context.map(\.id),
      keyframes: memory.count, evaluations: prediction.evaluations,
      certainty: prediction.certainty, recall: (recalled - start) / .milliseconds(1),
      gather: (placed - recalled) / .milliseconds(1),
      network: (drawn - placed) / .milliseconds(1), isUnfinished: settings.detail > 1)
  }

  /// What a camera's picture begins as; nil for zeros.
  func noise(for camera: Camera) -> Tensor? {
    settings.noise.map { model.noise(seed: $0, for: camera.intrinsics) }
  }

  /// The keyframes that matter for a camera, the newest one among them if it is near, whoever's walk it
  /// is of.
  private func context(for camera: Camera) -> [Keyframe<Void>] {
    var context = memory.recall(for: camera, limit: settings.contexts)
    guard let newest = newest.flatMap({ memory[id: $0] }), settings.contexts > 0,
      !context.contains(where: { $0.id == newest.id }),
      (newest.camera.pose.position - camera.pose.position).length <= memory.policy.range * scale
    else { return context }
    if context.count == settings.contexts { context.removeLast() }
    return context + [newest]
  }

  /// A keyframe's KV; nil where its picture cannot be read.
  private func kv(of keyframe: Keyframe<Void>) -> KV? {
    reading(keyframe.id) { try looks.kv(of: keyframe.id, camera: keyframe.camera, by: model) }
  }

  /// Nil where a keyframe's picture cannot be read, which is noted.
  func reading<R>(_ id: Int, _ body: () throws -> R) -> R? {
    guard unreadable[id] == nil else { return nil }
    do {
      return try body()
    } catch {
      unreadable[id] = "\(error)"
      return nil
    }
  }

  private func remember(
    _ frame: Frame, _ prediction: Prediction, from context: [Keyframe<Void>]
  ) {
    log?.note(frame.camera)
    if settings.guessesDepth { unjudged = context.first { mayBeJudged($0) }?.id }
    guard settings.admits else { return }
    let camera = frame.camera
    let generation = memory.generation(of: camera, from: context)
    let certainty = settings.weighsCertainty ? prediction.certainty : nil
    let guess = settings.guessesDepth
    guard
      let id = memory.admit(
        (), camera: camera, generation: generation, certainty: certainty ?? 1,
        inverseDepth: guess ? model.coarseDepth(prediction, of: camera) : nil)
    else { return }
    newest = id
    looks.add(
      KeyframeRecord(
        id: id, camera: camera, generation: generation, certainty: certainty,
        picture: ImageFile(frame.image), depth: memory[id].inverseDepth?.codes, walk: log?.walk),
      writesTo: log?.file)
  }

  // MARK: Hints

  private func mayBeJudged(_ keyframe: Keyframe<Void>) -> Bool {
    keyframe.inverseDepth == nil && unreadable[keyframe.id] == nil
  }

  /// Guesses how far away the surfaces of the keyframe are that is due: given pictures come without.
  ///
  /// Nothing is guessed before it matters, so that a world of many pictures opens at once; one for a
  /// frame, so that none is held up by long; and it takes effect with the next frame, whether there
  /// was time between the two or not, so that a walk can be replayed.
  private func judge() {
    guard let id = unjudged, let keyframe = memory[id: id] else { return }
    unjudged = nil
    guard let kv = kv(of: keyframe), let frame = try? looks.frame(of: id, camera: keyframe.camera)
    else { return }
    let depth = model.coarseDepth(of: frame, kv: kv, scale: scale)
    memory.learn(depth, of: id)
    if let log { log.file.learn(depth.codes, of: id, walk: log.walk) }
  }

  // MARK: Looking ahead

  /// Makes ready what the next frames will want, a little at a time: to be called when a frame is on
  /// its way and the next is not asked for yet. What is drawn does not depend on it.
  public func lookAhead() {
    judge()
    guard settings.prefetches > 0, looks.countOfKV < memory.count else { return }
    let soon = course.ahead.map { memory.recall(for: $0, limit: settings.contexts) } ?? []
    let wanted = newest.flatMap { memory[id: $0] }.map { [$0] + soon } ?? soon
    let missing = wanted.filter { !looks.hasKV($0.id) && unreadable[$0.id] == nil }
    for keyframe in missing.prefix(settings.prefetches) { _ = kv(of: keyframe) }
  }
}

extension Filling<Void> {
  /// Takes what a file knew of its keyframes before a walk.
  ///
  /// - Returns: the newest keyframe that was drawn; nil for none.
  /// - Throws: `WorldFileError`
  fileprivate mutating func add(
    _ file: WorldFile, width: Int, height: Int, _ settings: World.Settings, known: Int,
    before walk: Int
  ) throws -> Int? {
    var newest: Int?
    func damage(_ what: String) -> WorldFileError { .damaged(file: file.path, reason: what) }
    try file.forEachKeyframe { keyframe in
      guard keyframe.id < known else { return }
      var camera = keyframe.camera
      camera.intrinsics = camera.intrinsics.fitted(width: width, height: height)
      let certainty = settings.weighsCertainty ? keyframe.certainty ?? 1 : 1
      guard add((), camera: camera, generation: keyframe.generation, certainty: certainty) else {
        throw damage("the camera of keyframe \(keyframe.id) is none")
      }
      if keyframe.walk != nil { newest = keyframe.id }
    }
    guard settings.guessesDepth else { return newest }
    let all = file.status.saved
    try file.forEachDepth(before: walk) { id, bytes in
      guard let depth = CoarseDepth(codes: bytes), 0..<all ~= id else {
        throw damage("the depth of keyframe \(id) is none")
      }
      if id < count { learn(depth, of: id) }
    }
    return newest
  }
}

extension Policy {
  /// `World` sees to the newest keyframe itself: given pictures have no newest.
  fileprivate static var walking: Policy {
    var policy = Policy()
    policy.keepsNewest = false
    return policy
  }
}
