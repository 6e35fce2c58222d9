import Scene

extension Stage {
  /// Places pieces on a part of the floor until a share of it is taken, or objects run short.
  mutating func furnish(
    _ region: Rectangle, crowding wanted: Double, sparing spare: Int = 18, _ pieces: Piece.Kinds
  ) {
    var taken = 0.0
    for _ in 0..<100 where taken < wanted * region.area && spareObjects > spare {
      let piece = dice.pick(pieces)(&dice)
      guard let spot = spot(for: piece, in: region) else { continue }
      piece.build(&self, spot)
      taken += 4 * piece.half.x * piece.half.y
    }
  }

  /// Places a number of pieces, or fewer where there is no room.
  mutating func scatter(_ count: Int, in region: Rectangle, _ pieces: Piece.Kinds) {
    for _ in 0..<count where spareObjects > 12 {
      let piece = dice.pick(pieces)(&dice)
      for _ in 0..<20 {
        guard let spot = spot(for: piece, in: region) else { continue }
        piece.build(&self, spot)
        break
      }
    }
  }

  mutating func spot(for piece: Piece, in region: Rectangle) -> Spot? {
    piece.againstWall ? wallSpot(piece.half, in: region) : openSpot(piece.half, in: region)
  }

  /// A free place at a random angle anywhere.
  mutating func openSpot(_ half: SIMD2<Double>, in region: Rectangle) -> Spot? {
    let angle =
      dice.chance(0.4)
      ? Double(dice.whole(in: 0...3)) * .pi / 2
      : dice.real(in: 0...2 * Double.pi)
    let (c, s) = (abs(cos(angle)), abs(sin(angle)))
    let reach = SIMD2(half.x * c + half.y * s, half.x * s + half.y * c) + 0.05
    let center = place(in: region)
    return take(Rectangle(center: center, half: reach), in: region)
      ? Spot(center: center, angle: angle) : nil
  }

  /// Anywhere in a part of the floor.
  mutating func place(in region: Rectangle) -> SIMD2<Double> {
    [
      dice.real(in: region.low.x...region.high.x), dice.real(in: region.low.y...region.high.y),
    ]
  }

  /// A free place with the back to a random side.
  mutating func wallSpot(_ half: SIMD2<Double>, in region: Rectangle) -> Spot? {
    let wall = dice.whole(in: 0...3)
    let size = region.high - region.low
    let length = wall < 2 ? size.y : size.x
    let along = dice.real(in: half.x...max(half.x, length - half.x))
    let away = half.y + 0.02
    var spot =
      switch wall {
      case 0: Spot(center: [away, along], angle: -.pi / 2)
      case 1: Spot(center: [size.x - away, along], angle: .pi / 2)
      case 2: Spot(center: [along, away], angle: 0)
      default: Spot(center: [along, size.y - away], angle: .pi)
      }
    spot.center += region.low
    let reach = wall < 2 ? SIMD2(half.y, half.x) : half
    return take(Rectangle(center: spot.center, half: reach), in: region) ? spot : nil
  }
}
