import CTracer

/// What a surface is made for: it sets which patterns suit it, how large they are, and of what it
/// may be made.
enum Surfacing {
  case wall, floor, ceiling, furniture, trinket
  case facade, paving, lawn, foliage, bark, metal

  /// Pattern cells a metre.
  var scale: ClosedRange<Double> {
    switch self {
    case .wall: 0.8...5
    case .floor: 1...5
    case .ceiling: 0.6...3
    case .furniture, .metal: 3...14
    case .trinket: 6...25
    case .facade: 0.4...3
    case .paving: 0.6...4
    case .lawn: 0.5...3
    case .foliage: 3...9
    case .bark: 4...12
    }
  }

  /// The lowest frequency of the noise, cells a metre.
  var grain: ClosedRange<Double> {
    switch self {
    case .wall, .floor, .ceiling, .facade, .paving: 0.6...5
    case .furniture, .metal: 2...10
    case .trinket: 4...14
    case .lawn: 1...6
    case .foliage: 3...9
    case .bark: 3...8
    }
  }

  /// How strong the noise may be.
  var grainStrength: [Double] {
    switch self {
    case .lawn, .foliage, .bark: [0.9, 1.2, 1.6]
    case .metal: [0.1, 0.2, 0.5]
    default: [0.15, 0.4, 0.7, 1.1, 1.6]
    }
  }

  var stuffs: [Stuff] {
    switch self {
    case .wall: [.plaster, .plaster, .plaster, .paint, .paint, .brick, .stone, .wood]
    case .floor: [.wood, .wood, .wood, .stone, .stone, .brick, .cloth]
    case .ceiling: [.plaster, .plaster, .plaster, .wood, .paint]
    case .furniture: [.wood, .wood, .wood, .cloth, .cloth, .plaster, .paint, .metal]
    case .trinket: [.paint, .cloth, .cloth, .stone, .metal, .wood]
    case .facade: [.brick, .brick, .stone, .stone, .plaster, .plaster, .paint]
    case .paving: [.stone, .stone, .asphalt, .asphalt, .brick]
    case .lawn: [.leaf, .leaf, .leaf, .stone]
    case .foliage: [.leaf]
    case .bark: [.wood, .stone]
    case .metal: [.metal, .metal, .paint]
    }
  }

  /// Whether it is out of doors, where even bold places mostly look as others do.
  var isOutside: Bool {
    switch self {
    case .facade, .paving, .lawn, .foliage, .bark: true
    case .wall, .floor, .ceiling, .furniture, .trinket, .metal: false
    }
  }

