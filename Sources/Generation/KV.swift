public import Layers
public import Scene
public import Torch

/// What the network remembers of one frame: its raw keys and values in every layer.
///
/// Nothing of a query or of other frames is in it, so any set can be recalled in any order, and it
/// can be dropped and made again from the frame's pixels.
public struct KV {
  /// Of each of the frame's tiles, row by row; of one where the network takes it in at once.
  let tiles: [TileKV]
  /// Of the frame as a whole, reduced to what the network takes in at once.
  let whole: TileKV

  init(tiles: [TileKV], whole: TileKV) { (self.tiles, self.whole) = (tiles, whole) }

  /// Of a frame that was taken in at once.
  init(_ whole: TileKV) { self.init(tiles: [whole], whole: whole) }

  /// The same on another device.
  func moved(to device: Device) -> KV {
    tiles.count == 1
      ? KV(whole.moved(to: device))
      : KV(tiles: tiles.map { $0.moved(to: device) }, whole: whole.moved(to: device))
  }

  /// Bytes that it takes.
  public var size: Int {
    tiles.reduce(0) { $0 + $1.size } + (tiles.count == 1 ? 0 : whole.size)
  }
}

/// Raw keys and values of a frame, or of a tile of one.
struct TileKV {
  let keys: Tensor  // [L, T, G, d]
  let values: Tensor
  /// What the network guesses of its patches' depths, `[N]`; nil where it guesses none.
  let depths: Tensor?

  init(_ frame: Encoding) {
    keys = .concatenated(frame.layers.map(\.keys), axis: 0).contiguous()
    values = .concatenated(frame.layers.map(\.values), axis: 0).contiguous()
    depths = frame.depths?.reshaped(-1)
  }

  init(keys: Tensor, values: Tensor, depths: Tensor?) {
    (self.keys, self.values, self.depths) = (keys, values, depths)
  }

  /// The same on another device.
  func moved(to device: Device) -> TileKV {
    TileKV(keys: keys.to(device), values: values.to(device), depths: depths?.to(device))
  }

  /// Bytes that it takes.
  var size: Int {
    2 * keys.count * keys.type.size + (depths.map { $0.count * $0.type.size } ?? 0)
  }
}

/// Frames as the network encodes them, each alone.
public struct Encoding {
  /// Of each layer, raw keys and values `[B, T, G, d]`.
  public let layers: [LayerKV]
  /// What the network guesses of each patch: the logarithm of its depth along z over
  /// `Configuration.middleDepth`, `[B, N]`; nil where it guesses none.
  public let depths: Tensor?

  public init(layers: [LayerKV], depths: Tensor?) {
    (self.layers, self.depths) = (layers, depths)
  }

  /// Some of the frames, in any order and number.
  public func rows(_ index: Tensor) -> Encoding {
    Encoding(
      layers: layers.map { LayerKV(keys: $0.keys.rows(index), values: $0.values.rows(index)) },
      depths: depths?.rows(index))
  }
}

/// Several frames' KV in the coordinates of one query: what drawing attends to.
public struct Context {
  private let storage: Storage
  /// How many frames it holds.
  public let count: Int

  private enum Storage {
    /// For each layer, keys and values `[Q, C T, G, d]` of Q queries: 1, or one of each tile.
    case layers([LayerKV])
    /// Placed where the fused network reads them.
    case slots(AttentionSlots, recalled: Int)
    /// Not placed yet: recorded work does that, too, and tiles that are drawn one by one.
    case raw(Recalled)
    /// Of a picture that is drawn in tiles, and as a whole.
    indirect case large(tiles: Context, whole: Context)
  }

  init(_ layers: [LayerKV], count: Int) {
    storage = .layers(layers)
    self.count = count
  }

  init(_ slots: AttentionSlots, recalled: Int, count: Int) {
    storage = .slots(slots, recalled: recalled)
    self.count = count
  }

  init(_ recalled: Recalled) {
    storage = .raw(recalled)
    count = recalled.frames[0].count
  }

  init(tiles: Context, whole: Context) {
    storage = .large(tiles: tiles, whole: whole)
    count = whole.count
  }

  /// What tiles are drawn from, and what the whole picture; the same where there are no tiles.
  var parts: (tiles: Context, whole: Context) {
    if case .large(let tiles, let whole) = storage { (tiles, whole) } else { (self, self) }
  }

  var recalled: Recalled? {
    if case .raw(let recalled) = storage { recalled } else { nil }
  }

  /// Whether it is placed by tensor operations.
  var isPlaced: Bool { if case .layers = storage { true } else { false } }

