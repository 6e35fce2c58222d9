public import Captures
import Memory
import Scene

/// A real place to learn from: the frames of a capture at the size of training, some of them held
/// out to see how well the place is drawn where it was not photographed.
///
/// The frames are the capture's pictures, or the tiles of larger ones: what a picture is drawn from
/// that is larger than the network's own.
///
///     let albums = try plan.albums(of: Capture(contentsOf: "photos"))
///     let trainer = Trainer(plan, weights: model, albums: albums)
public struct Album: Sendable {
  public let name: String
  let frames: [Frame]
  /// Which picture each is, or is a tile of.
  private let pictures: [Int]
  /// Whether its frames are parts of pictures.
  var isOfTiles: Bool { pictures.last.map { $0 + 1 < pictures.count } ?? false }
  /// Where each camera is, and where the middle of its image looks: a tile's is not the pose's.
  private let aims: [Pose]
  /// World units a network unit.
  let scale: Double
  /// The frames to learn from, as indices.
  let learned: [Int]
  /// The frames that training never sees, as indices.
  let heldOut: [Int]
}

extension Album {
  /// Opens a capture's pictures.
  ///
  /// - Parameters:
  ///   - side: width and height that they are cropped and scaled to, in pixels.
  ///   - detail: 1 for whole pictures; else for tiles of that side, of pictures that are so many times
  ///     as large, about.
  ///   - every: the first of every so many pictures is held out, as is usual; none for 0, or where there
  ///     are fewer than that.
  /// - Throws: `CaptureError`, `ImageError`, or `TrainingError.capture` for fewer than two pictures to
  ///   learn from.
  public init(_ capture: Capture, side: Int, detail: Int = 1, holdingOut every: Int) throws {
    let holds = every > 0 && capture.count >= every
    let held = capture.entries.indices.filter { holds && $0 % every == 0 }
    let learned = capture.count - held.count
    guard learned > 1 else {
      throw TrainingError.capture(
        capture.name,
        reason: "has \(learned) pictures to learn from and \(held.count) held out; each is "
          + "learned from others, so that it takes two")
    }
    let size = Tiling.size(ofDetail: detail, width: side, height: side, side: side)
    let tiles = try capture.frames(width: size.width, height: size.height).enumerated().flatMap {
      picture, frame in frame.tiles(side: side).map { (picture: picture, frame: $0) }
    }
    (name, scale) = (capture.name, capture.scale)
    (frames, pictures) = (tiles.map(\.frame), tiles.map(\.picture))
    aims = frames.map(\.camera.aim)
    heldOut = frames.indices.filter { [pictures] in held.contains(pictures[$0]) }
    self.learned = frames.indices.filter { [pictures] in !held.contains(pictures[$0]) }
  }
}

extension Plan {
  /// A capture's pictures as a run learns them: whole, and in tiles of larger ones, an album each.
  ///
  /// - Throws: as `Album.init(_:side:detail:holdingOut:)`.
  public func albums(of capture: Capture) throws -> [Album] {
    try (1...detail).map {
      try Album(capture, side: resolution, detail: $0, holdingOut: holdOut)
    }
  }
}

extension Camera {
  /// Where it is, and where the middle of its image looks.
  fileprivate var aim: Pose {
    let middle = SIMD2(Double(intrinsics.width), Double(intrinsics.height)) / 2
    let gaze = pose.rotation * intrinsics.direction(at: middle)
    return Pose(at: pose.position, facing: gaze, up: -pose.down)
  }
}

extension Album {
  /// Opens a capture's folder as a plan wants it.
  ///
  /// - Throws: as `Plan.albums(of:)`.
  public static func albums(at path: String, for plan: Plan) throws -> [Album] {
    try plan.albums(of: Capture(contentsOf: path))
  }

  /// How many contexts any of its frames can have: those of all other pictures that are learned.
  var mostContexts: Int { learned.count - frames.count / (pictures.last! + 1) }

