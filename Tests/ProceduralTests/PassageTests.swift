import Scene
import Testing

@testable import Procedural

@Suite struct PassageTests {
  private static let lens = Intrinsics(width: 48, height: 48, horizontalFieldOfView: 1.2)

  private func passage(
    _ family: ProceduralWorld.Family, _ style: ProceduralWorld.Style,
    past spectacle: ProceduralWorld.Spectacle
  ) -> (world: ProceduralWorld, cameras: [Camera])? {
    for seed in 0..<12 {
      let world = ProceduralWorld(family, seed: UInt64(seed), style: style)
      if let way = world.passage(past: spectacle, count: 5, intrinsics: Self.lens) {
        return (world, way)
      }
    }
    return nil
  }

  @Test func leadsSidewaysInAStraightLineThroughFreeSpace() throws {
    let (world, way) = try #require(passage(.gallery, .plain, past: .mirrors))
    #expect(way.count == 5)
    let whole = way[4].pose.position - way[0].pose.position
    #expect(whole.length > 0.5 && whole.length <= 1 + 1e-9)
    for (i, camera) in way.enumerated() {
      let expected = way[0].pose.position + whole * (Double(i) / 4)
      #expect((camera.pose.position - expected).length < 1e-9)
      #expect(camera.pose.rotation == way[0].pose.rotation)
      #expect(abs(whole.normalized.dot(camera.pose.right)) > 1 - 1e-9)
      #expect(world.scenery.clearance(at: camera.pose.position) >= Walker.clearance - 1e-9)
    }
  }

  @Test func mirrorsAreInViewFromItsMiddle() throws {
    let (world, way) = try #require(passage(.gallery, .plain, past: .mirrors))
    let film = world.film(way[2])
    let share = Double(film.reflective.count { $0 }) / Double(film.reflective.count)
    #expect(share > 0.02 && share < 0.9)
  }

  @Test func theSunIsInTheUpperHalfOfTheSky() throws {
    let (world, way) = try #require(passage(.street, .daylight, past: .sun))
    let sun = try #require(world.scenery.sun)
    var seen = 0
    for camera in way {
      let pixel = try #require(
        Self.lens.project(camera.pose.inverse.rotation * sun.direction))
      #expect(Self.lens.contains(pixel) && pixel.y < 24)
      let film = world.film(camera)
      // A tree may come in between.
      let (x, y) = (Int(pixel.x), Int(pixel.y))
      guard film.depth[y * 48 + x] >= Film.skyDepth else { continue }
      seen += 1
      // By the picture alone: there it is about as bright as anywhere.
      let image = film.frame.image
      func brightness(_ x: Int, _ y: Int) -> Int {
        let c = image[x, y]
        return Int(c.x) + Int(c.y) + Int(c.z)
      }
      let brightest = (0..<48).flatMap { y in (0..<48).map { brightness($0, y) } }.max()!
      #expect(brightness(x, y) >= brightest - 60)
    }
    #expect(seen > 0)
  }

  @Test func thereIsNoneWhereThereIsNothingToSee() {
    for seed in 0..<4 {
      let night = ProceduralWorld(.street, seed: UInt64(seed), style: .night)
      #expect(night.passage(past: .sun, count: 5, intrinsics: Self.lens) == nil)
      let room = ProceduralWorld(.room, seed: UInt64(seed), style: .plain)
      #expect(room.passage(past: .sun, count: 5, intrinsics: Self.lens) == nil)
    }
  }
}
