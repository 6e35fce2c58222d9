import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// Every layer by itself against PyTorch: its output, and the gradients of all that goes in.
@Suite struct LayerGoldenTests {
  @Test func linearMaps() throws {
    try compare("linear", ["x", "weight"]) { g in
      let weights = Weights(["weight": g["weight"]], origin: "golden")
      return try Linear(weights.root, 24, 16)(g["x"])
    }
  }

  @Test func layerNormNormalizes() throws {
    try compare("layer_norm", ["x"]) { $0["x"].layerNorm() }
  }

  @Test func rmsNormNormalizes() throws {
    try compare("rms_norm", ["x", "gain"]) { g in
      let weights = Weights(["gain": g["gain"]], origin: "golden")
      return try RMSNorm(weights.root / "gain", 32)(g["x"])
    }
  }

  @Test func swiGLUFeedsForward() throws {
    try compare("swiglu", ["x", "gate", "up", "down"]) { g in
      let names = ["gate", "up", "down"]
      let weights = Weights(
        Dictionary(uniqueKeysWithValues: names.map { ("\($0).weight", g[$0]) }), origin: "golden")
      return try SwiGLU(weights.root, width: 24, hidden: 40, depth: 1)(g["x"])
    }
  }

  @Test func attentionSharesKeysAmongHeads() throws {
    try compare("attention", ["q", "k", "v"]) { .attention($0["q"], $0["k"], $0["v"]) }
  }

  @Test func modulationShiftsScalesAndGates() throws {
    try compare("modulation", ["x", "m", "offset", "attended", "fed"]) { g in
      modulated(g["x"], g["m"], g)
    }
  }

  /// One frame alone goes another way through the norm.
  @Test(arguments: [0, 1]) func modulationOfOneFrameIsTheSame(frame: Int) throws {
    let g = try LayerGolden("modulation")
    func one(_ name: String) -> Tensor { g[name].narrowed(0, frame..<frame + 1) }
    let m = Modulation(shared: one("m"), offset: g["offset"])
    let h = m.attention.add(m.attention.normalize(one("x")) * one("attended"), to: one("x"))
    let out = m.feedForward.add(m.feedForward.normalize(h) * one("fed"), to: h)
    expectClose(out, one("out"), within: 1e-5)
  }

  @Test func projectionsMultiplyGroupsOfFour() throws {
    try compare("projected", ["x", "matrix"]) { g in
      Projective(g["matrix"].reshaped(2, 4, 4), width: 16)(g["x"])
    }
    try compare("projected", ["x", "matrix"]) { g in
      let transposed = g["matrix"].reshaped(2, 4, 4).transposed(1, 2)
      return Projective(transposed, width: 16, transposed: true)(g["x"])
    }
  }

  @Test func rotationsTurnPairs() throws {
    try compare("turned", ["x"]) { g in
      let places = g["coordinates"].split(2).map { $0.reshaped(2, 3, 5, 2) }
      let patches = g["grid"].floats.reduce(1, *)
      let angles = Rotary.angles(
        x: places[0], y: places[1], pairs: 8, peak: 12, patches: Int(patches))
      return Rotary(angles: angles)(g["x"], groups: 2)
    }
  }

  @Test func patchesAreCutAndPutBack() throws {
    try compare("patchify", ["x"]) { patchify($0["x"], 4) }
    try compare("patchify_padded", ["x"]) { patchify($0["x"].padded(right: 3, bottom: 1), 4) }
    try compare("unpatchify", ["x"]) { unpatchify($0["x"], 4, rows: 2, columns: 3) }
    try compare("unpatchify_padded", ["x"]) {
      unpatchify($0["x"], 4, rows: 2, columns: 3).narrowed(2, 0..<7).narrowed(3, 0..<9)
    }
  }

  @Test func windowsThatOverlapArePutTogether() throws {
    try compare("put_together", ["x"]) {
      OverlapAdd(side: 4, overlap: 2, rows: 2, columns: 3)($0["x"])
    }
    try compare("put_together_padded", ["x"]) {
      OverlapAdd(side: 4, overlap: 1, rows: 2, columns: 3)($0["x"])
        .narrowed(2, 0..<7).narrowed(3, 0..<9)
    }
  }

  @Test func timesBecomeWaves() throws {
    let g = try LayerGolden("time_embedding")
    expectClose(timeEmbedding(g["t"]), g["out"], within: 2e-5, "angles up to 100 in Float32")
  }

  @Test func timeAndRoleBecomeConditions() throws {
    try compare("conditioning", ["time", "role", "modulation"]) { g in
      let weights = Weights(
        ["time.weight": g["time"], "modulation.weight": g["modulation"]], origin: "golden")
      let time = try Linear(weights.root / "time", 128, 24)
      let modulation = try Linear(weights.root / "modulation", 24, 144)
      return modulation((time(timeEmbedding(g["t"])) + g["role"]).silu())
    }
  }

  @Test func raysGoThroughPixelCentres() throws {
    let g = try LayerGolden("rays")
    let eye = Tensor((0..<32).map { $0 % 16 % 5 == 0 ? 1 : 0 }, shape: [2, 4, 4])
    let cameras = Golden.cameras(lens: g["lens"], pose: eye)
    expectClose(
      Lenses(cameras.map(\.intrinsics)).rays(patch: 4, on: .cpu), g["out"], within: 1e-6)
  }

  private func modulated(_ x: Tensor, _ m: Tensor, _ g: LayerGolden) -> Tensor {
    let m = Modulation(shared: m, offset: g["offset"])
    let h = m.attention.add(m.attention.normalize(x) * g["attended"], to: x)
    return m.feedForward.add(m.feedForward.normalize(h) * g["fed"], to: h)
  }

  /// Output and gradients of a layer against the golden's.
  private func compare(
    _ name: String, _ inputs: [String], at location: SourceLocation = #_sourceLocation,
    _ layer: (LayerGolden) throws -> Tensor
  ) throws {
    let golden = try LayerGolden(name)
    for input in inputs { golden[input].trackGradient() }
    let out = try layer(golden)
    expectClose(out, golden["out"], within: 1e-5, at: location)
    (out * golden["probe"]).sum().backward()
    for input in inputs {
      expectClose(
        golden[input].gradient ?? .zeros([]), golden["grad_\(input)"], within: 1e-5,
        "gradient of \(input)", at: location)
    }
  }
}

/// One layer's inputs and answers.
private struct LayerGolden {
  let tensors: [String: Tensor]
  let name: String

  init(_ name: String) throws {
    tensors = try Safetensors(contentsOf: Package.golden("layers")).tensors
    self.name = name
  }

  subscript(key: String) -> Tensor { tensors["\(name)/\(key)"]! }
}
