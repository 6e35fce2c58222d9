import Layers
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// What must hold of every frame model, whatever it has learned.
@Suite struct DrawingTests {
  @Test(arguments: [[3, -1, 2], [10_000, -3_000, 500]] as [SIMD3<Double>])
  func movingTheWholeWorldChangesNoPixel(place: SIMD3<Double>) {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 1)
    let (frames, query) = (scenes.frames(3), scenes.camera())
    let move = Pose.moving(to: place)
    let here = model.drawing(query, from: frames)
    let there = model.drawing(query.moved(by: move), from: frames.map { $0.moved(by: move) })
    expectClose(there, here, within: 1e-4, "relative poses are rounded to Float32")
    let elsewhere = model.drawing(query.moved(by: move), from: frames)
    #expect((elsewhere - here).abs().max().item > 1e-2, "the pose must matter")
  }

  @Test func scalingTheWholeWorldChangesNoPixel() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 2)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    func grown(_ camera: Camera) -> Camera {
      Camera(
        intrinsics: camera.intrinsics,
        pose: Pose(rotation: camera.pose.rotation, position: camera.pose.position * 7))
    }
    let large = frames.map { Frame(image: $0.image, camera: grown($0.camera)) }
    expectClose(
      model.drawing(grown(query), from: large, scale: 14),
      model.drawing(query, from: frames, scale: 2), within: 1e-4, "Float32 rounding")
  }

  @Test func theOrderOfTheContextDoesNotMatter() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 3)
    let (frames, query) = (scenes.frames(4), scenes.camera())
    let drawn = model.drawing(query, from: frames)
    for order in [[3, 2, 1, 0], [1, 3, 0, 2]] {
      expectClose(model.drawing(query, from: order.map { frames[$0] }), drawn, within: 1e-5)
    }
    #expect((model.drawing(query, from: Array(frames.dropLast())) - drawn).abs().max().item > 1e-3)
  }

  @Test func aFrameIsEncodedTheSameAloneAndAmongOthers() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 4)
    let frames = scenes.frames(3)
    let together = model.encode(
      .concatenated(frames.map { Tensor($0.image) }, axis: 0),
      Lenses(frames.map(\.camera.intrinsics)))
    for (i, frame) in frames.enumerated() {
      let alone = model.encode(frame)
      for (layer, kv) in together.layers.enumerated() {
        let (keys, values) = (kv.keys.narrowed(0, i..<i + 1), kv.values.narrowed(0, i..<i + 1))
        expectClose(alone.keys.narrowed(0, layer..<layer + 1), keys, within: 1e-5)
        expectClose(alone.values.narrowed(0, layer..<layer + 1), values, within: 1e-5)
      }
      #expect(alone.size == 2 * 4 * model.configuration.layers * (16 + 4) * 2 * 32)
    }
  }

  @Test func keptKVDrawsWhatFreshKVDoes() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 5)
    let frames = scenes.frames(3)
    let kept = frames.map { (kv: model.encode($0), camera: $0.camera) }
    for _ in 0..<3 {
      let query = scenes.camera()
      let cached = model.draw(query, context: model.gather(kept, for: query, scale: 2)).image
      #expect(cached.floats == model.drawing(query, from: frames).floats)
    }
  }

  @Test(arguments: [(0, nil), (1, nil), (2, nil), (2, 0.6)] as [(Int, Double?)], [1, 3])
  func drawingIsWhatTrainingPredicts(anchors: (count: Int, pull: Double?), count: Int) {
    let model = FrameModel.lively(.with { ($0.anchors, $0.anchorPull) = anchors })
    var scenes = Scenes(seed: 6)
    let frames = scenes.frames(count, width: 16, height: 12)
    let queries = (0..<2).map { _ in scenes.camera(width: 20, height: 16) }
    let kv = model.encode(
      .concatenated(frames.map { Tensor($0.image) }, axis: 0),
      Lenses(frames.map(\.camera.intrinsics)))
    let recalled = model.recall(
      kv, of: [frames.map(\.camera)], for: queries, perScene: 2, scales: [2])
    let predicted = model.predict(
      .zeros([2, 3, 16, 20]), t: .zeros([2]), Lenses(queries.map(\.intrinsics)),
      recalled: recalled
    ).image
    let drawn = queries.map { model.drawing($0, from: frames) }
    expectClose(.concatenated(drawn, axis: 0), predicted, within: 1e-5)
  }

  @Test(arguments: [(16, 16), (23, 15), (5, 30), (1, 1)], [0, 2])
  func drawsEverySize(size: (Int, Int), contexts: Int) {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 7)
    let frames = scenes.frames(contexts, width: 19, height: 11)
    let query = scenes.camera(width: size.0, height: size.1)
    let image = model.drawing(query, from: frames)
    #expect(image.shape == [1, 3, size.1, size.0])
    #expect(image.floats.allSatisfy { $0.isFinite })
    #expect(image.image.width == size.0 && image.image.height == size.1)
  }

  @Test func noContextIsNoContext() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 8)
    let query = scenes.camera()
    #expect(model.gather([], for: query, scale: 2) == nil)
    let drawn = model.draw(query, context: nil)
    let image = drawn.image
    #expect(drawn.logVariance.shape == [1, 16, 1] && Set(image.floats).count > 100)
    let moved = query.moved(by: .moving(to: [1, 2, 3]))
    #expect(model.draw(moved, context: nil).image.floats == image.floats)
  }

  @Test func noiseAndMoreStepsGiveOtherPictures() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 9)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    let noise = { (seed: UInt64) in Generator(seed: seed).normal([1, 3, 16, 16]) }
    let pictures = [
      model.drawing(query, from: frames), model.drawing(query, from: frames, noise: noise(1)),
      model.drawing(query, from: frames, noise: noise(2)),
      model.drawing(query, from: frames, steps: 2), model.drawing(query, from: frames, steps: 4),
    ]
    for (i, a) in pictures.enumerated() {
      for b in pictures[..<i] { #expect((a - b).abs().max().item > 1e-3) }
    }
    let zeros = model.drawing(query, from: frames, noise: .zeros([1, 3, 16, 16]))
    #expect(zeros.floats == pictures[0].floats)
  }

  /// By hand: z moves a K-th, then a (K - 1)-th, ... of what is left towards the prediction.
  @Test func stepsGoTheirShareOfTheWay() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 10)
    let (query, steps) = (scenes.camera(), 3)
    let noise = Generator(seed: 3).normal([1, 3, 16, 16])
    var z = noise
    for i in 0..<steps {
      let t = Tensor([Float(i) / Float(steps)], shape: [1])
      let x = model.predict(z, t: t, Lenses([query.intrinsics]), recalled: nil).image
      let left = Double(steps - i)
      z = z * ((left - 1) / left) + x / left
    }
    let drawn = model.draw(query, context: nil, steps: steps, noise: noise).image
    expectClose(drawn, z, within: 1e-5)
  }

  @Test(
    .tags(.gpu), .enabled(if: Device.hasGPU, "no GPU here"), arguments: [0, 1, 3], [1, 2])
  func aGPUDrawsWhatTheCPUDoes(contexts: Int, steps: Int) throws {
    let cpu = FrameModel.lively()
    let gpu = try FrameModel(cpu.safetensors(.float32), origin: "a test", on: .best)
    var scenes = Scenes(seed: 11)
    let (frames, query) = (scenes.frames(contexts), scenes.camera())
    if let frame = frames.first {
      expectClose(gpu.encode(frame).keys, cpu.encode(frame).keys, within: 1e-4)
      expectClose(gpu.encode(frame).values, cpu.encode(frame).values, within: 1e-4)
    }
    expectClose(
      gpu.drawing(query, from: frames, steps: steps),
      cpu.drawing(query, from: frames, steps: steps), within: 1e-4)
  }
}

@Suite struct PictureTests {
  @Test func everyByteSurvivesTheNetworksNumbers() {
    let bytes = (0...255).map { UInt8($0) }
    let image = Image(width: 16, height: 16, pixels: bytes.flatMap { [$0, 255 - $0, $0 ^ 0x55] })
    let tensor = Tensor(image)
    #expect(tensor.shape == [1, 3, 16, 16] && tensor.type == .float32)
    #expect(tensor.min == -1 && tensor.max().item == 1)
    #expect(tensor.image == image)
    let green = Double(tensor.narrowed(1, 1..<2).floats[3])
    #expect(abs(green - (252 / 127.5 - 1)) < 1e-6)
  }

  @Test func wildNumbersAreClamped() {
    let tensor = Tensor([-7, 7, .infinity, -.infinity, 0, 1.002], shape: [1, 3, 2, 1])
    #expect(tensor.image.pixels == [0, 255, 128, 255, 0, 255])
  }
}

extension Tensor {
  fileprivate var min: Double { -(-self).max().item }
}
