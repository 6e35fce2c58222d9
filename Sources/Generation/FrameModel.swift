import Foundation
public import Layers
import Scene
public import Torch

/// The network: draws what a camera would see, from the frames that it is given as context.
///
/// One network plays two roles. A context frame is encoded alone, once, into keys and values (KV);
/// a target is drawn by attending to any set of such KV, placed in its own coordinates as they are
/// recalled. `Documentation/NETWORK.md` has every formula.
///
///     let model = try FrameModel(contentsOf: "Models/rtfm-nano.safetensors")
///     let memory = frames.map { model.encode($0) }
///
/// Letters: B frames, N patches, T = N + registers tokens, D width, L layers.
public final class FrameModel {
  public let configuration: Configuration
  public let device: Device
  /// Free text that came with the weights: `step`, `resolution` and so on.
  public internal(set) var metadata: [String: String] = [:]
  /// Every parameter with its name, in the order of making.
  public let parameters: [(name: String, tensor: Tensor)]

  /// The side in pixels of the largest picture that is drawn or encoded at once; larger ones are in
  /// tiles of it. Nil: none is too large. A trained model's file sets it to what it was trained on.
  public var tile: Int?
  /// What the layers compute in when a frame is drawn or encoded.
  public var precision = Precision.float32
  /// The same network with layers in that precision, and what our weights were when it was made.
  var roundedCopy: (model: FrameModel, revision: Int)?
  /// Made when a frame is first drawn on a CPU.
  var fused: FusedNetwork?
  /// Whether an NVIDIA GPU draws by one recorded piece of work, where that can be had, and not
  /// operation by operation: the same numbers in less time.
  public var recordsDrawing = true
  /// Made when a frame is first drawn on such a GPU.
  var recorded: RecordedDrawing?

  /// What the layers compute in. The geometry, what conditions them and the heads are Float32.
  var type: ElementType { embed.weight.type }

  let embed: Linear
  let registers: Tensor  // [R, D]
  let role: Tensor  // [2, D]
  let time: Linear
  let modulation: Linear
  let blocks: [Block]
  let image: Linear
  let certainty: Linear
  let depth: Linear
  /// Of a context's patch: the logarithm of its depth over the anchors' middle.
  let distance: Linear?

  /// A network with first values drawn from a seed.
  public convenience init(_ configuration: Configuration, seed: UInt64, on device: Device = .cpu) {
    do {
      try self.init(configuration, Weights(seed: seed, on: device), device)
    } catch {
      preconditionFailure("new weights always fit: \(error)")
    }
  }

  init(_ c: Configuration, _ weights: Weights, _ device: Device) throws {
    let root = weights.root
    let pixels = 3 * c.patch * c.patch
    embed = try Linear(root / "embed", 2 * pixels, c.width)
    registers = try (root / "registers").normal(c.registers, c.width, deviation: 0.02)
    role = try (root / "role" / "weight").normal(2, c.width, deviation: 0.02)
    time = try Linear(root / "time", 128, c.width)
    modulation = try Linear(root / "modulation", c.width, 6 * c.width, deviation: 0)
    blocks = try (0..<c.layers).map { try Block(root / "layers" / $0, c) }
    image = try Linear(root / "image", c.width, c.paint, deviation: 0)
    certainty = try Linear(root / "certainty", c.width, 1, deviation: 0)
    depth = try Linear(root / "depth", c.width, 4, deviation: 0)
    distance =
      try c.anchorPull.map { _ in try Linear(root / "distance", c.width, 1, deviation: 0) }
    try weights.finish()
    configuration = c
    self.device = device
    parameters = weights.entries
  }

  /// What a frame looks like to the network at one step.
  struct Tokens {
    var stream: Tensor  // [B, T, D]
    let modulation: Tensor  // [B or 1, 6 D]
    let positions: OwnPositions
  }

  enum Role: Int { case context, target }

