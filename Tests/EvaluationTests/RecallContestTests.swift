import Evaluation
import Procedural
import Testing

struct RecallContestTests {
  static let results: [RecallContest.Result] = {
    var contest = RecallContest(contexts: [1, 4])
    for seed in 1...2 as ClosedRange<UInt64> {
      contest.add(ProceduralWorld(.flat, seed: seed), side: 32, walks: 4, frames: 10)
    }
    return contest.results
  }()

  @Test func everyWayOfChoosingIsMeasured() {
    #expect(Self.results.count == 2 * (Chooser.allCases.count - 1))
    #expect(Self.results.allSatisfy { $0.queries == 16 })
  }

  @Test func nobodyCoversMuchMoreThanTheOracle() {
    // Greed is not the best there is, but for one frame it is.
    for result in Self.results {
      #expect(result.ofOracle <= (result.contexts == 1 ? 1 + 1e-9 : 1.05))
      #expect(abs(result.covered - result.ofOracle * result.oracleCovered) < 1e-9)
    }
  }

  @Test func moreFramesCoverMore() {
    for chooser in Set(Self.results.map(\.chooser)) {
      let covered = Self.results.filter { $0.chooser == chooser }.map(\.covered)
      #expect(covered[1] > covered[0])
    }
  }

  @Test func recallCoversNineTenthsOfTheOraclesAndMoreThanTheNearestPoses() throws {
    func result(_ chooser: Chooser) throws -> RecallContest.Result {
      try #require(Self.results.first { $0.chooser == chooser && $0.contexts == 4 })
    }
    let nearest = try result(.nearestPose)
    for chooser in [Chooser.rtfm, .rtfmWithDepths] {
      #expect(try result(chooser).ofOracle >= 0.9)
      #expect(try result(chooser).covered > nearest.covered)
    }
  }
}
