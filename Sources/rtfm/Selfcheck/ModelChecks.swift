import Generation
import Layers
import Procedural
import Scene
import Torch

/// The frame model end to end: what a device encodes, gathers and draws, by its fastest way, against
/// plain tensor operations on the CPU.
struct ModelChecks {
  private let plain: FrameModel
  private let frames: [Frame]
  private let scale = ProceduralWorld.scale

  /// Networks whose every weight is random, so that nothing is hidden by a zero.
  static let configurations: [(name: String, Configuration)] = [
    ("3 heads", Configuration(layers: 3, width: 192, heads: 3, keyValueHeads: 3, patch: 8)),
    ("shared keys", Configuration(layers: 2, width: 256, heads: 4, keyValueHeads: 2, patch: 16)),
    (
      "wide heads",
      Configuration(layers: 2, width: 256, heads: 2, keyValueHeads: 1, headWidth: 128, patch: 8)
    ),
  ]

  init(_ configuration: Configuration) {
    plain = FrameModel(configuration, seed: 5)
    let random = Generator(seed: 6)
    for (_, tensor) in plain.parameters {
      tensor.addInPlace(random.normal(tensor.shape), times: 0.02)
    }
    let world = ProceduralWorld(seed: 12)
    // No multiple of a patch, so that padding counts.
    let lens = world.lens(width: 76, height: 52)
    frames = world.walk(count: 9, intrinsics: lens, seed: 1).map { world.film($0).frame }
  }

  /// - Parameter records: whether a GPU draws by recorded work, as it does in use.
  static func all(on device: Device, records: Bool = true) throws -> [Check] {
    try configurations.flatMap { name, configuration in
      try ModelChecks(configuration).checks("draw, \(name)", on: device, records)
    }
  }

  private func checks(_ name: String, on device: Device, _ records: Bool) throws -> [Check] {
    let model = try FrameModel(plain.safetensors(.float32), origin: "selfcheck", on: device)
    model.recordsDrawing = records
    var checks = drawings(model).map { Check(name, $0, $1, truth: $2, within: 1e-3) }
    checks.append(tiled(name, model))
    if Precision.fastest(on: device) == .bfloat16 {
      model.precision = .bfloat16
      checks += drawings(model).map {
        Check(name, "\($0), bfloat16", $1, truth: $2, within: 0.05)
      }
    }
    // What a GPU draws with in BFloat16, operation by operation.
    let rounded = try FrameModel(plain.safetensors(.float32), origin: "selfcheck", on: device)
      .computing(in: .bfloat16)
    checks += [0, 4].map { count in
      let (found, _) = predicted(from: nil, contexts: count, steps: 1, by: rounded)
      let (truth, _) = predicted(from: nil, contexts: count, steps: 1, by: plain)
      return Check(name, "\(count) contexts, rounded layers", found, truth: truth, within: 0.05)
    }
    return checks
  }

  /// What a model draws from 0, 1, 4 and 8 contexts, and the truth.
  private func drawings(_ model: FrameModel) -> [(String, Tensor, Tensor)] {
    let memory = frames.map { (kv: model.encode($0), camera: $0.camera) }
    let query = frames[8].camera
    return [0, 1, 4, 8].flatMap { count -> [(String, Tensor, Tensor)] in
      let context = model.gather(Array(memory[..<count]), for: query, scale: scale)
      let start = noise(query.intrinsics)
      let one = model.draw(query, context: context)
      let two = model.draw(query, context: context, steps: 2, noise: start.to(model.device))
      let (truth, certainty) = predicted(from: nil, contexts: count, steps: 1, by: plain)
      return [
        ("\(count) contexts", one.image, truth),
        ("\(count) contexts, sure", one.logVariance, certainty),
        (
          "\(count) contexts, 2 steps", two.image,
          predicted(from: start, contexts: count, steps: 2, by: plain).0
        ),
      ]
    }
  }

  /// A picture in overlapping tiles, all of them drawn at once, against the CPU's, one by one.
  private func tiled(_ name: String, _ model: FrameModel) -> Check {
    func drawn(by model: FrameModel) -> Tensor {
      model.tile = 48
      defer { model.tile = nil }
      let memory = frames[..<4].map { (kv: model.encode($0), camera: $0.camera) }
      let context = model.gather(memory, for: frames[8].camera, scale: scale)
      return model.draw(frames[8].camera, context: context).image
    }
    return Check(name, "in tiles", drawn(by: model), truth: drawn(by: plain), within: 1e-3)
  }

  private func noise(_ lens: Intrinsics) -> Tensor {
    Generator(seed: 7).normal([1, 3, lens.height, lens.width])
  }

  /// Encode, recall and predict with plain tensors, as training does.
  private func predicted(
    from start: Tensor?, contexts count: Int, steps: Int, by network: FrameModel
  ) -> (Tensor, Tensor) {
    Runtime.withoutGradients {
      let query = frames[8].camera
      let lens = Lenses([query.intrinsics])
      let known = Array(frames[..<count])
      let recalled = known.isEmpty ? nil : recall(known, for: query, by: network)
      let device = network.device
      let shape = [1, 3, query.intrinsics.height, query.intrinsics.width]
      var z = start?.to(device) ?? .zeros(shape, on: device)
      var certainty: Tensor?
      for i in 0..<steps {
        let t = Double(i) / Double(steps)
        let time = Tensor(repeating: t, shape: [1], on: device)
        let p = network.predict(z, t: time, lens, recalled: recalled)
        z = z + (p.image - z) * (1 / Double(steps) / (1 - t))
        certainty = p.logVariance
      }
      return (z, certainty!)
    }
  }

  private func recall(_ known: [Frame], for query: Camera, by network: FrameModel)
    -> (Int) -> LayerKV
  {
    let images = Tensor.concatenated(known.map { Tensor($0.image) }, axis: 0)
    let kv = network.encode(
      images.to(network.device), Lenses(known.map(\.camera.intrinsics)))
    return network.recall(
      kv, of: [known.map(\.camera)], for: [query], perScene: 1, scales: [scale])
  }
}
