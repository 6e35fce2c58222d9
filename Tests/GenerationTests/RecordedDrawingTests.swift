import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// Without a GPU the work is done anew each time, by the same code, from the same places in memory.
@Suite struct RecordedDrawingTests {
  /// Contexts that come and go in one drawing's memory: none may show in another's picture.
  @Test func eachDrawingSeesItsOwnContext() {
    let model = FrameModel.lively()
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 21)
    let frames = scenes.frames(4)
    let query = scenes.camera()
    var drawn: [(Tensor, Tensor)] = []
    for chosen in [[0, 1], [2, 3], [], [0, 1, 2], [1, 0], []] {
      let context = context(model, chosen.map { frames[$0] }, query)
      let truth = Runtime.inference {
        model.drawTensors(query, context: context, steps: 1, noise: nil)
      }
      let ours = Runtime.inference {
        recorded.draw(query.intrinsics, context: context, steps: 1, noise: nil)
      }
      expectClose(ours.logVariance, truth.logVariance, within: 1e-6)
      drawn.append((ours.image, truth.image))
    }
    // Compared at the end: a picture stays what it was when others are drawn.
    for (ours, truth) in drawn { expectClose(ours, truth, within: 1e-6) }
    #expect((drawn[0].0 - drawn[1].0).abs().max().item > 1e-3, "the context must matter")
  }

  @Test(arguments: [1, 2, 3]) func noiseAndStepsAreFollowed(steps: Int) {
    let model = FrameModel.lively()
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 22)
    let (frames, query) = (scenes.frames(2), scenes.camera(width: 14, height: 10))
    let context = context(model, frames, query)
    for seed in 1...2 {
      let noise = Generator(seed: UInt64(seed)).normal([1, 3, 10, 14])
      let ours = Runtime.inference {
        recorded.draw(query.intrinsics, context: context, steps: steps, noise: noise)
      }
      let truth = Runtime.inference {
        model.drawTensors(query, context: context, steps: steps, noise: noise)
      }
      expectClose(ours.image, truth.image, within: 1e-6)
    }
  }

  /// More lenses than there are recordings kept.
  @Test func oldRecordingsAreGivenUp() {
    let model = FrameModel.lively()
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 23)
    let cameras = (0..<15).map { _ in scenes.camera() }
    for camera in cameras + cameras {
      Runtime.inference {
        expectClose(
          recorded.draw(camera.intrinsics, context: nil, steps: 1, noise: nil).image,
          model.drawTensors(camera, context: nil, steps: 1, noise: nil).image, within: 1e-6)
      }
    }
  }

  @Test(.tags(.gpu), .enabled(if: Graph.isPossible(on: .best), "no GPU, or no librtfm_cuda, here"))
  func aGPUReplaysWhatItWouldDraw() throws {
    let plain = FrameModel.lively()
    let model = try FrameModel(plain.safetensors(.float32), origin: "a test", on: .best)
    var scenes = Scenes(seed: 24)
    let (frames, query) = (scenes.frames(4), scenes.camera())
    for count in [0, 2, 4, 2] {
      _ = model.drawing(query, from: Array(frames.suffix(count)))
      let chosen = Array(frames.prefix(count))
      let there = model.drawing(query, from: chosen)
      expectClose(there.to(.cpu), plain.drawing(query, from: chosen), within: 1e-3)
    }
  }

  private func context(_ model: FrameModel, _ frames: [Frame], _ query: Camera) -> Context? {
    guard !frames.isEmpty else { return nil }
    return Runtime.inference {
      let memory = frames.map { frame in
        (
          kv: KV(model.encode(Tensor(frame.image), Lenses([frame.camera.intrinsics]))),
          camera: frame.camera
        )
      }
      return model.gatherTensors(memory, for: query, scale: 2)
    }
  }
}
