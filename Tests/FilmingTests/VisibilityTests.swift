import Scene
import TestSupport
import Testing
import Torch

@testable import Filming
@testable import Procedural

/// Visibility by tensor operations against the CPU's, pixel by pixel.
@Suite struct FilmsVisibilityTests {
  private func films(_ family: ProceduralWorld.Family, seed: UInt64, count: Int) -> [Film] {
    let world = ProceduralWorld(family, seed: seed)
    let lens = world.lens(width: 40, height: 28)
    return world.walk(count: count, intrinsics: lens, seed: 1).map { world.film($0, samples: 1) }
  }

  @Test(arguments: ProceduralWorld.Family.allCases)
  func tensorsSeeWhatTheCPUSees(family: ProceduralWorld.Family) {
    let films = films(family, seed: 11, count: 6)
    let pairs = (0..<36).map { ($0 / 6, $0 % 6) }
    let found = Films(films).visibility(of: pairs.map(\.0), from: pairs.map(\.1))
    #expect(found.shape == [36, 28, 40] && found.type == .bool)
    let truth = pairs.flatMap { films[$0].visibility(from: films[$1]) }
    let unlike = zip(found.bytes, truth).count { ($0 == 1) != $1 }
    #expect(unlike <= 2, "\(unlike) of \(truth.count): rounding in Float64")
    #expect(truth.contains(true) && truth.contains(false))
  }

  /// Under the sky, behind the back, and in front of a hole.
  @Test func everyCaseIsTold() {
    let lens = Intrinsics(width: 8, height: 6, horizontalFieldOfView: 1)
    func film(_ pose: Pose, _ depth: (Int) -> Float) -> Film {
      Film(
        frame: Frame(
          image: Image(width: 8, height: 6), camera: Camera(intrinsics: lens, pose: pose)),
        depth: (0..<48).map(depth), reflective: Array(repeating: 0, count: 48))
    }
    let back = Pose(rotation: .rotation(by: .pi, about: [0, 1, 0]), position: [0, 0, 0])
    let aside = Pose(rotation: .rotation(by: 0.3, about: [0, 1, 0]), position: [0.2, 0, -0.1])
    let films = [
      film(Pose()) { $0 < 24 ? Film.skyDepth : 4 }, film(Pose()) { $0 % 8 < 4 ? 1 : 4 },
      film(back) { _ in 4 }, film(aside) { $0 < 20 ? Film.skyDepth : 4 },
      film(aside) { _ in Film.skyDepth }, film(Pose()) { _ in 4.02 },
    ]
    let pairs = (0..<36).map { ($0 / 6, $0 % 6) }
    let found = Films(films).visibility(of: pairs.map(\.0), from: pairs.map(\.1)).bytes
    let truth = pairs.flatMap { films[$0].visibility(from: films[$1]) }
    #expect(found.map { $0 == 1 } == truth)
    #expect(truth[48..<96] != truth[0..<48], "the hole must matter")
  }
}
