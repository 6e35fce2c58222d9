import Foundation
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation
@testable import Layers

/// How tokens are placed: turned values, anchors that follow guesses, and changing either.
@Suite struct PlacingTests {
  /// Turning a wave's pair by its phase shifts the wave: cos(w (x - s)) and sin(w (x - s)) out of
  /// cos(w x) and sin(w x), for the shift s between a patch and the one that needs it.
  @Test func turningShiftsWaves() throws {
    let c = Configuration.with { ($0.headWidth, $0.valuePeak) = (64, 6) }
    let waves = try #require(ValueWaves(c, on: .cpu))
    let at = { (x: Float, y: Float) in
      waves.angles(x: Tensor([x], shape: [1, 1, 1]), y: Tensor([y], shape: [1, 1, 1]))
    }
    let content = at(0.3, -0.2)  // of a point there, [1, G, A, n]
    let pairs = Tensor.concatenated([content.cos(), content.sin()], axis: -1)
    let (g, a, n) = (content.shape[1], content.shape[2], content.shape[3])
    let value = pairs.reshaped(1, g, a * 2 * n)  // as one token's rotary half
    let there = Rotary(angles: at(5, 2))(value, groups: a)
    let back = Rotary(angles: -at(4.5, 2.25))(there, groups: a)
    let shifted = at(0.3 + 0.5, -0.2 - 0.25)
    let expected = Tensor.concatenated([shifted.cos(), shifted.sin()], axis: -1)
    expectClose(back, expected.reshaped(1, g, a * 2 * n), within: 1e-5)
  }

  @Test func wavesHaveManyDirectionsAndOctaves() throws {
    let waves = try #require(Configuration.nano.valueWaves)
    let both = zip(waves.x, waves.y).map { (x: Double($0), y: Double($1)) }
    #expect(both.count == 3 * 16)
    let lengths = Set(both.map { (($0.x * $0.x + $0.y * $0.y).squareRoot() * 1000).rounded() })
    #expect(lengths == [8000, 4000, 2000, 1000])
    let directions = Set(both.map { (atan2($0.y, $0.x) * 12 / .pi * 100).rounded() })
    #expect(directions.count == 12 && directions.max()! < 1200, "none is another's opposite")
  }

  /// A frame's own tokens are turned and turned back, so that where a patch lies changes nothing
  /// but what it sees of others.
  @Test func anAloneTokenIsLeftAsItIs() {
    let c = Configuration.with { ($0.registers, $0.valuePeak) = (1, 3) }
    let lens = Intrinsics(width: 16, height: 16, focal: [20, 20], center: [8, 8])
    let places = LensTables(Lenses([lens]), c, type: .float32, on: .cpu).positions
    let v = Generator(seed: 1).normal([1, 17, 2, 32])
    let back = places.replace(out: places.place(value: v))
    expectClose(back, v, within: 1e-5)
    expectClose(
      places.replace(
        out: .concatenated([places.place(value: v), places.place(value: v)], axis: 3)
          .reshaped(1, 17, 4, 32)),
      Tensor.concatenated([v, v], axis: 3).reshaped(1, 17, 4, 32), within: 1e-5,
      "two query heads to a value head")
  }

  /// With all its pull and no spread, a patch lands where its guessed depth says, whatever the anchors
  /// are.
  @Test func anchorsFollowGuesses() {
    let c = Configuration.with { ($0.anchorPull, $0.anchorSpread) = (1, 0) }
    let fixed = Configuration.with { $0.anchorRange = [1.7 * 0.999, 1.7 * 1.001] }
    var scenes = Scenes(seed: 31)
    let (query, context) = (scenes.camera(), scenes.camera())
    let views = RelativeViews(queries: [query], contexts: [[context]], scale: 2)
    let guess = Tensor(repeating: log(1.7 / c.middleDepth), shape: [1, 16])
    let guided = views.tables(c, lead: [], depths: guess, on: .cpu).angles
    let known = views.tables(fixed, lead: [], depths: nil, on: .cpu).angles
    let others = views.tables(.tiny, lead: [], depths: nil, on: .cpu).angles
    expectClose(guided, known, within: 0.02)
    #expect((guided - others).abs().max().item > 0.2)
  }

  @Test func aNewHeadGuessesTheMiddle() {
    let model = FrameModel.lively()
    let guessing = model.repositioned { $0.anchorPull = 0.5 }
    #expect(guessing.parameters.map(\.name).contains("distance.weight"))
    var scenes = Scenes(seed: 32)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    #expect(guessing.encode(frames[0]).depths?.abs().max().item == 0)
    expectClose(
      guessing.drawing(query, from: frames), model.drawing(query, from: frames), within: 1e-5,
      "the anchors lie where they lay")
  }

  @Test func otherPlacesAreOtherPicturesOfTheSameWeights() {
    let model = FrameModel.lively()
    var scenes = Scenes(seed: 33)
    let (frames, query) = (scenes.frames(2), scenes.camera())
    let drawn = model.drawing(query, from: frames)
    let changes: [(inout Configuration) -> Void] = [
      { $0.rotaryPeak = 12 }, { $0.rotaryBase = 100 }, { $0.valuePeak = 4 }, { $0.valuePeak = nil },
      { $0.anchorSpread = 0.5 },
    ]
    for change in changes {
      let other = model.repositioned(change)
      #expect(other.configuration != model.configuration)
      for (a, b) in zip(other.parameters, model.parameters) {
        #expect(a.tensor.bytes == b.tensor.bytes)
      }
      #expect((other.drawing(query, from: frames) - drawn).abs().max().item > 1e-4)
    }
  }

  @Test func placesThatNoNetworkHasAreNamed() {
    #expect(Configuration.with { $0.valuePeak = 0 }.flaw?.contains("values turned") == true)
    #expect(Configuration.with { $0.valuePeak = .infinity }.flaw != nil)
    #expect(Configuration.with { $0.anchorPull = 1.5 }.flaw?.contains("1.5") == true)
    #expect(Configuration.with { $0.anchorSpread = -1 }.flaw?.contains("-1") == true)
    #expect(Configuration.with { ($0.anchorPull, $0.anchorSpread) = (1, 0) }.flaw == nil)
  }
}
