import Foundation
import Procedural
import Scene
import Testing

@testable import Evaluation

struct DriftTests {
  static let circuit = Drift.Circuit(procedural: 0, family: .room, side: 32)

  /// Five views of a wall that is gray all over.
  static let gray: Drift.Circuit = {
    let image = Image(width: 16, height: 16, color: [90, 100, 110])
    let truth = (image: image, covered: [Bool](repeating: true, count: 256))
    return Drift.Circuit(
      name: "gray", given: [], lap: ReconstructionTests.row.prefix(5).map(\.camera), scale: 1,
      truths: Array(repeating: truth, count: 5))
  }()

  /// Draws the truth, brighter by a level every so many frames.
  final class Brightener: Recollection {
    private let truths: [Image]
    private let frames: Int
    private var drawn = 0

    init(_ circuit: Drift.Circuit, frames: Int) {
      truths = circuit.truths.map(\.image)
      self.frames = frames
    }

    func step(_ i: Int, of walk: [Camera]) -> Image {
      drawn += 1
      return glance(i, of: walk)
    }

    func glance(_ i: Int, of views: [Camera]) -> Image {
      var image = truths[i]
      for k in image.pixels.indices { image.pixels[k] += UInt8(drawn / frames) }
      return image
    }

    func keyframeCount() -> Int { drawn }
  }

  @Test func aStraightLineIsFound() throws {
    let values = (0..<50).map { 3 - 0.02 * Double($0) }
    let trend = try #require(Trend(values))
    #expect(abs(trend.perHundredFrames + 2) < 1e-9 && abs(trend.mean - 2.51) < 1e-9)
    #expect(Trend([1.0]) == nil && Trend([nil, 2.0, nil]) == nil)
    let gaps = try #require(Trend(values.enumerated().map { $0 % 3 == 0 ? nil : $1 }))
    #expect(abs(gaps.perHundredFrames + 2) < 1e-9)
  }

  /// No other slope leaves less of the values unexplained.
  @Test func theLineIsTheBestOne() throws {
    let values = (0..<40).map { i in sin(Double(i) * 1.7) + 0.01 * Double(i) }
    let trend = try #require(Trend(values))
    func rest(_ slope: Double) -> Double {
      values.enumerated().reduce(0) { sum, point in
        let line = trend.mean + slope / 100 * (Double(point.offset) - 19.5)
        return sum + (point.element - line) * (point.element - line)
      }
    }
    let best = rest(trend.perHundredFrames)
    for step in [-0.5, -0.01, 0.01, 0.5] { #expect(rest(trend.perHundredFrames + step) > best) }
  }

  @Test func aLapBeginsAndEndsAtTheSamePlace() {
    let circuit = Self.circuit
    #expect(circuit.lap.count == 100 && circuit.given.count == 4)
    #expect(circuit.lap.first == circuit.lap.last)
    #expect(circuit.given.contains { $0.camera == circuit.lap[0] })
    #expect(circuit.truths[0].covered.allSatisfy { $0 }, "a given picture shows all of itself")
    let shares = circuit.truths.map { Double($0.covered.count { $0 }) / (32 * 32) }
    #expect(shares.contains { $0 < 0.99 })
  }

  @Test func aSteadyMemoryDoesNotDrift() async throws {
    let memory = Brightener(Self.circuit, frames: .max)
    let points = await Drift.points(of: Self.circuit, with: memory, frames: 200)
    let trends = DriftResult.Trends(points)
    #expect(trends.psnr == Trend([100, 100]) && trends.coveredPSNR == trends.psnr)
    #expect(try #require(trends.sharpness).mean == 1)
    #expect(memory.keyframeCount() == 200)
  }

  /// A level every frame is a hundred levels a hundred frames, for each of three colours.
  @Test func aMemoryThatBrightensIsCaught() async throws {
    let memory = Brightener(Self.gray, frames: 1)
    let points = await Drift.points(of: Self.gray, with: memory, frames: 100)
    let trends = DriftResult.Trends(points)
    let color = try #require(trends.color)
    #expect(abs(color.perHundredFrames - 100 * 3.0.squareRoot() / 255) < 1e-9)
    for (i, point) in points.enumerated() {
      #expect(abs(point.psnr - 20 * log10(255 / Double(i + 1))) < 1e-9)
      #expect(point.covered == point.psnr && point.sharpness == nil)
    }
    #expect(try #require(trends.psnr).perHundredFrames < -20)
  }

  @Test func aDocumentHasItsKeys() throws {
    let points = [0, 1].map { Drift.Point(Self.circuit.truths[$0].image, Self.circuit.truths[$0]) }
    let result = DriftResult(name: "room", keyframes: 3, walk: points, givenOnly: points)
    let data = try JSONEncoder().encode(result)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    let walk = try #require(object["walk"] as? [String: [String: Double]])
    #expect(walk["psnr"] == ["mean": 100, "perHundredFrames": 0])
    #expect(walk["sharpness"] == ["mean": 1, "perHundredFrames": 0])
    #expect(walk["color"]?["mean"] == 0)
  }
}