  /// Pixels and ray directions to tokens. t has one value a frame, or one for all.
  func tokens(
    _ images: Tensor, t: Tensor, _ lenses: Lenses, _ role: Role, _ tables: LensTables? = nil
  ) -> Tokens {
    let tables = tables ?? LensTables(lenses, configuration, type: type, on: device)
    let p = configuration.patch
    let (rows, columns) = lenses.grid(patch: p)
    let padded = images.padded(
      right: columns * p - lenses.width, bottom: rows * p - lenses.height)
    let patches = Tensor.concatenated([patchify(padded, p), tables.rays], axis: 2)
    let roleVector = self.role.narrowed(0, role.rawValue..<role.rawValue + 1)  // [1, D]
    let batch = lenses.count
    let stream = Tensor.concatenated(
      [embed(patches.to(type)), registers.expanded([batch] + registers.shape)], axis: 1)
    return Tokens(
      stream: stream + roleVector.to(type), modulation: modulation(t, role),
      positions: tables.positions)
  }

  /// What conditions all layers: `[B, 6 D]` for t `[B]`.
  func modulation(_ t: Tensor, _ role: Role) -> Tensor {
    let roleVector = self.role.narrowed(0, role.rawValue..<role.rawValue + 1)
    return modulation((time(timeEmbedding(t)) + roleVector).silu())
  }

  /// Encodes frames, each alone, into what a memory keeps of them: raw keys and values.
  ///
  /// - Parameters:
  ///   - images: `[B, 3, Y, X]` in -1...1.
  ///   - t: how clean they are, `[B]` or `[1]`; 1 for a photograph.
  ///   - company: what else the frames attend to in a layer, given the raw keys and values that all of
  ///     them have there; nil, as a memory needs it: nothing.
  public func encode(
    _ images: Tensor, _ lenses: Lenses, t: Tensor? = nil, company: ((LayerKV) -> LayerKV)? = nil
  ) -> Encoding {
    let t = t ?? Tensor(repeating: 1, shape: [1], on: device)
    var tokens = tokens(images, t: t, lenses, .context)
    var depths: Tensor?
    let layers = blocks.indices.map { i in
      let modulation = blocks[i].modulation(tokens.modulation)
      let (normed, kv) = blocks[i].keysAndValues(tokens.stream, modulation)
      if i < blocks.count - 1 {
        tokens.stream = blocks[i](
          tokens.stream, normed, modulation, own: kv, tokens.positions, recalled: company?(kv),
          isTarget: false)
      } else {
        depths = guess(normed)
      }
      return kv
    }
    return Encoding(layers: layers, depths: depths)
  }

  /// What is guessed of contexts' depths, out of the last layer's normed input `[B, T, D]`; nil where
  /// the network guesses none.
  func guess(_ normed: Tensor) -> Tensor? {  // [B, N]
    guard let distance else { return nil }
    let patches = normed.shape[1] - configuration.registers
    return distance(normed.narrowed(1, 0..<patches).to(.float32)).reshaped(-1, patches)
      .clamped(-3, 3)
  }

  /// One evaluation of the network: the clean frame that a noisy one stands for.
  ///
  /// - Parameters:
  ///   - z: `[B, 3, Y, X]`; zeros or noise at t = 0.
  ///   - recalled: for each layer, keys and values in the queries' coordinates; nil for none.
  public func predict(
    _ z: Tensor, t: Tensor, _ lenses: Lenses, recalled: ((Int) -> LayerKV)?
  ) -> Prediction {
    predict(z, t: t, lenses, nil, recalled: recalled)
  }

