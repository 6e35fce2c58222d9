import Layers
import Memory
import Scene
import Torch

// How pictures are drawn that are larger than those that the network has learned.
//
// Trained on pictures of one size, a network draws others badly: its tokens are too far apart, or too
// many. But a part of a picture is a picture itself, taken by the same camera behind a part of its
// lens. So a large frame is encoded tile by tile, and a large query is drawn tile by tile, each from
// the tiles that show most of what it sees; and once as a whole, small, since two drawings err less.
// A patch of a tile is a smaller part of the place, which is worth more than anything else: depths
// that are off blur fewer pixels of it (`Documentation/LOG.md`).

extension FrameModel {
  /// The cameras that the network draws a picture with: its tiles', or its own where it is not larger
  /// than ``tile``.
  func tiles(of camera: Camera) -> [Camera] { tile.map { camera.tiles(side: $0) } ?? [camera] }

  /// Whether a lens takes pictures larger than a tile.
  func isTiled(_ lens: Intrinsics) -> Bool { tiling(of: lens) != nil }

  func tiling(of lens: Intrinsics) -> Tiling? {
    tile.flatMap { Tiling(width: lens.width, height: lens.height, side: $0) }
  }

  /// Chooses what each of a query's tiles is drawn from, out of the tiles of some frames.
  ///
  /// Each gets half as many again as there are frames, since what it sees may lie across the tiles of
  /// one frame: those that together show most of it.
  func recalled(_ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double) -> Recalled
  {
    let parts = frames.flatMap { frame in
      let cameras = tiles(of: frame.camera)
      precondition(
        cameras.count == frame.kv.tiles.count,
        "gather: a frame was encoded in \(frame.kv.tiles.count) tiles, but has \(cameras.count) now"
      )
      return zip(frame.kv.tiles, cameras).map { (kv: $0, camera: $1) }
    }
    let queries = tiles(of: query)
    guard parts.count > frames.count else {
      return Recalled(frames: queries.map { _ in parts }, queries: queries, scale: scale)
    }
    let finder = TileFinder(parts.map(\.camera), scale: scale)
    let count = min(parts.count, Self.tileCount(contexts: frames.count))
    return Recalled(
      frames: queries.map { query in finder.tiles(for: query, count: count).map { parts[$0] } },
      queries: queries, scale: scale)
  }

  /// The same frames for the whole query, all reduced to what the network draws at once.
  func recalledWhole(
    _ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double
  ) -> Recalled {
    Recalled(
      frames: [frames.map { (kv: $0.kv.whole, camera: reduced($0.camera)) }],
      queries: [reduced(query)], scale: scale)
  }

  /// The camera before a picture so small that the network draws it at once.
  func reduced(_ camera: Camera) -> Camera {
    tiling(of: camera.intrinsics)?.reduced(camera) ?? camera
  }

  /// How many tiles one is drawn from, where a whole picture would be drawn from so many frames.
  public static func tileCount(contexts: Int) -> Int { (3 * contexts + 1) / 2 }
}

/// Finds the tiles that show most of what a tile sees.
struct TileFinder {
  private let memory: SpatialMemory<Void>

  init(_ cameras: [Camera], scale: Double) {
    var policy = Policy()
    policy.keepsNewest = false
    policy.gainThreshold = 1e-4
    policy.range = .infinity
    memory = SpatialMemory(scale: scale, policy: policy) { filling in
      for camera in cameras { filling.add((), camera: camera) }
    }
  }

  /// Always so many: those that add nothing come last, in their order.
  func tiles(for query: Camera, count: Int) -> [Int] {
    let found = memory.recall(for: query, limit: count).map(\.id)
    let others = memory.indices.lazy.filter { !found.contains($0) }
    return found + others.prefix(count - found.count)
  }
}

extension Prediction {
  /// The predictions of single frames as one of them all.
  init(_ predictions: [Prediction]) {
    func joined(_ part: (Prediction) -> Tensor) -> Tensor {
      .concatenated(predictions.map(part), axis: 0)
    }
    self.init(
      image: joined(\.image), logVariance: joined(\.logVariance), features: joined(\.features),
      evaluations: predictions.map(\.evaluations).max()!)
  }

  /// This prediction of a picture in tiles, but that its coarse parts are the mean of those and of a
  /// smaller picture's, which was drawn as a whole.
  func blended(with whole: Prediction) -> Prediction {
    Prediction(
      image: image.blendedCoarsely(with: whole.image), logVariance: logVariance,
      features: features, evaluations: evaluations)
  }

  /// The prediction of a picture, put together out of those of its tiles; its patches are in the
  /// tiles' order.
  func joined(_ tiling: Tiling) -> Prediction {
    let rows = image.split(tiling.rows.count, axis: 0).map { row in
      joinedEdgewise(row.split(tiling.columns.count, axis: 0), at: tiling.columns, axis: 3)
    }
    func flat(_ t: Tensor) -> Tensor { t.reshaped(1, -1, t.shape[2]) }
    return Prediction(
      image: joinedEdgewise(rows, at: tiling.rows, axis: 2), logVariance: flat(logVariance),
      features: flat(features), evaluations: evaluations)
  }
}

extension Tensor {
  /// A picture's tiles `[Q, 3, y, x]`, row by row.
  func parts(_ tiling: Tiling) -> Tensor {
    .concatenated(
      tiling.corners.map { x, y in
        narrowed(2, y..<y + tiling.tileHeight).narrowed(3, x..<x + tiling.tileWidth)
      }, axis: 0)
  }
}

/// Puts pieces side by side along an axis; where two overlap, one fades into the other.
private func joinedEdgewise(_ pieces: [Tensor], at edges: [Int], axis: Int) -> Tensor {
  zip(pieces, edges).dropFirst().reduce(pieces[0]) { left, next in
    let (right, edge) = next
    let (end, length) = (left.shape[axis], right.shape[axis])
    let overlap = end - edge
    guard overlap > 0 else { return .concatenated([left, right], axis: axis) }
    let ramp = (Tensor.arange(overlap, on: left.device) + 0.5) / Double(overlap)
    let share = ramp.reshaped(axis == 2 ? [overlap, 1] : [overlap])
    let (old, new) = (left.narrowed(axis, edge..<end), right.narrowed(axis, 0..<overlap))
    return .concatenated(
      [
        left.narrowed(axis, 0..<edge), old + (new - old) * share,
        right.narrowed(axis, overlap..<length),
      ], axis: axis)
  }
}
