import Foundation
import Scene
import Testing

@testable import Procedural

@Suite struct VisibilityTests {
  @Test(arguments: 0..<4 as Range<UInt64>)
  func aFilmSeesAllOfItself(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 2)
    for camera in cameras {
      let film = world.film(camera)
      #expect(film.visibility(from: film).allSatisfy { $0 })
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func aCameraThatIsTurnedAwaySeesNothingOfIt(seed: UInt64) {
    let (world, cameras) = visit(seed: seed, count: 1)
    var away = cameras[0]
    away.pose.rotation = .rotation(by: .pi, about: ProceduralWorld.up) * away.pose.rotation
    let (film, other) = (world.film(cameras[0]), world.film(away))
    #expect(film.visibility(from: other).allSatisfy { !$0 })
  }

  /// A box hides the wall's middle from one of two cameras.
  @Test func whatABoxHidesIsNotVisible() {
    let shown = Film.board(depth: 3, hole: nil)
    let hidden = Film.board(depth: 3, hole: 1)
    let seen = shown.visibility(from: hidden)
    #expect(!seen[4 * 8 + 4])
    #expect(seen[0])
  }

  /// Pixels of one view, found again in the other by depth and pose, have about its colours; taken
  /// at random they do not.
  @Test(arguments: 0..<8 as Range<UInt64>)
  func visibleSurfacesKeepTheirColours(seed: UInt64) throws {
    let (world, cameras) = visit(seed: seed, count: 6, size: 96)
    let films = cameras.map { world.film($0) }
    var (same, shuffled, count) = (0.0, 0.0, 0)
    for (a, b) in zip(films, films.dropFirst()) {
      let mask = a.visibility(from: b)
      for i in mask.indices where mask[i] && !a.reflective[i] {
        let (x, y) = (i % 96, i / 96)
        let point = a.frame.camera.unproject(
          [Double(x) + 0.5, Double(y) + 0.5], depth: Double(a.depth[i]))
        let p = try #require(b.frame.camera.project(point))
        let color = a.frame.image[x, y]
        same += difference(color, b.frame.image[Int(p.x), Int(p.y)])
        shuffled += difference(color, b.frame.image[95 - Int(p.x), 95 - Int(p.y)])
        count += 1
      }
    }
    #expect(count > 96 * 96 / 4)
    #expect(same < 0.45 * shuffled)
    #expect(same / Double(count) < 22)
  }

  private func difference(_ a: SIMD3<UInt8>, _ b: SIMD3<UInt8>) -> Double {
    let d = SIMD3<Double>(a) - SIMD3<Double>(b)
    return (abs(d.x) + abs(d.y) + abs(d.z)) / 3
  }
}

extension Film {
  /// A wall straight ahead, 8 x 8 pixels; with a nearer square in the middle if `hole` is its depth.
  static func board(depth: Float, hole: Float?) -> Film {
    let lens = Intrinsics(width: 8, height: 8, horizontalFieldOfView: 1)
    let depths = (0..<64).map { i in
      let middle = (2...5).contains(i % 8) && (2...5).contains(i / 8)
      return middle ? hole ?? depth : depth
    }
    return Film(
      frame: Frame(
        image: Image(width: 8, height: 8), camera: Camera(intrinsics: lens, pose: Pose())),
      depth: depths, reflective: Array(repeating: 0, count: 64))
  }
}
