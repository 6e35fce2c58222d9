import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// The network against its independent second writing in PyTorch (Tests/Reference/twin.py).
@Suite struct TwinTests {
  @Test(arguments: ["tiny", "odd"])
  func encodesTheSameKeysAndValues(name: String) throws {
    let golden = try Golden(name)
    let frames = golden.encoded()
    for (i, kv) in frames.layers.enumerated() {
      expectClose(kv.keys.transposed(1, 2), golden["kv/\(i)/key"], within: 1e-4)
      expectClose(kv.values.transposed(1, 2), golden["kv/\(i)/value"], within: 1e-4)
    }
    #expect((frames.depths != nil) == (name == "odd"), "only that one guesses depths")
    if let depths = frames.depths { expectClose(depths, golden["kv/depths"], within: 1e-4) }
  }

  @Test(arguments: ["tiny", "odd"], 0...3)
  func predictsTheSame(name: String, contexts: Int) throws {
    let golden = try Golden(name)
    let p = golden.predict(contexts)
    let expected = { (key: String) in golden["expected/\(contexts)/\(key)"] }
    expectClose(p.image, expected("image"), within: 1e-4)
    expectClose(p.logVariance.reshaped(2, -1), expected("log_variance"), within: 1e-4)
    expectClose(golden.model.inverseDepth(p), expected("inverse_depth"), within: 1e-4)
  }

  @Test(arguments: ["tiny", "odd"])
  func hasTheSameGradients(name: String) throws {
    let golden = try Golden(name)
    for (_, tensor) in golden.model.parameters { tensor.trackGradient() }
    let p = golden.predict(2)
    let loss =
      (p.image * golden["probe/image"]).sum()
      + (p.logVariance.reshaped(2, -1) * golden["probe/log_variance"]).sum()
      + (golden.model.inverseDepth(p) * golden["probe/inverse_depth"]).sum()
    loss.backward()
    for (name, tensor) in golden.model.parameters {
      let gradient = try #require(tensor.gradient, "\(name) has no gradient")
      expectClose(gradient, golden["grad/\(name)"], within: 1e-4, "of \(name)")
    }
  }

  @Test(arguments: ["tiny", "odd"], [1, 3])
  func drawsTheSame(name: String, steps: Int) throws {
    let golden = try Golden(name)
    let noise = steps == 1 ? nil : golden["z"]
    expectClose(
      golden.drawn(contexts: 2, steps: steps, noise: noise), golden["drawn/\(steps)"], within: 1e-4)
  }

  @Test func drawsTheSameFromContextsOfAnotherSize() throws {
    let golden = try Golden("mixed", model: "tiny")
    #expect(golden["context/image"].shape != golden["drawn/1"].shape)
    expectClose(golden.drawn(contexts: 3), golden["drawn/1"], within: 1e-4)
  }
}

extension Golden {
  func encoded(_ range: Range<Int> = 0..<3) -> Encoding {
    let lenses = Lenses(cameras("context")[range].map(\.intrinsics))
    return model.encode(self["context/image"].narrowed(0, range), lenses)
  }

  /// Every query by itself, as a session does.
  func drawn(contexts: Int, steps: Int = 1, noise: Tensor? = nil) -> Tensor {
    let context = zip(0..<contexts, cameras("context")).map { i, camera in
      let image = self["context/image"].narrowed(0, i..<i + 1)
      return (kv: KV(model.encode(image, Lenses([camera.intrinsics]))), camera: camera)
    }
    let images = cameras("query").enumerated().map { i, query in
      model.draw(
        query, context: model.gather(context, for: query, scale: scale), steps: steps,
        noise: noise?.narrowed(0, i..<i + 1)
      ).image
    }
    return .concatenated(images, axis: 0)
  }

  /// Both queries at once, as training does, with gradients through the encoder.
  func predict(_ contexts: Int) -> Prediction {
    let queries = cameras("query")
    let frames = Array(cameras("context").prefix(contexts))
    var recalled: ((Int) -> LayerKV)?
    if contexts > 0 {
      let kv = encoded(0..<contexts)
      recalled = model.recall(
        kv, of: [frames], for: queries.map { [$0] }.flatMap { $0 }, perScene: 2, scales: [scale])
    }
    return model.predict(
      self["z"], t: self["t"], Lenses(queries.map(\.intrinsics)), recalled: recalled)
  }
}
