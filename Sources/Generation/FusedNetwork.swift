import Layers
import Scene
import Torch

/// The network laid out for drawing one frame at a time on a CPU, in Float32 but for what is
/// multiplied, which may be in BFloat16: weights and what they take, placed keys and values, queries,
/// and what attention weighs them by.
///
/// What `FrameModel.predict` and `encode` do with tensors, it does with packed weights and fused
/// loops over memory that stays where it is: the same numbers, up to rounding, in less time. What
/// depends on a lens or on t alone is computed once.
final class FusedNetwork {
  private unowned let model: FrameModel
  private let configuration: Configuration
  private let layers: [Layer]
  private let pixels: PackedWeight
  private let image: PackedWeight
  private let last: Gates.Norm
  private let nullKeys: Tensor  // [L, G, 1, d]
  private let nullValues: Tensor
  /// What the weights were when this was made.
  let revision: Int
  /// The type that weights are multiplied in.
  let type: ElementType

  private var frames: [Key<Intrinsics>: FrameTables] = [:]
  private var modulations: [Key<Double>: [Gates]] = [:]
  /// Slots that may be in use by a context still.
  private var slots: AttentionSlots?

  private struct Key<Value: Hashable>: Hashable {
    let value: Value
    let role: FrameModel.Role
  }

  /// Whether a model can be laid out like this.
  static func fits(_ model: FrameModel) -> Bool {
    let width = model.configuration.headWidth
    return model.device == .cpu && width % 16 == 0 && width <= 256
  }

  init(_ model: FrameModel, tokens: Int) {
    Runtime.waitAsleep()
    let c = model.configuration
    self.model = model
    configuration = c
    revision = model.revision
    type = model.precision.type
    layers = model.blocks.map { Layer($0, tokens: tokens, type: model.precision.type) }
    let patch = 3 * c.patch * c.patch
    pixels = PackedWeight(model.embed.weight.narrowed(1, 0..<patch), rows: tokens)
    image = PackedWeight(model.image.weight, rows: tokens)
    last = Gates.Norm(width: c.width)
    let shape = [c.layers, c.keyValueHeads, 1, c.headWidth]
    nullKeys = Tensor.stacked(model.blocks.map(\.attention.nullKey)).detached().reshaped(shape)
    nullValues = Tensor.stacked(model.blocks.map(\.attention.nullValue)).detached().reshaped(shape)
  }
}

/// One block's weights.
private struct Layer {
  let projections: PackedWeight  // queries, keys, values
  let out: PackedWeight
  let gate: PackedWeight
  let up: PackedWeight
  let down: PackedWeight
  let gains: (query: Tensor, key: Tensor)

  init(_ block: Block, tokens: Int, type: ElementType) {
    func pack(_ w: Tensor) -> PackedWeight { PackedWeight(w, rows: tokens, type: type) }
    let a = block.attention
    let joined = Tensor.concatenated([a.query.weight, a.key.weight, a.value.weight], axis: 0)
    projections = pack(joined)
    out = pack(a.out.weight)
    gate = pack(block.feedForward.gate.weight)
    up = pack(block.feedForward.up.weight)
    down = pack(block.feedForward.down.weight)
    gains = (a.queryNorm.gain.detached(), a.keyNorm.gain.detached())
  }

  /// The rest of the block, once attention is done; `next` is the norm of what follows, `type` what
  /// that takes.
  func finish(
    _ h: Tensor, attended: Tensor, _ own: Gates, next: Gates.Norm, type: ElementType
  ) -> (sum: Tensor, normed: Tensor) {
    let (h, n) = h.addingNormed(
      out(attended), gate: own.attention, weight: own.inner.weight, bias: own.inner.bias,
      type: gate.type)
    return h.addingNormed(
      down(up.times(gate.silu(n), n)), gate: own.feedForward, weight: next.weight,
      bias: next.bias, type: type)
  }
}

