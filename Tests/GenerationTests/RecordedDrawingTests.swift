import Foundation
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
      let recalled = recalled(model, chosen.map { frames[$0] }, query)
      let truth = truth(model, query, recalled)
      let ours = Runtime.inference {
        recorded.draw(query.intrinsics, recalled, steps: 1, noise: nil)
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
    let recalled = recalled(model, frames, query)
    for seed in 1...2 {
      let noise = Generator(seed: UInt64(seed)).normal([1, 3, 10, 14])
      let ours = Runtime.inference {
        recorded.draw(query.intrinsics, recalled, steps: steps, noise: noise)
      }
      let truth = truth(model, query, recalled, steps: steps, noise: noise)
      expectClose(ours.image, truth.image, within: 1e-6)
    }
  }

  /// The same contexts from elsewhere, from other lenses, and of another size: all that a recording
  /// is given anew, or made anew for.
  @Test(arguments: [0, 2], [nil, 0.8])
  func posesAndSizesAreFollowed(anchors: Int, pull: Double?) {
    let model = FrameModel.lively(.with { ($0.anchors, $0.anchorPull) = (anchors, pull) })
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 25)
    let sets = [(16, 16), (16, 16), (8, 32), (20, 12)].map { w, h in
      scenes.frames(3, width: w, height: h)
    }
    let lens = scenes.camera().intrinsics
    for frames in sets + sets {
      var query = scenes.camera()
      query.intrinsics = lens
      let recalled = recalled(model, frames, query)
      expectClose(
        Runtime.inference { recorded.draw(lens, recalled, steps: 1, noise: nil).image },
        truth(model, query, recalled).image, within: 1e-6)
    }
  }

  /// Other lenses are drawn through by the same recording.
  @Test func lensesAreFollowed() {
    let model = FrameModel.lively()
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 26)
    let frames = scenes.frames(2)
    let queries = (0..<4).map { _ in scenes.camera() }
    #expect(Set(queries.map(\.intrinsics)).count == 4)
    for query in queries + queries {
      let recalled = recalled(model, frames, query)
      expectClose(
        Runtime.inference {
          recorded.draw([query.intrinsics], recalled, steps: 1, noise: nil).image
        },
        truth(model, query, recalled).image, within: 1e-6)
    }
    #expect(recorded.count == 1)
  }

  /// More sizes than there are recordings kept.
  @Test func oldRecordingsAreGivenUp() {
    let model = FrameModel.lively()
    let recorded = RecordedDrawing(model, records: false)
    var scenes = Scenes(seed: 23)
    let cameras = (0..<15).map { scenes.camera(width: 8 + $0, height: 16) }
    for camera in cameras + cameras {
      Runtime.inference {
        expectClose(
          recorded.draw(camera.intrinsics, nil, steps: 1, noise: nil).image,
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

  private func recalled(_ model: FrameModel, _ frames: [Frame], _ query: Camera) -> Recalled? {
    guard !frames.isEmpty else { return nil }
    return Recalled(frames: frames.map { model.tensorMemory($0) }, query: query, scale: 2)
  }

  /// Placed before, and drawn operation by operation.
  private func truth(
    _ model: FrameModel, _ query: Camera, _ recalled: Recalled?, steps: Int = 1,
    noise: Tensor? = nil
  ) -> Prediction {
    Runtime.inference {
      let context = recalled.map { model.gatherTensors($0) }
      return model.drawTensors(query, context: context, steps: steps, noise: noise)
    }
  }
}

/// Layers in BFloat16, as a GPU draws, by plain tensor operations, against Float32.
@Suite struct RoundedDrawingTests {
  private func drawings(_ model: FrameModel, _ frames: [Frame], _ query: Camera) -> Tensor {
    let network = model.rounded()
    return Runtime.inference {
      let memory = frames.map { network.tensorMemory($0) }
      let context = network.gatherTensors(memory, for: query, scale: 2)
      return network.drawTensors(query, context: context, steps: 1, noise: nil).image
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func roundedLayersDrawAlmostTheSame(seed: UInt64) {
    let model = FrameModel.lively(seed: seed)
    var scenes = Scenes(seed: 30 + seed)
    let (frames, query) = (scenes.frames(3), scenes.camera())
    let exact = drawings(model, frames, query)
    model.precision = .bfloat16
    let rounded = drawings(model, frames, query)
    #expect(rounded.type == .float32 && rounded.floats != exact.floats)
    let power = exact.squared().mean().item
    let decibels = 10 * log10(power / (rounded - exact).squared().mean().item)
    #expect(decibels > 30, "\(decibels) dB under the picture")
  }

  @Test func whatAMemoryKeepsIsHalfAsLarge() {
    let model = FrameModel.lively()
    let frame = {
      var scenes = Scenes(seed: 36); return scenes.frame()
    }()
    let exact = model.rounded().tensorMemory(frame).kv
    model.precision = .bfloat16
    let rounded = model.rounded().tensorMemory(frame).kv
    #expect(rounded.keys.type == .bfloat16 && 2 * rounded.size == exact.size)
    expectClose(rounded.keys.to(.float32), exact.keys, within: 0.03, "BFloat16 rounding")
  }

  /// Recorded work reads rounded weights where they are: they must change there.
  @Test func changedWeightsAreRoundedAnew() {
    let model = FrameModel.lively()
    model.precision = .bfloat16
    var scenes = Scenes(seed: 35)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    let before = model.rounded()
    let old = drawings(model, frames, query)
    for (_, tensor) in model.parameters { tensor.multiplyInPlace(1.5) }
    #expect(model.rounded() === before)
    let fresh = FrameModel.lively()
    for (_, tensor) in fresh.parameters { tensor.multiplyInPlace(1.5) }
    fresh.precision = .bfloat16
    let new = drawings(model, frames, query)
    #expect(new.floats == drawings(fresh, frames, query).floats && new.floats != old.floats)
  }
}

extension FrameModel {
  /// What a memory keeps of a frame, by tensor operations.
  fileprivate func tensorMemory(_ frame: Frame) -> (kv: KV, camera: Camera) {
    let kv = Runtime.inference {
      KV(encode(Tensor(frame.image), Lenses([frame.camera.intrinsics])))
    }
    return (kv, frame.camera)
  }
}
