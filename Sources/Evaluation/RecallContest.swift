public import Memory
public import Procedural
public import Scene

/// How much of what a query shows is shown by the frames chosen for it, beside what could have been
/// had: the oracle knows which surface is visible from where.
///
///     var contest = RecallContest(contexts: [4, 8])
///     contest.add(ProceduralWorld(.room, seed: 1), side: 64)
///     contest.results.first?.ofOracle  // 0.93
///
/// All choose among the frames within the memory's range of the query.
public struct RecallContest {
  /// Guesses how far away a frame's surfaces are, given the world units in a network unit.
  public typealias Guess = (_ frame: Frame, _ scale: Double) -> CoarseDepth

  private let contexts: [Int]
  private let guess: Guess?
  private let choosers: [Chooser]
  /// The sums over all queries: what is covered, by chooser and by the oracle.
  private var covered: [[Chooser: Double]]
  private var oracle: [Double]
  private var queries = 0

  /// - Parameter guess: a model's guess, for recall to go by; nil leaves that out.
  public init(contexts: [Int], guess: Guess? = nil) {
    (self.contexts, self.guess) = (contexts, guess)
    choosers = Chooser.allCases.filter { $0 != .rtfmWithGuesses || guess != nil }
    covered = contexts.map { _ in [:] }
    oracle = contexts.map { _ in 0 }
  }

  /// One way of choosing so many frames.
  public struct Result: Encodable, Hashable, Sendable {
    public let contexts: Int
    public let chooser: Chooser
    /// The part of the queries' pixels whose surface one of the chosen frames shows.
    public let covered: Double
    /// That over what the oracle's choice covers.
    public let ofOracle: Double
    public let oracleCovered: Double
    public let queries: Int
  }

  /// Films walks through a world, of `side` x `side` pixels: some of their frames are the queries,
  /// the others are to be chosen from.
  public mutating func add(
    _ world: ProceduralWorld, side: Int, walks: Int = 6, frames: Int = 14, queriesPerWalk: Int = 2
  ) {
    let lens = world.lens(width: side, height: side)
    var (sources, targets) = ([Film](), [Film]())
    for walk in 0..<UInt64(walks) {
      let films = world.walk(count: frames, intrinsics: lens, seed: walk).map {
        world.film($0, samples: 1)
      }
      targets += films.suffix(queriesPerWalk)
      sources += films.dropLast(queriesPerWalk)
    }
    let guesses = sources.map { guess?($0.frame, world.scale) }
    for target in targets { ask(target, sources, guesses, scale: world.scale) }
  }

  private mutating func ask(
    _ query: Film, _ sources: [Film], _ guesses: [CoarseDepth?], scale: Double
  ) {
    let (camera, range) = (query.frame.camera, Policy().range * scale)
    let near = sources.indices.filter {
      (sources[$0].frame.camera.pose.position - camera.pose.position).length <= range
    }
    let (films, guesses) = (near.map { sources[$0] }, near.map { guesses[$0] })
    let shown = films.map { query.visibility(from: $0) }
    queries += 1
    let best = Self.cover(shown, limit: contexts.max() ?? 0)
    for (i, limit) in contexts.enumerated() {
      oracle[i] += Self.part(of: shown, best.prefix(limit))
      for chooser in choosers {
        let chosen = chooser.choose(
          limit, of: films, guesses: guesses, for: camera, scale: scale)
        covered[i][chooser, default: 0] += Self.part(of: shown, chosen)
      }
    }
  }

  /// Greedily, the masks that together cover most.
  private static func cover(_ masks: [[Bool]], limit: Int) -> [Int] {
    var (open, taken) = (masks, [Int]())
    while taken.count < limit,
      let best = open.indices.max(by: { open[$0].count { $0 } < open[$1].count { $0 } }),
      open[best].contains(true)
    {
      let mask = open[best]
      for i in open.indices { for k in mask.indices where mask[k] { open[i][k] = false } }
      taken.append(best)
    }
    return taken
  }

  /// The part of the pixels that any of some masks covers.
  private static func part(of masks: [[Bool]], _ chosen: some Sequence<Int>) -> Double {
    guard let count = masks.first?.count else { return 0 }
    var seen = [Bool](repeating: false, count: count)
    for i in chosen { for k in seen.indices where masks[i][k] { seen[k] = true } }
    return Double(seen.count { $0 }) / Double(count)
  }

  public var results: [Result] {
    let n = Double(max(1, queries))
    return contexts.indices.flatMap { i in
      choosers.map { chooser in
        let part = covered[i][chooser] ?? 0
        return Result(
          contexts: contexts[i], chooser: chooser, covered: part / n,
          ofOracle: oracle[i] > 0 ? part / oracle[i] : 1, oracleCovered: oracle[i] / n,
          queries: queries)
      }
    }
  }
}