/// A block's modulation as the fused loops take it, vectors `[D]`.
private struct Gates {
  struct Norm {
    let weight: Tensor
    let bias: Tensor

    init(_ half: Modulation.Half) {
      weight = (half.scale + 1).reshaped(-1)
      bias = half.shift.reshaped(-1).contiguous()
    }

    /// The plain norm at the network's end.
    init(width: Int) {
      weight = Tensor(repeating: 1, shape: [width])
      bias = .zeros([width])
    }
  }

  /// Before attention, and before the feed-forward layer.
  let outer: Norm
  let inner: Norm
  let attention: Tensor
  let feedForward: Tensor

  init(_ m: Modulation) {
    (outer, inner) = (Norm(m.attention), Norm(m.feedForward))
    attention = (m.attention.gate + 1).reshaped(-1)
    feedForward = (m.feedForward.gate + 1).reshaped(-1)
  }
}

/// What a lens alone decides about a frame's tokens.
private struct FrameTables {
  let rows: Int
  let columns: Int
  /// The tokens of an image of zeros: rays, registers and role.
  let stream: Tensor  // [1, T, D]
  let places: AttentionSlots.OwnPlaces
  let canvas: OverlapAdd
}

extension FusedNetwork {
  /// One evaluation for one frame; a nil `z` stands for zeros.
  func predict(_ z: Tensor?, t: Double, _ lens: Intrinsics, _ slots: AttentionSlots) -> Prediction {
    let tables = tables(lens, .target)
    var h = stream(z, tables)
    let gates = gates(t, .target)
    var n = h.layerNorm(weight: gates[0].outer.weight, bias: gates[0].outer.bias)
    for (i, layer) in layers.enumerated() {
      let attended = slots.attend(
        layer.projections(n), layer: i, gains: layer.gains, tables.places)
      let isLast = i + 1 == layers.count
      (h, n) = layer.finish(
        h, attended: attended, gates[i], next: isLast ? last : gates[i + 1].outer,
        type: isLast ? .float32 : type)
    }
    let patches = n.narrowed(1, 0..<tables.rows * tables.columns).contiguous()  // [1, N, D]
    let picture = tables.canvas(image(patches))
    return Prediction(
      image: picture.narrowed(2, 0..<lens.height).narrowed(3, 0..<lens.width),
      logVariance: model.certainty(patches), features: patches)
  }

  /// A frame's raw keys and values.
  func encode(_ image: Tensor, _ lens: Intrinsics) -> TileKV {
    let tables = tables(lens, .context)
    let c = configuration
    var h = stream(image, tables)
    let tokens = h.shape[1]
    let slots = AttentionSlots(
      layers: 1, heads: c.keyValueHeads, count: tokens, width: c.headWidth, type: type)
    let shape = [c.layers, tokens, c.keyValueHeads, c.headWidth]
    let (keys, values) = (Tensor(empty: shape), Tensor(empty: shape))
    let gates = gates(1, .context)
    var n = h.layerNorm(weight: gates[0].outer.weight, bias: gates[0].outer.bias)
    for (i, layer) in layers.enumerated() {
      let attended = slots.attend(
        layer.projections(n), layer: 0, gains: layer.gains, tables.places,
        raw: (keys.narrowed(0, i..<i + 1), values.narrowed(0, i..<i + 1)))
      if i + 1 < layers.count {
        (h, n) = layer.finish(h, attended: attended, gates[i], next: gates[i + 1].outer, type: type)
      }
    }
    return TileKV(keys: keys, values: values, depths: model.guess(n)?.reshaped(-1))
  }

