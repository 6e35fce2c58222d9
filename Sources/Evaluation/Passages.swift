public import Procedural
import Scene

extension Exam {
  /// Walks sideways past something that looks different from wherever one stands, in worlds that no
  /// training sees: whether it moves as it should is to be looked at, beside the truth.
  ///
  /// Of 13 frames, 9 are drawn from the 4 that are left, the ends among them.
  ///
  /// - Parameter count: of how many worlds, at most.
  public static func passages(
    past spectacle: ProceduralWorld.Spectacle, side: Int, count: Int
  ) -> [Exam] {
    let families: [ProceduralWorld.Family] =
      spectacle == .mirrors ? [.gallery] : [.street, .courtyard, .garden]
    let worlds = (0..<16).lazy.flatMap { number in
      families.map { ProceduralWorld(heldOut: number, family: $0, style: .daylight) }
    }
    let exams = worlds.compactMap { Exam(in: $0, past: spectacle, side: side) }
    return Array(exams.prefix(count))
  }

  private init?(in world: ProceduralWorld, past spectacle: ProceduralWorld.Spectacle, side: Int) {
    let lens = world.lens(width: side, height: side)
    guard let way = world.passage(past: spectacle, count: 13, intrinsics: lens) else { return nil }
    let films = way.map { world.film($0, threads: ProceduralWorld.cores) }
    let sources = films.indices.filter { $0 % 4 == 0 }
    self.init(
      name: "\(world.family.rawValue), \(world.style.rawValue)", group: spectacle.rawValue,
      frames: films.map(\.frame), targets: films.indices.filter { !sources.contains($0) },
      sources: sources, scale: world.scale, films: films)
  }
}