  var slots: AttentionSlots? {
    if case .slots(let slots, _) = storage { slots } else { nil }
  }

  func layer(_ i: Int) -> LayerKV {
    switch storage {
    case .layers(let layers): return layers[i]
    case .raw, .large:
      preconditionFailure("Context.layer: frames that are not placed yet have none")
    case .slots(let slots, let recalled):
      let (keys, values) = slots.layer(i, 0..<recalled)
      return LayerKV(keys: keys, values: values)
    }
  }
}

/// What some queries of one size are drawn from, the same number of frames each, as a memory keeps
/// them; and the world's scale.
struct Recalled {
  let frames: [[(kv: TileKV, camera: Camera)]]  // C of each of Q queries
  let queries: [Camera]
  let scale: Double

  /// What the queries see of them.
  var views: RelativeViews {
    RelativeViews(queries: queries, contexts: frames.map { $0.map(\.camera) }, scale: scale)
  }
}

extension FrameModel {
  /// Encodes one frame for a memory.
  public func encode(_ frame: Frame) -> KV {
    Runtime.inference {
      guard let tiling = tiling(of: frame.camera.intrinsics) else {
        return KV(encodeAtOnce(frame))
      }
      return KV(
        tiles: frame.tiles(side: tile!).map(encodeAtOnce),
        whole: encodeAtOnce(tiling.reduced(frame)))
    }
  }

  private func encodeAtOnce(_ frame: Frame) -> TileKV {
    let lens = frame.camera.intrinsics
    if let fused = fused(for: lens) { return fused.encode(Tensor(frame.image), lens) }
    return TileKV(rounded().encode(Tensor(frame.image).to(device), Lenses([lens])))
  }

  /// Places frames' KV in a query's coordinates; nil for no frames. Once a query, for any number of
  /// steps.
  ///
  /// - Precondition: the frames have one size, which need not be the query's.
  public func gather(_ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double)
    -> Context?
  {
    guard let first = frames.first?.camera.intrinsics else { return nil }
    precondition(
      frames.allSatisfy {
        ($0.camera.intrinsics.width, $0.camera.intrinsics.height) == (first.width, first.height)
      }, "gather: frames of different sizes")
    return Runtime.inference {
      let tiles = recalled(frames, for: query, scale: scale)
      guard isTiled(query.intrinsics) else {
        return fused(for: query.intrinsics)?.gather(tiles.frames[0], for: query, scale: scale)
          ?? gather(tiles)
      }
      return Context(
        tiles: gather(tiles), whole: gather(recalledWhole(frames, for: query, scale: scale)))
    }
  }

  /// Places what was recalled, unless whoever draws from it does that better: one by one, where the last
  /// one's memory can be had again, or as recorded work.
  private func gather(_ recalled: Recalled) -> Context {
    if FusedNetwork.fits(self) { return Context(recalled) }
    let network = rounded()
    return RecordedDrawing.fits(network) ? Context(recalled) : network.gatherTensors(recalled)
  }

  /// The same on any device: what other ways are held against.
  func gatherTensors(_ recalled: Recalled) -> Context {
    let (queries, count) = (recalled.queries.count, recalled.frames[0].count)
    let all = recalled.frames.flatMap { $0 }.map(\.kv)
    let positions = recalled.views.positions(
      configuration, lead: [queries], depths: all.depths(on: device), type: type, on: device)
    func joined(_ part: (TileKV) -> Tensor) -> Tensor {  // [L, Q, C, T, G, d]
      let stack = Tensor.stacked(all.map { part($0).to(type, device) }, axis: 1)
      return stack.reshaped([stack.shape[0], queries, count] + stack.shape.dropFirst(2))
    }
    let layers = placed(keys: joined(\.keys), values: joined(\.values), by: positions, queries)
    return Context(layers, count: count)
  }

  /// Raw keys and values, placed: for each layer `[Q, C T, G, d]`.
  ///
  /// - Parameters:
  ///   - keys, values: `[L, .., T, G, d]`, in between Q queries' C contexts each.
  ///   - queries: their number Q.
  func placed(keys: Tensor, values: Tensor, by positions: RecalledPositions, _ queries: Int)
    -> [LayerKV]
  {
    let s = keys.shape
    func layers(_ t: Tensor) -> [Tensor] {
      t.reshaped(s[0] * queries, -1, s[s.count - 2], s[s.count - 1]).split(s[0], axis: 0)
    }
    return zip(layers(positions.place(keys: keys)), layers(positions.place(values: values)))
      .map { LayerKV(keys: $0, values: $1) }
  }
}