  /// The same, with what the lenses decide computed before.
  func predict(
    _ z: Tensor, t: Tensor, _ lenses: Lenses, _ tables: LensTables?,
    recalled: ((Int) -> LayerKV)?
  ) -> Prediction {
    let tables = tables ?? LensTables(lenses, configuration, type: type, on: device)
    var tokens = tokens(z, t: t, lenses, .target, tables)
    for (i, block) in blocks.enumerated() {
      let modulation = block.modulation(tokens.modulation)
      let (normed, kv) = block.keysAndValues(tokens.stream, modulation)
      tokens.stream = block(
        tokens.stream, normed, modulation, own: kv, tokens.positions, recalled: recalled?(i),
        isTarget: true)
    }
    let (rows, columns) = lenses.grid(patch: configuration.patch)
    let last = tokens.stream.narrowed(1, 0..<rows * columns)
    let patches = last.to(.float32).layerNorm()  // [B, N, D]
    let pixels = tables.canvas(image(patches))
    return Prediction(
      image: pixels.narrowed(2, 0..<lenses.height).narrowed(3, 0..<lenses.width),
      logVariance: certainty(patches), features: patches)
  }

  /// Inverse depth of each quarter of each patch, per world scale, `[B, N, 4]`: a guess, for training
  /// and as recall's hint.
  public func inverseDepth(_ prediction: Prediction) -> Tensor { depth(prediction.features) }
}

/// How exactly the layers compute.
///
/// Drawing on a CPU, everything but what is multiplied (weights, queries, placed keys and values) is
/// Float32 in any case; elsewhere, geometry, the network that conditions the layers, and the heads;
/// training, the weights themselves and the loss, too.
public enum Precision: String, CaseIterable, Codable, Sendable {
  case float32
  /// Twice as fast on CPUs that have it (`fastest`), where pictures lose less than 0.01 dB by it; the
  /// only one in which an NVIDIA GPU's fastest units multiply.
  case bfloat16

  /// The fastest that this machine's CPU has.
  public static var fastest: Precision { Runtime.hasFastBFloat16 ? .bfloat16 : .float32 }

  /// The fastest that a device has: on NVIDIA's GPUs since 2020 BFloat16.
  public static func fastest(on device: Device) -> Precision {
    switch device {
    case .cpu: fastest
    case .cuda: (device.facts?.architecture ?? 0) >= 80 ? .bfloat16 : .float32
    case .mps: .float32
    }
  }

  public var type: ElementType { self == .float32 ? .float32 : .bfloat16 }
}

/// What one evaluation says.
public struct Prediction {
  /// The clean image, `[B, 3, Y, X]`, about -1...1.
  public let image: Tensor
  /// The logarithm of the squared error that the network expects of itself, `[B, N, 1]`.
  public let logVariance: Tensor
  let features: Tensor  // [B, N, D]
  /// How many evaluations of the network the image took.
  public var evaluations = 1
}

/// One layer: attention, then a feed-forward network, both gated into the residual stream.
struct Block {
  let attention: Attention
  let feedForward: SwiGLU
  let offset: Tensor  // [6 D]

  init(_ address: Address, _ c: Configuration) throws {
    attention = try Attention(
      address, width: c.width, heads: c.heads, keyValueHeads: c.keyValueHeads,
      headWidth: c.headWidth, depth: c.layers)
    feedForward = try SwiGLU(address, width: c.width, hidden: c.hidden, depth: c.layers)
    offset = try (address / "modulation").constant(0, 6 * c.width)
  }

  func modulation(_ shared: Tensor) -> Modulation {
    Modulation(shared: shared, offset: offset, type: attention.query.weight.type)
  }

  func keysAndValues(_ x: Tensor, _ m: Modulation) -> (normed: Tensor, kv: LayerKV) {
    let normed = m.attention.normalize(x)
    return (normed, attention.keysAndValues(normed))
  }

  func callAsFunction(
    _ x: Tensor, _ normed: Tensor, _ m: Modulation, own: LayerKV, _ positions: OwnPositions,
    recalled: LayerKV?, isTarget: Bool
  ) -> Tensor {  // [B, T, D]
    let y = attention(
      normed, own: own, positions: positions, recalled: recalled, isTarget: isTarget)
    let x = m.attention.add(y, to: x)
    return m.feedForward.add(feedForward(m.feedForward.normalize(x)), to: x)
  }
}
