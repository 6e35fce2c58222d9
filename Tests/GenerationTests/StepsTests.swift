import Foundation
import Layers
import Scene
import TestSupport
import Testing

@testable import Generation
@testable import Torch

/// Numbers of steps, given and chosen.
@Suite struct StepsTests {
  /// A model that is as sure of everything as its weights for certainty say: its features are one
  /// direction, since the role of a target drowns all else.
  private func model(logVariance: Double) -> FrameModel {
    let model = FrameModel.lively()
    let width = model.configuration.width
    // Half up, half down: a layer norm leaves it as it is.
    let direction = (0..<width).map { Float($0 % 2 == 0 ? 1 : -1) }
    // What conditions the layers depends on the role, too.
    let modulation = model.modulation.weight
    modulation.addInPlace(modulation.detached().copy(), times: -1)
    let role = Tensor(direction.map { _ in 0 } + direction, shape: [2, width])
    model.role.addInPlace(role, times: 1000)
    model.certainty.weight.addInPlace(model.certainty.weight.detached().copy(), times: -1)
    let certainty = Tensor(direction, shape: [1, width])
    model.certainty.weight.addInPlace(certainty, times: logVariance / Double(width))
    return model
  }

  @Test func theLessSureTheMoreSteps() {
    #expect(Steps.count(certainty: 1) == 1)
    #expect(Steps.count(certainty: 0.91) == 1)
    #expect(Steps.count(certainty: 0.85) == 2)
    #expect(Steps.count(certainty: 0.75) == 3)
    #expect(Steps.count(certainty: 0.65) == 4)
    #expect(Steps.count(certainty: 0) == 4)
  }

  @Test func aSureModelDrawsOnce() {
    let model = model(logVariance: -5)
    var scenes = Scenes(seed: 31)
    let query = scenes.camera()
    let drawn = model.draw(query, context: nil, by: .auto)
    #expect(drawn.certainty > 0.95 && drawn.evaluations == 1)
    expectClose(drawn.image, model.draw(query, context: nil).image, within: 1e-9, "the same sums")
  }

  /// As when so many steps were asked for at once; and by hand: z moves from zeros a share of the way
  /// to each prediction.
  @Test(arguments: [-3.0, -2.4, -1]) func anUnsureModelGoesOnFromItsFirstPicture(
    logVariance: Double
  ) {
    let model = model(logVariance: logVariance)
    var scenes = Scenes(seed: 32)
    let frames = scenes.frames(2).map { (kv: model.encode($0), camera: $0.camera) }
    let query = scenes.camera()
    let context = model.gather(frames, for: query, scale: 2)
    let drawn = model.draw(query, context: context, by: .auto)
    let count = Steps.count(certainty: model.draw(query, context: context).certainty)
    #expect(drawn.evaluations == count && count > 1)
    let asked = model.draw(query, context: context, steps: count)
    #expect(drawn.image.floats == asked.image.floats)
    #expect(drawn.certainty == asked.certainty)
    var z = Tensor.zeros([1, 3, 16, 16])
    Runtime.inference {
      let placed = model.gatherTensors(frames, for: query, scale: 2)
      for i in 0..<count {
        let t = Tensor([Float(i) / Float(count)], shape: [1])
        let x = model.predict(z, t: t, Lenses([query.intrinsics])) { placed.layer($0) }.image
        let left = Double(count - i)
        z = z * ((left - 1) / left) + x / left
      }
    }
    expectClose(drawn.image, z, within: 1e-4)
    #expect((z - model.draw(query, context: context).image).abs().max().item > 1e-4)
  }

  @Test func fixedStepsAreThoseAskedFor() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 33)
    let query = scenes.camera()
    for count in [1, 3] {
      let drawn = model.draw(query, context: nil, by: .fixed(count))
      #expect(drawn.evaluations == count)
      #expect(drawn.image.floats == model.draw(query, context: nil, steps: count).image.floats)
    }
  }

  @Test func stepsAreANumberOrAWord() throws {
    #expect(Steps("auto") == .auto && Steps("3") == .fixed(3) && Steps("1000") == .fixed(1000))
    for text in ["0", "-1", "1001", "", "Auto", "2.5"] { #expect(Steps(text) == nil) }
    for steps in [Steps.auto, 1, 7] {
      let data = try JSONEncoder().encode([steps])
      #expect(try JSONDecoder().decode([Steps].self, from: data) == [steps])
      #expect(Steps(steps.description) == steps)
    }
    let text = String(decoding: try JSONEncoder().encode([Steps.auto, 2]), as: UTF8.self)
    #expect(text == #"["auto",2]"#)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([Steps].self, from: Data(#"["often"]"#.utf8))
    }
  }
}
