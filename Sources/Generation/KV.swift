public import Layers
public import Scene
public import Torch

/// What the network remembers of one frame: its raw keys and values in every layer.
///
/// Nothing of a query or of other frames is in it, so any set can be recalled in any order, and it
/// can be dropped and made again from the frame's pixels.
public struct KV {
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
  func moved(to device: Device) -> KV {
    KV(keys: keys.to(device), values: values.to(device), depths: depths?.to(device))
  }

  /// Bytes that it takes.
  public var size: Int {
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
    /// For each layer, keys and values `[1, C T, G, d]`.
    case layers([LayerKV])
    /// Placed where the fused network reads them.
    case slots(AttentionSlots, recalled: Int)
    /// Not placed yet: recorded work does that, too.
    case raw(Recalled)
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
    count = recalled.frames.count
  }

  var recalled: Recalled? {
    if case .raw(let recalled) = storage { recalled } else { nil }
  }

  var slots: AttentionSlots? {
    if case .slots(let slots, _) = storage { slots } else { nil }
  }

  func layer(_ i: Int) -> LayerKV {
    switch storage {
    case .layers(let layers): return layers[i]
    case .raw: preconditionFailure("Context.layer: frames that are not placed yet have none")
    case .slots(let slots, let recalled):
      let (keys, values) = slots.layer(i, 0..<recalled)
      return LayerKV(keys: keys, values: values)
    }
  }
}

/// Frames as a memory keeps them, the query that they were recalled for, and the world's scale.
struct Recalled {
  let frames: [(kv: KV, camera: Camera)]
  let query: Camera
  let scale: Double

  /// What the query sees of them.
  var views: RelativeViews {
    RelativeViews(queries: [query], contexts: [frames.map(\.camera)], scale: scale)
  }
}

extension FrameModel {
  /// Encodes one frame for a memory.
  public func encode(_ frame: Frame) -> KV {
    Runtime.inference {
      let lens = frame.camera.intrinsics
      if let fused = fused(for: lens) { return fused.encode(Tensor(frame.image), lens) }
      return KV(rounded().encode(Tensor(frame.image).to(device), Lenses([lens])))
    }
  }

  /// Places frames' KV in a query's coordinates; nil for no frames. Once a query, for any number of
  /// steps.
  public func gather(_ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double)
    -> Context?
  {
    guard !frames.isEmpty else { return nil }
    return Runtime.inference {
      if let fused = fused(for: query.intrinsics) {
        return fused.gather(frames, for: query, scale: scale)
      }
      let network = rounded()
      if RecordedDrawing.fits(network) {
        return Context(Recalled(frames: frames, query: query, scale: scale))
      }
      return network.gatherTensors(frames, for: query, scale: scale)
    }
  }

  /// The same on any device: what other ways are held against.
  func gatherTensors(_ frames: [(kv: KV, camera: Camera)], for query: Camera, scale: Double)
    -> Context
  {
    let views = RelativeViews(queries: [query], contexts: [frames.map(\.camera)], scale: scale)
    let positions = views.positions(
      configuration, lead: [], depths: frames.map(\.kv).depths(on: device), type: type,
      on: device)
    func joined(_ part: (KV) -> Tensor) -> Tensor {
      .stacked(frames.map { part($0.kv).to(type, device) }, axis: 1)
    }
    let layers = placed(keys: joined(\.keys), values: joined(\.values), by: positions)
    return Context(layers, count: frames.count)
  }

  /// Raw keys and values `[L, C, T, G, d]`, placed: for each layer `[1, C T, G, d]`.
  func placed(keys: Tensor, values: Tensor, by positions: RecalledPositions) -> [LayerKV] {
    let s = keys.shape
    func layers(_ t: Tensor) -> [Tensor] {
      t.reshaped(s[0], s[1] * s[2], s[3], s[4]).split(s[0], axis: 0)
    }
    return zip(layers(positions.place(keys: keys)), layers(positions.place(values: values)))
      .map { LayerKV(keys: $0, values: $1) }
  }

  /// Draws what the query camera sees.
  ///
  /// - Parameters:
  ///   - steps: network evaluations; 1 is enough where the context shows the place.
  ///   - noise: where to start: nil for zeros, the steady choice, or noise for variety.
  /// - Returns: the image `[1, 3, Y, X]` in -1...1, and what the last evaluation said beside it.
  public func draw(
    _ query: Camera, context: Context?, steps: Int = 1, noise: Tensor? = nil
  ) -> Prediction {
    Runtime.inference {
      let lens = query.intrinsics
      if let evaluation = fusedEvaluation(for: query, context) {
        return sample(from: noise, lens, steps: steps, evaluation)
      }
      return rounded().drawUnfused(query, context: context, steps: steps, noise: noise)
    }
  }

