import Foundation
import Memory
import Scene
import TestSupport
import Testing

@testable import Generation
@testable import Torch

/// What a drawn frame tells the memory: how sure the model is, and how far away surfaces are.
@Suite struct HintsTests {
  private func certainty(_ logVariances: [Float]) -> Double {
    Prediction(
      image: .zeros([1, 3, 1, 1]),
      logVariance: Tensor(logVariances, shape: [1, logVariances.count, 1]),
      features: .zeros([1])
    ).certainty
  }

  @Test func certaintyFallsFromOneToZeroWithTheExpectedError() {
    #expect(certainty([-60, -60]) == 1)
    #expect(certainty([Float(log(0.25))]) == 0.5)  // as wrong as the picture's middle gray
    #expect(certainty([Float(log(0.04))]) == (256 * 0.25 / 0.29).rounded() / 256)  // 20 dB
    #expect(certainty([80]) == 0)
    #expect(certainty([-60, 80]) == 0.5)
    #expect(certainty([.nan]) == 0)
    let rising = stride(from: Float(-8), to: 4, by: 0.25).map { certainty([$0]) }
    #expect(zip(rising, rising.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(rising.allSatisfy { ($0 * 256).rounded() == $0 * 256 && $0 > 0 && $0 <= 1 })
  }

  /// By pixels: each has its quarter's inverse depth, each cell is sampled 240 x 240 times.
  @Test(arguments: [(128, 128, 8), (40, 24, 8), (37, 21, 4), (16, 16, 16), (5, 90, 2)])
  func cellsAreMeansOverTheImage(width: Int, height: Int, patch: Int) {
    let lens = Intrinsics(width: width, height: height, horizontalFieldOfView: 1)
    let (columns, rows) = ((width + patch - 1) / patch, (height + patch - 1) / patch)
    var numbers = Numbers(seed: 1)
    let quarters = (0..<columns * rows * 4).map { _ in Float(numbers.real(in: 0.2...3)) }
    var cells = Cells(of: lens)
    cells.add(quarters, columns: columns, rows: rows, patch: patch, of: lens, at: (0, 0))
    let coarse = CoarseDepth(inverseDepths: cells.means)
    let half = Double(patch) / 2
    func quarter(_ u: Double, _ v: Double) -> Double {
      let (x, y) = (Int(u / half), Int(v / half))
      return Double(quarters[(y / 2 * columns + x / 2) * 4 + y % 2 * 2 + x % 2])
    }
    let samples = 240
    for cell in 0..<256 {
      var sum = 0.0
      for i in 0..<samples * samples {
        let inside = SIMD2(Double(i % samples) + 0.5, Double(i / samples) + 0.5) / Double(samples)
        let place = (SIMD2(Double(cell % 16), Double(cell / 16)) + inside) / 16
        sum += quarter(place.x * Double(width), place.y * Double(height))
      }
      let mean = sum / Double(samples * samples)
      #expect(abs(Double(coarse.inverseDepths[cell]) / mean - 1) < 0.03)  // 1.7 % are a code's
    }
  }

  /// The fused network, tensor operations and recorded work tell the same of the last evaluation.
  @Test(arguments: [0, 2], [1, 3]) func allWaysOfDrawingTellTheSame(contexts: Int, steps: Int) {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 21)
    let frames = scenes.frames(contexts).map { (kv: model.encode($0), camera: $0.camera) }
    let query = scenes.camera(width: 20, height: 16)
    let noise = Generator(seed: 2).normal([1, 3, 16, 20])
    let fused = model.draw(
      query, context: model.gather(frames, for: query, scale: 2), steps: steps, noise: noise)
    Runtime.inference {
      let context =
        frames.isEmpty ? nil : model.gatherTensors(frames, for: query, scale: 2)
      let expected = model.drawTensors(query, context: context, steps: steps, noise: noise)
      let raw = frames.isEmpty ? nil : Recalled(frames: frames, query: query, scale: 2)
      let recorded = RecordedDrawing(model, records: false).draw(
        query.intrinsics, raw, steps: steps, noise: noise)
      let depth = model.inverseDepth(expected)
      #expect(depth.shape == [1, 20, 4] && depth.abs().max().item > 0.01)
      for drawn in [fused, recorded] {
        expectClose(model.inverseDepth(drawn), depth, within: 1e-4)
        expectClose(drawn.logVariance, expected.logVariance, within: 1e-4)
        #expect(drawn.evaluations == steps)
      }
    }
  }

  @Test func aGivenPictureIsJudgedAsItIsDrawnFromItself() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 22)
    let frame = scenes.frame(width: 20, height: 16)
    let kv = model.encode(frame)
    let context = model.gather([(kv, frame.camera)], for: frame.camera, scale: 2)
    let drawn = model.draw(frame.camera, context: context)
    let depth = model.coarseDepth(of: frame, kv: kv, scale: 2)
    #expect(depth == model.coarseDepth(drawn, of: frame.camera))
    #expect(Set(depth.codes).count > 2)
  }
}