  /// What suits it in a sober place.
  var soberPatterns: [tracer_pattern] {
    switch self {
    case .wall:
      [
        TRACER_PLAIN, TRACER_PLAIN, TRACER_PLAIN, TRACER_STRIPES, TRACER_BRICKS, TRACER_BRICKS,
        TRACER_TILES, TRACER_PLANKS, TRACER_BLOBS, TRACER_PLAID, TRACER_VORONOI, TRACER_CRACKS,
        TRACER_PHOTO, TRACER_SHINGLES, TRACER_TERRAZZO,
      ]
    case .floor:
      [
        TRACER_PLANKS, TRACER_PLANKS, TRACER_PLANKS, TRACER_TILES, TRACER_TILES, TRACER_MARBLE,
        TRACER_CHECKER, TRACER_WEAVE, TRACER_PLAIN, TRACER_BRICKS, TRACER_HERRINGBONE,
        TRACER_HERRINGBONE, TRACER_HEXAGONS, TRACER_TERRAZZO, TRACER_RUG,
      ]
    case .ceiling:
      [TRACER_PLAIN, TRACER_PLAIN, TRACER_PLAIN, TRACER_TILES, TRACER_PLANKS, TRACER_CRACKS]
    case .furniture:
      [
        TRACER_PLANKS, TRACER_PLANKS, TRACER_PLAIN, TRACER_WEAVE, TRACER_PLAID, TRACER_MARBLE,
        TRACER_STRIPES, TRACER_BLOBS, TRACER_GRADIENT, TRACER_KNIT, TRACER_PHOTO, TRACER_CRACKS,
        TRACER_TERRAZZO,
      ]
    case .trinket:
      [
        TRACER_PLAIN, TRACER_WEAVE, TRACER_STRIPES, TRACER_GLYPHS, TRACER_MARBLE, TRACER_BLOBS,
        TRACER_GRADIENT, TRACER_SPOTS, TRACER_PHOTO, TRACER_POSTERS, TRACER_KNIT, TRACER_SHINGLES,
      ]
    case .facade:
      [
        TRACER_BRICKS, TRACER_BRICKS, TRACER_PLAIN, TRACER_TILES, TRACER_BLOBS, TRACER_CRACKS,
        TRACER_SHINGLES, TRACER_PHOTO, TRACER_COBBLES,
      ]
    case .paving:
      [
        TRACER_TILES, TRACER_BRICKS, TRACER_VORONOI, TRACER_PLAIN, TRACER_TILES, TRACER_COBBLES,
        TRACER_COBBLES, TRACER_HERRINGBONE, TRACER_HEXAGONS, TRACER_CRACKS, TRACER_TERRAZZO,
      ]
    case .lawn:
      [
        TRACER_PLAIN, TRACER_BLOBS, TRACER_PLAIN, TRACER_GRASS, TRACER_GRASS, TRACER_GRASS,
        TRACER_LEAVES,
      ]
    case .foliage:
      [
        TRACER_BLOBS, TRACER_VORONOI, TRACER_PLAIN, TRACER_SPOTS, TRACER_LEAVES, TRACER_LEAVES,
        TRACER_LEAVES, TRACER_GRASS,
      ]
    case .bark: [TRACER_PLAIN, TRACER_MARBLE, TRACER_STRIPES, TRACER_CRACKS, TRACER_PHOTO]
    case .metal: [TRACER_PLAIN, TRACER_PLAIN, TRACER_STRIPES]
    }
  }

  /// What suits it in a bold one.
  var boldPatterns: [tracer_pattern] {
    switch self {
    case .wall: Self.bold + [TRACER_PLAIN, TRACER_BRICKS, TRACER_RINGS, TRACER_GLYPHS]
    case .floor: Self.bold + [TRACER_PLANKS, TRACER_PLANKS, TRACER_TILES, TRACER_MARBLE]
    case .ceiling: [TRACER_PLAIN, TRACER_PLAIN, TRACER_TILES, TRACER_PLANKS, TRACER_BLOBS]
    case .furniture: Self.bold + [TRACER_PLANKS, TRACER_PLANKS, TRACER_WEAVE, TRACER_GRADIENT]
    case .trinket: Self.bold + [TRACER_GLYPHS, TRACER_RINGS, TRACER_WEAVE, TRACER_GRADIENT]
    default: soberPatterns + [TRACER_TRUCHET, TRACER_ZIGZAG, TRACER_STRIPES]
    }
  }

  private static let bold = [
    TRACER_PLAIN, TRACER_STRIPES, TRACER_BLOBS, TRACER_MARBLE, TRACER_VORONOI, TRACER_TILES,
    TRACER_CHECKER, TRACER_ZIGZAG, TRACER_TRUCHET, TRACER_SPOTS, TRACER_BRICKS, TRACER_PLAID,
    TRACER_PHOTO, TRACER_PHOTO, TRACER_HEXAGONS, TRACER_COBBLES, TRACER_WAVES, TRACER_CRACKS,
    TRACER_LEAVES, TRACER_KNIT, TRACER_RUG, TRACER_TERRAZZO, TRACER_SHINGLES, TRACER_HERRINGBONE,
    TRACER_POSTERS,
  ]
}
