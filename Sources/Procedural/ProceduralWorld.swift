import Foundation
public import Scene

/// A made-up place that can be filmed: its family, style and seed are all there is to know.
///
///     let world = ProceduralWorld(.flat, seed: 7)
///     let cameras = world.walk(count: 8, intrinsics: world.lens(width: 128, height: 128), seed: 0)
///     let films = cameras.map { world.film($0) }
public struct ProceduralWorld: Sendable {
  /// What kind of place it is.
  public enum Family: String, CaseIterable, Codable, Sendable {
    /// One furnished room, lit from its ceiling.
    case room
    /// Several furnished rooms with doorways between them.
    case flat
    /// A hall of pictures and sculptures, with glass, mirrors and a glossy floor.
    case gallery
    /// A yard between houses.
    case courtyard
    /// A street between rows of houses.
    case street
    /// Trees, hedges, paths and water.
    case garden
    /// Any shapes in any colours, from wall to wall.
    case shapes
  }

  /// In which light, air or manner a place is shown.
  public enum Style: String, CaseIterable, Codable, Sendable {
    /// Lamps indoors, soft light outdoors.
    case plain
    /// The sun shines; indoors it comes in through windows.
    case daylight
    case dusk
    /// Dark, with lights in strong colours.
    case night
    /// Flat shades and dark outlines.
    case toon
    case fog
    /// Strokes of a pencil.
    case sketch
  }

  /// The direction against gravity.
  public static let up = SIMD3<Double>(0, 0, 1)
  /// Metres for one unit of the network, indoors.
  public static let scale = 2.0

  public let family: Family
  public let style: Style
  public let seed: UInt64
  let scenery: Scenery

  /// A world of any family, as often as its weight says.
  public init(seed: UInt64) {
    var dice = Dice(seed: seed, purpose: 4)
    self.init(dice.pick(weighted: Family.allCases.map { ($0, $0.weight) }), seed: seed)
  }

  /// - Parameter style: nil for the one that the seed picks; most are plain or daylight.
  public init(_ family: Family, seed: UInt64, style: Style? = nil) {
    var dice = Dice(seed: seed, purpose: 5)
    let drawn = dice.pick(weighted: Style.allCases.map { ($0, $0.weight) })
    (self.family, self.seed, self.style) = (family, seed, style ?? drawn)
    scenery = Scenery(.of(family, style: self.style, seed: seed))
  }

  /// Metres for one unit of the network: twice as many outdoors.
  public var scale: Double { Self.scale * family.stride }

  /// A centred lens with the field of view that this world's seed picks: 45 to 100 degrees across
  /// the longer side.
  public func lens(width: Int, height: Int) -> Intrinsics {
    var dice = Dice(seed: seed, purpose: 3)
    let angle = dice.real(in: 45...100) * .pi / 180
    let f = Double(max(width, height)) / 2 / tan(angle / 2)
    return Intrinsics(
      width: width, height: height, focal: [f, f], center: [Double(width) / 2, Double(height) / 2])
  }

  /// Cameras on a random walk inside, clear of all things, through doors where there are any; now
  /// and then one is back near an earlier one, from one frame to the next unless `revisits` is
  /// false.
  public func walk(count: Int, intrinsics: Intrinsics, seed: UInt64, revisits: Bool = true)
    -> [Camera]
  {
    var walker = Walker(
      in: scenery, manners: family.manners, stride: family.stride, revisits: revisits,
      seed: self.seed ^ (seed &* 0x9e37_79b9_7f4a_7c15))
    return (0..<max(0, count)).map { _ in Camera(intrinsics: intrinsics, pose: walker.next()) }
  }

  /// What a camera sees: the same pixels always, however many threads work on it.
  public func film(_ camera: Camera, samples: Int = 4, threads: Int = 1) -> Film {
    scenery.film(camera, samples: samples, threads: threads)
  }

  /// As many threads as film fastest: the pixels do not depend on it.
  public static var cores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Per pixel, the normal of the surface that `film` gives the depth of, in world axes and towards
  /// the camera's side; 0 for the sky.
  public func normals(_ camera: Camera) -> [SIMD3<Float>] { scenery.normals(camera) }
}

extension ProceduralWorld.Family {
  /// How often it is drawn when any will do.
  var weight: Double {
    switch self {
    case .room: 0.25
    case .flat: 0.15
    case .gallery: 0.1
    case .courtyard, .garden: 0.08
    case .street: 0.09
    case .shapes: 0.25
    }
  }

  /// How many times larger than in a room things and steps are.
  var stride: Double {
    switch self {
    case .room, .flat, .gallery, .shapes: 1
    case .courtyard, .street, .garden: 2
    }
  }

  /// How walkers move, each as likely as the others.
  var manners: [Walker.Manner] {
    switch self {
    case .flat: [.travel, .travel, .travel, .wander, .hug]
    case .gallery, .courtyard, .street, .garden: [.wander, .travel, .travel, .hug]
    case .room, .shapes: [.wander, .wander, .travel, .hug]
    }
  }
}

extension ProceduralWorld.Style {
  /// How often it is drawn when any will do.
  var weight: Double {
    switch self {
    case .plain, .daylight: 0.3
    case .dusk, .night: 0.1
    case .toon, .sketch: 0.07
    case .fog: 0.06
    }
  }
}

extension Stage {
  /// A place of a family in a style, ready to be filmed.
  static func of(
    _ family: ProceduralWorld.Family, style: ProceduralWorld.Style, seed: UInt64
  ) -> Stage {
    let kind = UInt64(ProceduralWorld.Family.allCases.firstIndex(of: family)!)
    let dice = Dice(seed: seed, purpose: 16 + kind)
    var stage =
      switch family {
      case .room: Stage.room(dice, style)
      case .flat: Stage.flat(dice, style)
      case .gallery: Stage.gallery(dice, style)
      case .courtyard: Stage.courtyard(dice, style)
      case .street: Stage.street(dice, style)
      case .garden: Stage.garden(dice, style)
      case .shapes: Stage.shapes(dice, style)
      }
    stage.finish()
    return stage
  }
}
