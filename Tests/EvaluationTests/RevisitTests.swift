import Captures
import Foundation
import Procedural
import Scene
import TestSupport
import Testing

@testable import Evaluation

struct OutingTests {
  static let outing = Outing(procedural: 0, family: .room, side: 32, returns: [2, 3 + 2, 30, 200])

  @Test func theWalkIsBackWhenItSaysSo() {
    let outing = Self.outing
    #expect(outing.walk.count == 201 && outing.views.count == 5)
    for n in [0] + outing.returns { #expect(outing.walk[n] == outing.views[0]) }
  }

  @Test(arguments: [(5, 30), (30, 200)]) func inBetweenItLooksAway(from: Int, to: Int) {
    let (walk, start) = (Self.outing.walk[from...to], Self.outing.walk[0])
    #expect(walk.contains { $0.pose.angle(to: start.pose) > 2.5 })
    let farthest = walk.map { ($0.pose.position - start.pose.position).length }.max()!
    #expect(farthest > 0.1)
    let steps = zip(walk, walk.dropFirst()).map { ($0.pose.position - $1.pose.position).length }
    #expect(steps.max()! < 0.25)
  }

  @Test func viewsBesideTheStartAreNear() {
    let start = Self.outing.views[0].pose
    let beside = Self.outing.views.dropFirst().map(\.pose)
    for pose in beside {
      #expect((0.0499...0.2001).contains((pose.position - start.position).length))
      #expect((4.99...15.01).contains(pose.angle(to: start) * 180 / .pi))
    }
    #expect(beside.map { ($0.position - start.position).length }.max()! > 0.19)
    #expect(beside.map { $0.angle(to: start) }.max()! > 14 * .pi / 180)
  }

  @Test func aboutHalfOfTheStartIsToBeInvented() throws {
    let truth = try #require(Self.outing.truths)
    #expect(truth.count == 5)
    let share = Double(truth[0].covered.count { $0 }) / (32 * 32)
    #expect((0.3...0.7).contains(share))
    // Turned left by half the view: what is given is the left half.
    let left = truth[0].covered.indices.count { truth[0].covered[$0] && $0 % 32 < 16 }
    #expect(Double(left) > 0.9 * share * 32 * 32)
  }

  @Test func aCaptureIsWalkedFromBetweenItsPictures() throws {
    try Package.withTemporaryFolder { folder in
      try Capture.write(frames: ReconstructionTests.row, up: [0, -1, 0], scale: 1, to: folder)
      let outing = try Outing(Capture(contentsOf: folder), side: 16, returns: [40])
      #expect(outing.given.count == 6 && outing.truths == nil && outing.truth == nil)
      #expect(abs(outing.walk[0].pose.position.x - 0.1) < 1e-9)
      #expect(outing.walk[40] == outing.walk[0])
    }
  }
}

struct RevisitTests {
  /// Draws a gray that fades by a level a remembered frame; notes what it is asked.
  final class Fader: Recollection {
    private(set) var log: [String] = []
    private var drawn = 0
    let fades: Bool

    init(fades: Bool) { self.fades = fades }

    func step(_ i: Int, of walk: [Camera]) -> Image {
      log.append("step \(i)")
      defer { drawn += 1 }
      return picture
    }

    func glance(_ i: Int, of views: [Camera]) -> Image {
      log.append("glance \(i)")
      return picture
    }

    func keyframeCount() -> Int { drawn }

    func rest() { log.append("rest") }

    private var picture: Image {
      Image(width: 32, height: 32, color: SIMD3(repeating: 240 - (fades ? UInt8(drawn) : 0)))
    }
  }

  private func results(_ memory: Fader) async throws -> [RevisitResult] {
    var test = Revisit()
    test.add(
      "x", OutingTests.outing, try await Revisit.visits(of: OutingTests.outing, with: memory))
    return test.results
  }

  @Test func whatDoesNotChangeIsAllThere() async throws {
    let results = try await results(Fader(fades: false))
    #expect(results.count == 8)
    for result in results {
      #expect(result.score == Score(psnr: 100, ssim: 1, flip: 0, msSSIM: 1))
      let truth = try #require(result.truth)
      #expect(truth.first == truth.again && truth.first.psnr < 40)
    }
  }

  /// Exact: a level a frame. Near: drawn after the frame at the start was remembered, both times.
  @Test func fadingIsMeasured() async throws {
    for result in try await results(Fader(fades: true)) {
      let expected = 20 * log10(255 / Double(result.frames))
      #expect(abs(result.score.psnr - expected) < 1e-9)
      #expect(result.keyframes == Double(result.frames) + 1)
      #expect(result.views == (result.pose == .exact ? 1 : 4))
      let parts = [try #require(result.covered), try #require(result.invented)]
      for part in parts { #expect(abs(part.psnr - expected) < 1e-9) }
    }
  }

  @Test func theViewsBesideAreSeenAtEachVisitOnly() async throws {
    let memory = Fader(fades: false)
    _ = try await results(memory)
    let glances = (1...4).map { "glance \($0)" }
    let first = ["step 0"] + glances + ["step 1", "rest", "step 2"]
    #expect(Array(memory.log.prefix(8)) == first)
    let (frames, visits, returns) = (201, 5, 4)
    #expect(memory.log.count == frames + visits * 4 + returns)
  }

  @Test func aDocumentHasTheKeysThatOthersRead() async throws {
    let data = try JSONEncoder().encode(try await results(Fader(fades: true)))
    let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    let row = try #require(rows.first { $0["frames"] as? Int == 30 })
    #expect(["exact", "near"].contains(row["pose"] as? String))
    #expect(row["memory"] as? String == "x" && row["keyframes"] as? Double == 31)
    for key in ["psnr", "ssim", "flip"] { #expect(row[key] is Double) }
    #expect((row["truth"] as? [String: [String: Double]])?["again"]?["psnr"] != nil)
  }
}