extension [TileKV] {
  /// What was guessed of the frames' depths, `[C, N]`; nil where nothing was.
  func depths(on device: Device) -> Tensor? {
    let known = compactMap(\.depths)
    return known.isEmpty ? nil : Tensor.stacked(known.map { $0.to(device) })
  }
}

extension Tensor {
  /// An image as the network sees it: `[1, 3, Y, X]` in -1...1.
  public init(_ image: Image) {
    let bytes = image.pixels.withUnsafeBytes {
      Tensor(bytes: $0, shape: [1, image.height, image.width, 3], type: .uint8)
    }
    self = bytes.permuted(0, 3, 1, 2).to(.float32) * (1 / 127.5) - 1
  }

  /// A network's image as 8-bit pixels: the first of the batch, clamped and rounded.
  public var image: Image {
    let s = shape
    let rows = narrowed(0, 0..<1).permuted(0, 2, 3, 1)
    let bytes = (rows * 127.5 + 128).clamped(0, 255).to(.uint8).contiguous()
    return Image(width: s[3], height: s[2], pixels: bytes.bytes)
  }
}

extension FrameModel {
  /// Places a batch of scenes' KV in the coordinates of several queries each, as training needs it.
  ///
  /// - Parameters:
  ///   - kv: for each layer `[S C, T, G, d]`, scene by scene.
  ///   - contexts: the C cameras of each of the S scenes.
  ///   - queries: `perScene` cameras of each scene, scene by scene.
  ///   - scales: world units a network unit, of each scene.
  /// - Returns: for a layer, keys and values `[S perScene, C T, G, d]`.
  public func recall(
    _ kv: Encoding, of contexts: [[Camera]], for queries: [Camera], perScene: Int,
    scales: [Double]
  ) -> (Int) -> LayerKV {
    let place = placing(
      contexts, depths: kv.depths, for: queries, perScene: perScene, scales: scales)
    return { i in place(kv.layers[i]) }
  }

  /// The same for one layer at a time.
  private func placing(
    _ contexts: [[Camera]], depths: Tensor?, for queries: [Camera], perScene: Int,
    scales: [Double]
  ) -> (LayerKV) -> LayerKV {
    let (scenes, count) = (contexts.count, contexts[0].count)
    let views = RelativeViews(
      queries: queries,
      contexts: contexts.flatMap { Array(repeating: $0, count: perScene) },
      scales: scales.flatMap { Array(repeating: $0, count: perScene) })
    let guesses = depths.map {
      $0.reshaped(scenes, 1, -1).expanded([scenes, perScene, $0.count / scenes])
        .reshaped(queries.count * count, -1)
    }
    let positions = views.positions(
      configuration, lead: [scenes, perScene], depths: guesses, type: type, on: device)
    return { kv in
      func apart(_ t: Tensor) -> Tensor {  // [S, 1, C, T, G, d]
        t.reshaped([scenes, 1, count] + t.shape.dropFirst())
      }
      // Queries are as large as contexts, in training.
      return positions.place(
        LayerKV(keys: apart(kv.keys), values: apart(kv.values)), own: kv.keys.shape[1])
    }
  }

  /// Encodes scenes' contexts together: each attends to the others of its scene, as if it were drawn
  /// from them. For comparison only: such KV is good in this company alone, and no memory can keep it.
  ///
  /// - Parameters:
  ///   - images: `[S C, 3, Y, X]`, scene by scene.
  ///   - contexts: the C cameras of each of the S scenes.
  ///   - t: as in ``encode(_:_:t:company:)``.
  public func encodeTogether(
    _ images: Tensor, of contexts: [[Camera]], scales: [Double], t: Tensor? = nil
  ) -> Encoding {
    let (cameras, count) = (contexts.flatMap { $0 }, contexts[0].count)
    let lenses = Lenses(cameras.map(\.intrinsics))
    guard count > 1 else { return encode(images, lenses, t: t) }
    let others = cameras.indices.map { i in
      (i / count * count..<i / count * count + count).filter { $0 != i }
    }
    let rows = Tensor(others.flatMap { $0 }).sent(to: device)
    let place = placing(
      others.map { $0.map { cameras[$0] } }, depths: nil, for: cameras, perScene: 1,
      scales: scales.flatMap { Array(repeating: $0, count: count) })
    return encode(images, lenses, t: t) { kv in
      place(LayerKV(keys: kv.keys.rows(rows), values: kv.values.rows(rows)))
    }
  }
}