  /// Targets around a random frame, and what a memory that holds a random part of the other frames
  /// recalls for it.
  ///
  /// - Precondition: no more contexts than ``mostContexts``.
  func pick(contexts count: Int, targets: Int, random: inout Randomness) -> Pick {
    let moment = learned[Int(random.next() % UInt64(learned.count))]
    let near = nearest(to: moment, random: &random)
    var spare = mostContexts - count
    precondition(spare >= 0, "pick: \(count) contexts of \(mostContexts)")
    // Not the very nearest, and not too many, so that some of these are left to be contexts.
    let others = near[1...].prefix(2 * targets).shuffled(using: &random).filter { i in
      if pictures[i] == pictures[moment] { return true }
      spare -= 1
      return spare >= 0
    }
    let chosen = [moment] + others.prefix(targets - 1)
    // The other tiles of a picture show nothing of this one.
    let rest = near.filter { !chosen.contains($0) && pictures[$0] != pictures[moment] }
      .prefix(Self.remembered)
    let pick = Pick(
      recalled: count, for: moment, targets: chosen, from: Array(rest),
      share: 0.5 + 0.5 * random.unit(), of: frames.map(\.camera), scale: scale, random: &random)
    return Pick(
      contexts: pick.contexts, targets: (0..<targets).map { chosen[$0 % chosen.count] })
  }

  /// What a memory of all learned frames recalls for a held-out one.
  func exam(_ target: Int, contexts count: Int) -> Pick {
    var random = Randomness(UInt64(target))
    let near = nearest(to: target, random: &random)
    return Pick(
      recalled: count, for: target, targets: [target], from: Array(near.prefix(Self.remembered)),
      share: 1, of: frames.map(\.camera), scale: scale, random: &random)
  }

  /// How many frames the memory may hold: the nearest, so that a pick takes no longer in a large album.
  private static let remembered = 256

  /// The learned frames by how far their poses are from one's; that one, if it is learned, is first.
  private func nearest(to moment: Int, random: inout Randomness) -> [Int] {
    let pose = aims[moment]
    return learned.map { i in
      let other = aims[i]
      let distance = (other.position - pose.position).length / scale + pose.angle(to: other)
      return (index: i, distance: i == moment ? -1 : distance, tie: random.next())
    }
    .sorted { ($0.distance, $0.tie) < ($1.distance, $1.tie) }.map(\.index)
  }
}

extension Plan {
  /// Whether a shard is of photographs.
  func isPhotographed(step: Int, index: Int) -> Bool {
    var random = Randomness(seed, UInt64(step), UInt64(index), 0x7068)
    return !captures.isEmpty && random.unit() < captureShare
  }
}

extension Shard {
  /// The shard of one step out of albums: a function of the plan, the step and the shard's number
  /// alone.
  init(_ plan: Plan, of albums: [Album], step: Int, index: Int) {
    var random = Randomness(plan.seed, UInt64(step), UInt64(index), 0x616C)
    let count = min(plan.contextCount(step: step), albums.map(\.mostContexts).min()!)
    let scenes = (0..<plan.scenesPerShard).map { _ in
      let album = albums[Int(random.next() % UInt64(albums.count))]
      var pick = album.pick(contexts: count, targets: plan.targetsPerScene, random: &random)
      let targets = pick.targets.map { target in
        let again = count > 0 && random.unit() < plan.revisits
        return again ? pick.contexts[Int(random.next() % UInt64(count))] : target
      }
      pick = Pick(contexts: pick.contexts, targets: targets)
      return (album: album, pick: pick)
    }
    self.init(scenes)
  }

  /// Held-out frames, each from what a memory recalls among the learned ones; nil where none are.
  ///
  /// - Parameter limit: how many frames at most, any of those that are held out: always the same ones.
  init?(heldOutOf albums: [Album], contexts: Int, limit: Int) {
    let all = albums.flatMap { album in album.heldOut.map { (album: album, target: $0) } }
    guard !all.isEmpty else { return nil }
    let count = min(contexts, albums.map(\.learned.count).min()!)
    // Any of them, and not one of every so many: of tiles, those would be the same part of pictures.
    var random = Randomness(0x4E1D)
    let some = all.indices.shuffled(using: &random).prefix(limit).sorted().map { all[$0] }
    self.init(some.map { ($0.album, $0.album.exam($0.target, contexts: count)) })
  }

  private init(_ scenes: [(album: Album, pick: Pick)]) {
    func frames(_ indices: KeyPath<Pick, [Int]>) -> [[Frame]] {
      scenes.map { scene in scene.pick[keyPath: indices].map { scene.album.frames[$0] } }
    }
    self.init(
      contexts: frames(\.contexts), targets: frames(\.targets), depths: nil, contextDepths: nil,
      scales: scenes.map(\.album.scale), shown: nil)
  }
}