  /// By recorded work where that can be, else operation by operation.
  private func drawUnfused(_ query: Camera, context: Context?, steps: Int, noise: Tensor?)
    -> Prediction
  {
    let recalled = context?.recalled
    if context == nil || recalled != nil, let recorded = recordedDrawing() {
      return recorded.draw(query.intrinsics, recalled, steps: steps, noise: noise)
    }
    return drawTensors(query, context: context, steps: steps, noise: noise)
  }

  /// The same on any device: what other ways are held against.
  func drawTensors(_ query: Camera, context: Context?, steps: Int, noise: Tensor?) -> Prediction {
    sample(
      from: noise, query.intrinsics, steps: steps, tensorEvaluation(for: query, context))
  }

  /// One evaluation of the network for one frame: of z, nil for zeros, at t.
  typealias Evaluation = (Tensor?, Double) -> Prediction

  /// By the network laid out for this machine's CPU; nil where it can't be, or where the context is
  /// not placed for it.
  func fusedEvaluation(for query: Camera, _ context: Context?) -> Evaluation? {
    let lens = query.intrinsics
    guard context == nil || context?.slots != nil, let fused = fused(for: lens) else { return nil }
    let slots = context?.slots ?? fused.gather([], for: query, scale: 1).slots!
    return { fused.predict($0, t: $1, lens, slots) }
  }

  /// By tensor operations, on any device.
  func tensorEvaluation(for query: Camera, _ context: Context?) -> Evaluation {
    let placed =
      context?.recalled.map { gatherTensors($0.frames, for: $0.query, scale: $0.scale) } ?? context
    return { z, t in
      self.evaluate(z, t: t, query.intrinsics, nil, recalled: placed.map { c in { c.layer($0) } })
    }
  }

  /// One evaluation for one frame; nil stands for zeros, and for tables that are yet to be computed.
  func evaluate(
    _ z: Tensor?, t: Double, _ lens: Intrinsics, _ tables: LensTables?,
    recalled: ((Int) -> LayerKV)?
  ) -> Prediction {
    predict(
      z ?? .zeros([1, 3, lens.height, lens.width], on: device),
      t: Tensor(repeating: t, shape: [1], on: device), Lenses([lens]), tables,
      recalled: recalled)
  }

  /// Euler's method from noise, or from zeros, to data: at t = i / steps, a step along
  /// (x̂ - z) / (1 - t).
  ///
  /// - Parameter first: what is taken for the evaluation at t = 0; nil to make it.
  func sample(
    from start: Tensor?, _ lens: Intrinsics, steps: Int, after first: Prediction? = nil,
    _ predict: Evaluation
  ) -> Prediction {
    precondition(steps > 0, "draw: needs at least one step")
    var z = start
    var last = first
    for i in 0..<steps {
      let t = Double(i) / Double(steps)
      let p = i == 0 ? first ?? predict(z, t) : predict(z, t)
      let share = 1 / Double(steps) / (1 - t)
      z = z.map { $0 + (p.image - $0) * share } ?? p.image * share
      last = p
    }
    return Prediction(
      image: z!, logVariance: last!.logVariance, features: last!.features, evaluations: steps)
  }

  /// The network laid out for this machine's CPU, if it can be; laid out anew when weights have
  /// changed.
  func fused(for lens: Intrinsics) -> FusedNetwork? {
    guard FusedNetwork.fits(self) else { return nil }
    if let fused, fused.revision == revision, fused.type == precision.type { return fused }
    let grid = Lenses([lens]).grid(patch: configuration.patch)
    let new = FusedNetwork(self, tokens: grid.rows * grid.columns + configuration.registers)
    fused = new
    return new
  }

  /// The way to draw with recorded work, where that can be.
  private func recordedDrawing() -> RecordedDrawing? {
    guard RecordedDrawing.fits(self) else { return nil }
    if recorded == nil { recorded = RecordedDrawing(self) }
    return recorded
  }

  /// This model as it draws with tensors: itself, or with layers that compute in its precision.
  ///
  /// Weights are rounded once, and again, in place, when they have changed: recorded work reads them
  /// where they are.
  func rounded() -> FrameModel {
    guard type == .float32, precision != .float32 else { return self }
    let revision = revision
    let copy = roundedCopy?.model ?? computing(in: precision.type)
    if let known = roundedCopy?.revision, known != revision {
      for (new, old) in zip(parameters, copy.parameters) where new.tensor.type != old.tensor.type {
        old.tensor.set(new.tensor)
      }
    }
    roundedCopy = (copy, revision)
    (copy.precision, copy.recordsDrawing) = (precision, recordsDrawing)
    return copy
  }

  /// Grows whenever a weight changes.
  var revision: Int { parameters.reduce(0) { $0 + $1.tensor.revision } }
}

extension [KV] {
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
