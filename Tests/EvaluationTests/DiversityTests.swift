import Evaluation
import Procedural
import Scene
import Testing

struct DiversityTests {
  /// An artist whose pictures differ by 10 levels a seed, and only where its frame shows nothing.
  @Test func whatIsShownAndWhatIsNotAreToldApart() throws {
    let exam = Exam(procedural: 0, family: .room, side: 32)
    let world = ProceduralWorld(.room, seed: 0xE7A1_0000_0000_0000)
    let films = exam.frames.map { world.film($0.camera) }
    let result = Diversity(steps: 3, draws: 3, of: [exam]) { exam in
      { query, context, seed in
        let target = exam.frames.firstIndex { $0.camera == query }!
        let seen = films[target].visibility(from: films[context[0]])
        var image = Image(width: 32, height: 32, color: [50, 50, 50])
        for i in seen.indices where !seen[i] {
          image[i % 32, i / 32] = SIMD3(repeating: 50 + 10 * UInt8(seed))
        }
        return image
      }
    }
    #expect((result.steps, result.draws, result.targets) == (3, 3, 4))
    #expect(result.covered == 0)
    // Of three pairs two are 10 levels apart and one 20.
    #expect(abs(try #require(result.uncovered) - 40.0 / 3 / 255) < 1e-9)
  }

  @Test func aPlaceWithoutTruthHasNoParts() {
    let exam = ReconstructionTests.exam
    let result = Diversity(steps: 1, draws: 2, of: [exam]) { exam in
      { _, _, _ in exam.frames[0].image }
    }
    #expect(result.covered == nil && result.uncovered == nil && result.targets == 6)
  }
}
