import Images
import Memory
import Scene

/// A view that becomes sharper while its viewer stands still: tile by tile, it is drawn again,
/// `World.Settings.detail` times as large.
///
///     var refinement = Refinement(of: drawn, in: world)!
///     while let tile = refinement.next { refinement.add(await world.drawTile(tile, of: drawn)) }
///
/// One tile takes about as long as a whole frame, so that nobody who walks on is held up. What is
/// shown has its details from the tiles, and the rest from both: two drawings err less than one.
struct Refinement {
  /// The view as it is so far.
  private(set) var drawn: World.Drawn
  /// Of the view, enlarged.
  private let camera: Camera
  private let tiling: Tiling
  /// The tiles that have been drawn, and the enlarged view's own parts where more are to come.
  private var tiles: [Image]
  /// How many have been drawn.
  private var count = 0
  /// The view as it was drawn at once.
  private let whole: Image

  /// Nil where the world draws nothing finer.
  init?(of drawn: World.Drawn, in world: World) {
    camera = world.finer(drawn.frame.camera)
    let lens = camera.intrinsics
    guard let tiling = world.tiling(of: lens) else { return nil }
    (self.drawn, self.tiling) = (drawn, tiling)
    whole = drawn.frame.image
    tiles = tiling.parts(of: whole.resized(width: lens.width, height: lens.height))
  }

  /// The tile that is to be drawn next; nil when all are.
  var next: Int? { count < tiles.count ? count : nil }

  /// Takes the tile that was next.
  mutating func add(_ tile: World.Tile) {
    tiles[count] = tile.image
    count += 1
    drawn = drawn.refined(shown, tile, isUnfinished: next != nil)
  }

  /// The tiles so far, which fade into the view where others are to come.
  private var shown: Frame {
    let image = Image(joining: tiles, of: tiling)
    return Frame(image: image.blendedCoarsely(with: whole), camera: camera)
  }

  /// Nothing was drawn since: no time was taken.
  mutating func rest() { drawn = drawn.refined(drawn.frame, nil, isUnfinished: false) }
}

extension World {
  /// One tile of a view, and the milliseconds that it took.
  struct Tile: Sendable {
    let image: Image
    let recall: Double
    let gather: Double
    let network: Double
  }

  /// The same view as it is drawn for a viewer who stands still.
  nonisolated func finer(_ camera: Camera) -> Camera {
    let lens = camera.intrinsics
    let (w, h) = settings.fineSize(width: lens.width, height: lens.height, tile: tileSide)
    return Camera(intrinsics: lens.resized(width: w, height: h), pose: camera.pose)
  }

  /// The tiles of a finer view's lens; nil where nothing finer is drawn.
  nonisolated func tiling(of lens: Intrinsics) -> Tiling? {
    guard settings.detail > 1 else { return nil }
    let side = tileSide ?? max(lens.width, lens.height) / settings.detail
    return Tiling(width: lens.width, height: lens.height, side: max(1, side))
  }

  /// Draws a tile of a view more finely, from the tiles of keyframes that show most of what it sees; the
  /// world stays as it was.
  ///
  /// - Precondition: there is a tile of that number.
  func drawTile(_ i: Int, of view: Drawn) -> Tile {
    let clock = ContinuousClock()
    let start = clock.now
    let fine = finer(view.frame.camera)
    guard let tiling = tiling(of: fine.intrinsics) else {
      preconditionFailure("drawTile: nothing finer is drawn")
    }
    let query = tiling.cameras(of: fine)[i]
    let parts = parts(for: query, of: fine, tiling)
    let recalled = clock.now
    let frames = parts.compactMap { part in
      reading(part.id) {
        let fine = finer(memory[part.id].camera)
        return try looks.kv(ofTile: part.tile, in: tiling, of: part.id, camera: fine, by: model)
      }.map { (kv: $0, camera: part.camera) }
    }
    let context = model.gather(frames, for: query, scale: scale)
    let gathered = clock.now
    let prediction = model.draw(
      query, context: context, by: settings.steps, noise: noise(for: query))
    let image = prediction.image.image
    return Tile(
      image: image, recall: (recalled - start) / .milliseconds(1),
      gather: (gathered - recalled) / .milliseconds(1),
      network: (clock.now - gathered) / .milliseconds(1))
  }

  /// The tiles of recalled keyframes that a tile is drawn from: of those that show it, then of those
  /// that show the whole view.
  private func parts(for query: Camera, of view: Camera, _ tiling: Tiling)
    -> [(id: Int, tile: Int, camera: Camera)]
  {
    var context = memory.recall(for: query, limit: settings.contexts)
    let others = memory.recall(for: view, limit: settings.contexts).filter { other in
      !context.contains { $0.id == other.id }
    }
    context += others.prefix(settings.contexts - context.count)
    let all = context.flatMap { keyframe in
      tiling.cameras(of: finer(keyframe.camera)).enumerated().map {
        (id: keyframe.id, tile: $0, camera: $1)
      }
    }
    let finder = TileFinder(all.map(\.camera), scale: scale)
    let count = min(all.count, FrameModel.tileCount(contexts: context.count))
    return finder.tiles(for: query, count: count).map { all[$0] }
  }
}

extension World.Settings {
  /// The size that a frame has when it is drawn for a viewer who stands still: given pictures that
  /// large lose nothing there.
  ///
  /// - Parameter tile: the model's (``FrameModel/tile``).
  public func fineSize(width: Int, height: Int, tile: Int?) -> (width: Int, height: Int) {
    Tiling.size(
      ofDetail: detail, width: width, height: height, side: tile ?? max(width, height))
  }
}
