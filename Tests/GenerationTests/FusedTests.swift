import Layers
import Scene
import TestSupport
import Testing

@testable import Generation
@testable import Torch

/// The network laid out for the CPU against the same network as tensor operations.
@Suite struct FusedTests {
  /// Head widths, shared heads, anchors, and sizes of frames and contexts that fill no vector.
  static let configurations: [Configuration] = [
    .tiny, .with { $0.anchors = 0 }, .with { ($0.anchors, $0.headWidth) = (1, 16) },
    .with { ($0.heads, $0.keyValueHeads, $0.headWidth, $0.width) = (3, 1, 64, 48) },
    .with { ($0.anchors, $0.headWidth) = (4, 128) },
    .with { $0.valuePeak = nil }, .with { $0.overlap = 0 }, .with { $0.overlap = 1 },
    .with { ($0.anchorPull, $0.anchorSpread, $0.headWidth, $0.valuePeak) = (0.7, 0.5, 64, 3) },
  ]

  @Test(arguments: configurations, [0, 1, 3])
  func drawsWhatTensorOperationsDraw(configuration: Configuration, contexts: Int) {
    let model = FrameModel.lively(configuration)
    var scenes = Scenes(seed: 5)
    let frames = scenes.frames(contexts, width: 22, height: 37)
    let query = scenes.camera(width: 41, height: 26)
    let expected = model.tensorDrawing(query, from: frames)
    expectClose(model.drawing(query, from: frames), expected, within: 1e-4)
    let noise = Generator(seed: 3).normal([1, 3, 26, 41])
    expectClose(
      model.drawing(query, from: frames, steps: 3, noise: noise),
      model.tensorDrawing(query, from: frames, steps: 3, noise: noise), within: 1e-4)
  }

  /// More tokens than one block of keys and one tile of queries hold, on one thread and on more,
  /// with the vectors of each kind of machine.
  @Test(arguments: [1, 2, 5], [4, 8, 16])
  func largeFramesAreDrawnInBlocks(threads: Int, lanes: Int) {
    let former = Runtime.threads
    Runtime.threads = threads
    AttentionSlots.limitLanes(to: lanes)
    defer {
      Runtime.threads = former
      AttentionSlots.limitLanes(to: 16)
    }
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 6)
    let (frames, query) = (
      scenes.frames(2, width: 68, height: 64), scenes.camera(width: 68, height: 64)
    )
    expectClose(
      model.drawing(query, from: frames), model.tensorDrawing(query, from: frames), within: 1e-4)
  }

  @Test(arguments: configurations)
  func encodesWhatTensorOperationsEncode(configuration: Configuration) {
    let model = FrameModel.lively(configuration)
    var scenes = Scenes(seed: 7)
    let frame = scenes.frame(width: 30, height: 17)
    let kv = model.encode(frame)
    let expected = model.tensorEncoding(frame)
    expectClose(kv.keys, expected.keys, within: 1e-4)
    expectClose(kv.values, expected.values, within: 1e-4)
    #expect((kv.depths != nil) == (configuration.anchorPull != nil))
    if let depths = kv.depths { expectClose(depths, expected.depths!, within: 1e-4) }
  }

  @Test func gathersWhatTensorOperationsGather() throws {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 8)
    let frames = scenes.frames(3).map { (kv: model.encode($0), camera: $0.camera) }
    let query = scenes.camera()
    let context = try #require(model.gather(frames, for: query, scale: 2))
    let expected = model.gatherTensors(frames, for: query, scale: 2)
    #expect(context.count == 3 && context.slots != nil && expected.slots == nil)
    for i in 0..<model.configuration.layers {
      expectClose(context.layer(i).keys, expected.layer(i).keys, within: 1e-5)
      expectClose(context.layer(i).values, expected.layer(i).values, within: 1e-5)
    }
    // Either path draws from what either has gathered.
    let drawn = model.draw(query, context: context).image
    expectClose(model.draw(query, context: expected).image, drawn, within: 1e-4)
  }

  @Test func aContextStaysWhatItIsWhileOthersAreGathered() throws {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 9)
    let frames = scenes.frames(4).map { (kv: model.encode($0), camera: $0.camera) }
    let query = scenes.camera()
    let first = model.gather([frames[0], frames[1]], for: query, scale: 2)
    let expected = model.draw(query, context: first).image
    let second = model.gather([frames[2], frames[3]], for: query, scale: 2)
    #expect((model.draw(query, context: second).image - expected).abs().max().item > 1e-3)
    expectClose(model.draw(query, context: first).image, expected, within: 1e-7, "the same sums")
  }

  /// Odd and even numbers of tokens, since BFloat16 goes in pairs.
  @Test(.enabled(if: Runtime.hasFastBFloat16), arguments: [12, 16], [0, 1, 3])
  func bfloat16DrawsNearlyTheSame(width: Int, contexts: Int) throws {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 12)
    let frames = scenes.frames(contexts, width: width, height: 20)
    let query = scenes.camera(width: width, height: 20)
    let exact = model.drawing(query, from: frames)
    model.precision = .bfloat16
    let rough = model.drawing(query, from: frames)
    expectClose(rough, exact, within: 0.03, "8 bits of mantissa, through two layers")
    #expect((rough - exact).abs().max().item > 1e-5, "it must have an effect")
    if contexts > 0 {
      let kv = frames.map { (kv: model.encode($0), camera: $0.camera) }
      let context = try #require(model.gather(kv, for: query, scale: 2))
      let expected = model.gatherTensors(kv, for: query, scale: 2)
      for i in 0..<model.configuration.layers {
        expectClose(context.layer(i).keys, expected.layer(i).keys, within: 0.005, "2^-8")
        expectClose(context.layer(i).values, expected.layer(i).values, within: 0.005, "2^-8")
      }
    }
    model.precision = .float32
    expectClose(model.drawing(query, from: frames), exact, within: 1e-7, "the same sums")
  }

  @Test func changedWeightsCount() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 10)
    let (frames, query) = (scenes.frames(1), scenes.camera())
    let before = model.drawing(query, from: frames)
    let generator = Generator(seed: 11)
    for (_, tensor) in model.parameters {
      tensor.addInPlace(generator.normal(tensor.shape), times: 0.05)
    }
    let after = model.drawing(query, from: frames)
    #expect((after - before).abs().max().item > 1e-3)
    expectClose(after, model.tensorDrawing(query, from: frames), within: 1e-4)
  }
}

extension FrameModel {
  fileprivate func tensorEncoding(_ frame: Frame) -> KV {
    Runtime.inference {
      KV(encode(Tensor(frame.image), Lenses([frame.camera.intrinsics])))
    }
  }

  /// What `drawing` gives, without the fused network.
  fileprivate func tensorDrawing(
    _ query: Camera, from frames: [Frame], steps: Int = 1, noise: Tensor? = nil
  ) -> Tensor {
    Runtime.inference {
      let kv = frames.map { (kv: tensorEncoding($0), camera: $0.camera) }
      let context = kv.isEmpty ? nil : gatherTensors(kv, for: query, scale: 2)
      return drawTensors(query, context: context, steps: steps, noise: noise).image
    }
  }
}