  /// Slots for a query: frames' keys and values in its coordinates, the null key, and room for its
  /// own.
  func gather(_ frames: [(kv: TileKV, camera: Camera)], for query: Camera, scale: Double)
    -> Context
  {
    let c = configuration
    let own = tables(query.intrinsics, .target).stream.shape[1]
    let counts = frames.map { $0.kv.keys.shape[1] }
    let recalled = counts.reduce(0, +)
    let slots = slots(count: recalled + 1 + own)
    if !frames.isEmpty {
      let views = RelativeViews(queries: [query], contexts: [frames.map(\.camera)], scale: scale)
      let (matrices, angles, turns) = views.tables(
        c, lead: [], depths: frames.map(\.kv).depths(on: .cpu), on: .cpu)
      let perFrame = angles.rank == 5  // [C, T, G, A, n], or [T, 1, 1, n] for all
      func part(_ t: Tensor, _ i: Int) -> Tensor { t.narrowed(0, i..<i + 1).reshaped(t.tail) }
      for (i, frame) in frames.enumerated() {
        slots.place(
          keys: frame.kv.keys, values: frame.kv.values, at: counts[..<i].reduce(0, +),
          matrix: part(matrices, i), angles: perFrame ? part(angles, i) : angles,
          valueAngles: turns.map { perFrame ? part($0, i) : $0 })
      }
    }
    slots.set(recalled, keys: nullKeys, values: nullValues)
    return Context(slots, recalled: recalled, count: frames.count)
  }

  /// The slots used last, if no context holds them any more and they have the right size.
  private func slots(count: Int) -> AttentionSlots {
    if isKnownUniquelyReferenced(&slots), let slots, slots.count == count { return slots }
    let c = configuration
    let new = AttentionSlots(
      layers: c.layers, heads: c.keyValueHeads, count: count, width: c.headWidth, type: type)
    slots = new
    return new
  }

  // MARK: Kept

  /// Tokens before the first block.
  private func stream(_ z: Tensor?, _ tables: FrameTables) -> Tensor {  // [1, T, D]
    guard let z else { return tables.stream }
    let p = configuration.patch
    let padded = z.padded(
      right: tables.columns * p - z.shape[3], bottom: tables.rows * p - z.shape[2])
    let parts = tables.stream.split(
      [tables.rows * tables.columns, configuration.registers], axis: 1)
    return .concatenated([parts[0] + pixels(patchify(padded, p)), parts[1]], axis: 1)
  }

  private func tables(_ lens: Intrinsics, _ role: FrameModel.Role) -> FrameTables {
    let key = Key(value: lens, role: role)
    if let known = frames[key] { return known }
    if frames.count >= 64 { frames = [:] }  // a view's tiles at a few sizes
    let made = makeTables(Lenses([lens]), role)
    frames[key] = made
    return made
  }

  private func makeTables(_ lenses: Lenses, _ role: FrameModel.Role) -> FrameTables {
    let c = configuration
    let (rows, columns) = lenses.grid(patch: c.patch)
    let zeros = Tensor.zeros([1, 3, lenses.height, lenses.width])
    let t = Tensor.zeros([1])
    let tokens = model.tokens(zeros, t: t, lenses, role).stream
    let lifted = lenses.lifted
    return FrameTables(
      rows: rows, columns: columns, stream: tokens,
      places: AttentionSlots.OwnPlaces(
        lens: lifted.matrices.reshaped(4, 4), inverse: lifted.inverses.reshaped(4, 4),
        angles: ownAngles((rows, columns), c), valueAngles: ownValueAngles((rows, columns), c),
        groups: c.groups), canvas: OverlapAdd(lenses, c, on: .cpu))
  }

  private func gates(_ t: Double, _ role: FrameModel.Role) -> [Gates] {
    let key = Key(value: t, role: role)
    if let known = modulations[key] { return known }
    if modulations.count >= 64 { modulations = [:] }
    let shared = model.modulation(Tensor(repeating: t, shape: [1]), role)
    let made = model.blocks.map { Gates($0.modulation(shared)) }
    modulations[key] = made
    return made
  }
}

extension Tensor {
  /// The shape without its first axis.
  fileprivate var tail: [Int] { Array(shape.dropFirst()) }
}
