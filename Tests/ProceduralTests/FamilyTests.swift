import CTracer
import Scene
import Testing

@testable import Procedural

typealias Family = ProceduralWorld.Family
typealias Style = ProceduralWorld.Style

@Suite struct FamilyTests {
  @Test(arguments: Family.allCases, Style.allCases)
  func aSeedAlwaysGivesTheSamePixels(family: Family, style: Style) {
    let (world, cameras) = visit(family, style, seed: 7, count: 3, size: 32)
    let (again, others) = visit(family, style, seed: 7, count: 3, size: 32)
    #expect(world.style == style && world.family == family)
    #expect(cameras == others)
    for camera in cameras { #expect(world.film(camera).frame == again.film(camera).frame) }
  }

  /// Over several views and seeds: neither black nor white, and with something to see in it.
  @Test(arguments: Family.allCases, Style.allCases)
  func picturesAreWellExposedAndRich(family: Family, style: Style) {
    for seed in 0..<5 as Range<UInt64> {
      let (world, cameras) = visit(family, style, seed: seed, count: 4, size: 48)
      let values = cameras.flatMap { world.film($0).frame.image.pixels.map { Double($0) / 255 } }
      let mean = values.reduce(0, +) / Double(values.count)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
      #expect((style == .night ? 0.08...0.6 : 0.2...0.82).contains(mean), "seed \(seed)")
      #expect(variance.squareRoot() > (style == .fog ? 0.03 : 0.05), "seed \(seed)")
      #expect(Double(values.count { $0 >= 1 }) < 0.3 * Double(values.count), "seed \(seed)")
    }
  }

  @Test(arguments: Family.allCases)
  func seedsDiffer(family: Family) {
    let images = (0..<6 as Range<UInt64>).map { seed in
      let (world, cameras) = visit(family, seed: seed, count: 1, size: 32)
      return world.film(cameras[0]).frame.image
    }
    for (i, a) in images.enumerated() {
      for b in images[..<i] { #expect(psnr(a, b) < 24) }
    }
  }

  /// The same place, shown in another way.
  @Test(arguments: Family.allCases)
  func stylesDiffer(family: Family) {
    let images = Style.allCases.map { style in
      let (world, cameras) = visit(family, style, seed: 2, count: 1, size: 32)
      return world.film(cameras[0]).frame.image
    }
    for (i, a) in images.enumerated() {
      for b in images[..<i] { #expect(a != b) }
    }
  }

  @Test func worldsOfNoFamilyInParticularAreOfAllInTheirShares() {
    let worlds = (0..<300 as Range<UInt64>).map { ProceduralWorld(seed: $0) }
    let total = Family.allCases.reduce(0) { $0 + $1.weight }
    for family in Family.allCases {
      let share = Double(worlds.count { $0.family == family }) / 300
      #expect(abs(share - family.weight / total) < 0.08, "\(family)")
    }
    let natural = worlds.count { $0.style == .plain || $0.style == .daylight }
    #expect((150...210).contains(natural))
    #expect(Set(worlds.map(\.style)).count == Style.allCases.count)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func flatsHaveSeveralRoomsThatConnect(seed: UInt64) {
    let scenery = ProceduralWorld(.flat, seed: seed).scenery
    #expect(scenery.doorways.count >= 2)
    let ground = Ground(scenery.solids, size: scenery.size, height: 1.4, margin: 0.3)
    // Both sides of most doorways can be walked to from one another.
    let open = scenery.doorways.count { doorway in
      let across = doorway.half.x > doorway.half.y ? SIMD2(0, 0.5) : SIMD2(0.5, 0)
      let sides = [doorway.center - across, doorway.center + across].map(ground.index)
      return ground.distances(to: sides[0])[sides[1]] < 40
    }
    #expect(2 * open > scenery.doorways.count)
  }

  @Test func shapesFillTheirRooms() {
    for seed in 0..<10 as Range<UInt64> {
      let solids = ProceduralWorld(.shapes, seed: seed).scenery.solids
      #expect(solids.count > 80)
      let shapes = Set(solids.map(\.shape))
      #expect(shapes.count == 4)
    }
  }

  /// A pane of glass and a mirror stand in every gallery, and its floor reflects.
  @Test(arguments: 0..<12 as Range<UInt64>)
  func galleriesHaveGlassAndMirrors(seed: UInt64) {
    let stage = Stage.of(.gallery, style: .plain, seed: seed)
    let used = Set(stage.objects.map { Int($0.materials.0) })
    let materials = used.map { stage.materials[$0] }
    #expect(materials.contains { $0.transparency > 0.5 })
    let hung = stage.decals.map { stage.materials[Int($0.material)] }
    #expect((hung + materials).contains { $0.reflectivity > 0.8 })
    #expect(stage.materials[Int(stage.room.walls.4)].reflectivity > 0.1)
  }

  /// Some pixels of most galleries mirror, and what is behind glass is nearer than the far wall.
  @Test func reflectionsAreSeenInGalleries() {
    let shares = (0..<8 as Range<UInt64>).map { seed -> Double in
      let (world, cameras) = visit(.gallery, seed: seed, count: 6, size: 32)
      let seen = cameras.flatMap { world.film($0).reflective }
      return Double(seen.count { $0 }) / Double(seen.count)
    }
    #expect(shares.count { $0 > 0.05 } >= 6)
  }

  @Test(arguments: [Family.courtyard, .street, .garden])
  func outdoorsThereIsASkyAndMuchThatIsNear(family: Family) {
    var skies = 0
    for seed in 0..<8 as Range<UInt64> {
      let (world, cameras) = visit(family, .daylight, seed: seed, count: 8, size: 32)
      let depths = cameras.flatMap { world.film($0).depth }
      if depths.contains(where: { $0 > 500 }) { skies += 1 }
      #expect(depths.count { $0 < 20 } > depths.count / 4, "seed \(seed)")
      #expect(world.scale == 4)
    }
    #expect(skies >= 5)
  }

  /// Night is darker than day, fog hides what is far: over some seeds, at the same cameras.
  @Test(arguments: Family.allCases)
  func stylesShowWhatTheyAreCalled(family: Family) {
    func images(_ style: Style) -> [[Double]] {
      (0..<4 as Range<UInt64>).flatMap { seed in
        let (world, cameras) = visit(family, style, seed: seed, count: 3, size: 32)
        return cameras.map { world.film($0).frame.image.pixels.map { Double($0) / 255 } }
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    func contrast(_ values: [Double]) -> Double {
      let m = mean(values)
      return mean(values.map { ($0 - m) * ($0 - m) }).squareRoot()
    }
    let (plain, night, fog) = (images(.plain), images(.night), images(.fog))
    #expect(mean(night.map(mean)) < 0.85 * mean(plain.map(mean)))
    #expect(mean(fog.map(contrast)) < 0.9 * mean(plain.map(contrast)))
  }
}
