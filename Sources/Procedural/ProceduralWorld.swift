public import Scene

/// A made-up place that can be filmed: its seed is all there is to know.
///
///     let world = ProceduralWorld(seed: 7)
///     let cameras = world.walk(count: 8, intrinsics: world.lens(width: 128, height: 128), seed: 0)
///     let films = cameras.map { world.film($0) }
public struct ProceduralWorld: Sendable {
  /// What kind of place it is.
  public enum Family: String, CaseIterable, Codable, Sendable {
    /// One furnished room, lit from its ceiling.
    case room
  }

  /// The direction against gravity.
  public static let up = SIMD3<Double>(0, 0, 1)
  /// Metres for one unit of the network.
  public static let scale = 2.0

  public let family: Family
  public let seed: UInt64
  let scenery: Scenery

  public init(_ family: Family = .room, seed: UInt64) {
    self.family = family
    self.seed = seed
    scenery = Scenery(.room(seed: seed))
  }

  /// A centred lens with the field of view that this world's seed picks: 60 to 90 degrees across
  /// the longer side.
  public func lens(width: Int, height: Int) -> Intrinsics {
    var dice = Dice(seed: seed, purpose: 3)
    let angle = dice.real(in: 60...90) * .pi / 180
    let f = Double(max(width, height)) / 2 / tan(angle / 2)
    return Intrinsics(
      width: width, height: height, focal: [f, f], center: [Double(width) / 2, Double(height) / 2])
  }

  /// Cameras on a random walk inside, clear of furniture; now and then one is back near an earlier
  /// one.
  public func walk(count: Int, intrinsics: Intrinsics, seed: UInt64) -> [Camera] {
    var walker = Walker(in: scenery, seed: self.seed ^ (seed &* 0x9e37_79b9_7f4a_7c15))
    return (0..<max(0, count)).map { _ in Camera(intrinsics: intrinsics, pose: walker.next()) }
  }

  /// What a camera sees: the same pixels always, however many threads work on it.
  public func film(_ camera: Camera, samples: Int = 4, threads: Int = 1) -> Film {
    scenery.film(camera, samples: samples, threads: threads)
  }
}
