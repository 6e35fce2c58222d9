import CTracer
import Scene

/// A piece of furniture: the floor it needs, and what it is built of.
struct Piece: Sendable {
  /// Half its width and depth, in metres.
  let half: SIMD2<Double>
  /// Stands with its back to a wall.
  var againstWall = false
  let build: @Sendable (inout Stage, Spot) -> Void
}

extension Piece {
  /// Makers of pieces, each as likely as the others.
  typealias Kinds = [@Sendable (inout Dice) -> Piece]

  static let household: Kinds = [
    table, table, roundTable, chair, chair, shelf, shelf, bed, sofa, sofa, cabinet, cabinet,
    pillar, floorLamp, plant, plant, crates, crates, balls, pedestal, bundle, stairs, bench,
  ]

  static func table(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.4...0.9), dice.real(in: 0.3...0.55))
    let height = dice.real(in: 0.4...0.8)
    return Piece(half: half) { stage, spot in
      let (top, leg) = (stage.material(.furniture), stage.material(.furniture))
      stage.box(spot, at: [0, 0, height], half: [half.x, half.y, 0.025], top)
      stage.legs(spot, half - 0.05, height: height, leg)
      stage.clutter(spot, half, height: height + 0.025)
    }
  }

  static func roundTable(_ dice: inout Dice) -> Piece {
    let (radius, height) = (dice.real(in: 0.35...0.6), dice.real(in: 0.45...0.8))
    return Piece(half: [radius, radius]) { stage, spot in
      let (top, leg) = (stage.material(.furniture), stage.material(.furniture))
      stage.cone(spot, at: [0, 0, height], radius: radius, height: 0.05, top)
      stage.cone(spot, at: [0, 0, height / 2], radius: 0.05, height: height, leg)
      stage.cone(spot, at: [0, 0, 0.03], radius: radius * 0.6, height: 0.06, leg, taper: -0.3)
      stage.clutter(spot, [radius * 0.7, radius * 0.7], height: height + 0.025)
    }
  }

  static func chair(_ dice: inout Dice) -> Piece {
    let (half, height) = (dice.real(in: 0.2...0.28), dice.real(in: 0.4...0.5))
    let back = dice.real(in: 0.3...0.6)
    return Piece(half: [half, half]) { stage, spot in
      let (seat, leg) = (stage.material(.furniture), stage.material(.furniture))
      stage.box(spot, at: [0, 0, height], half: [half, half, 0.03], seat)
      stage.box(
        spot, at: [0, -half + 0.025, height + back / 2], half: [half, 0.025, back / 2], seat)
      stage.legs(spot, [half - 0.03, half - 0.03], height: height, leg)
    }
  }

  static func bench(_ dice: inout Dice) -> Piece {
    let (width, height) = (dice.real(in: 0.5...0.9), dice.real(in: 0.35...0.5))
    return Piece(half: [width, 0.2]) { stage, spot in
      let (seat, leg) = (stage.material(.furniture), stage.material(.furniture))
      stage.box(spot, at: [0, 0, height], half: [width, 0.2, 0.03], seat)
      for x in [-width + 0.1, width - 0.1] {
        stage.box(spot, at: [x, 0, height / 2], half: [0.03, 0.17, height / 2], leg)
      }
    }
  }

  static func shelf(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.4...0.9), dice.real(in: 0.14...0.22))
    let boards = dice.whole(in: 2...4)
    let gap = dice.real(in: 0.3...0.45)
    return Piece(half: half, againstWall: true) { stage, spot in
      let wood = stage.material(.furniture)
      let height = Double(boards) * gap + 0.06
      for x in [-half.x, half.x] {
        stage.box(spot, at: [x, 0, height / 2], half: [0.02, half.y, height / 2], wood)
      }
      for i in 0...boards {
        let z = 0.05 + Double(i) * gap
        stage.box(spot, at: [0, 0, z], half: [half.x, half.y, 0.015], wood)
        if i < boards { stage.books(spot, half, floor: z + 0.015, gap: gap - 0.03) }
      }
    }
  }

  static func bed(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.45...0.85), 1.0)
    let height = dice.real(in: 0.25...0.4)
    return Piece(half: half, againstWall: true) { stage, spot in
      let (frame, cover) = (stage.material(.furniture), stage.material(.furniture))
      let pillow = stage.material(.trinket)
      stage.box(spot, at: [0, 0, height / 2], half: [half.x, half.y, height / 2], frame)
      stage.box(spot, at: [0, 0.03, height + 0.08], half: [half.x - 0.03, 0.95, 0.08], cover)
      stage.box(spot, at: [0, -0.97, height + 0.2], half: [half.x, 0.03, height + 0.2], frame)
      for x in [-half.x / 2, half.x / 2] {
        stage.ellipsoid(
          spot, at: [x, -0.7, height + 0.2], half: [half.x * 0.42, 0.2, 0.09], pillow)
      }
    }
  }

  static func sofa(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.5...1.1), dice.real(in: 0.38...0.48))
    let cushions = dice.whole(in: 0...3)
    return Piece(half: half, againstWall: dice.chance(0.7)) { stage, spot in
      let (cloth, other) = (stage.material(.furniture), stage.material(.trinket))
      stage.box(spot, at: [0, 0, 0.22], half: [half.x, half.y, 0.2], cloth)
      stage.box(spot, at: [0, -half.y + 0.1, 0.5], half: [half.x, 0.1, 0.3], cloth)
      for x in [-half.x + 0.08, half.x - 0.08] {
        stage.box(spot, at: [x, 0, 0.35], half: [0.08, half.y, 0.25], cloth)
      }
      for i in 0..<cushions {
        let x = (Double(i) - 1) * half.x * 0.55
        stage.ellipsoid(spot, at: [x, -half.y + 0.28, 0.57], half: [0.19, 0.08, 0.17], other)
      }
    }
  }

  static func cabinet(_ dice: inout Dice) -> Piece {
    let half = SIMD2(dice.real(in: 0.3...0.8), dice.real(in: 0.18...0.3))
    let height = dice.real(in: 0.5...1.9)
    return Piece(half: half, againstWall: true) { stage, spot in
      let (body, front) = (stage.material(.furniture), stage.material(.furniture))
      stage.box(
        spot, at: [0, 0, height / 2], half: [half.x, half.y, height / 2], body, front: front)
      if height < 1.4 { stage.clutter(spot, half, height: height) }
      let handle = stage.material(.trinket)
      for x in [-0.06, 0.06] {
        stage.stick(
          spot, from: [x, half.y + 0.02, height * 0.5], to: [x, half.y + 0.02, height * 0.65],
          radius: 0.012, handle)
      }
    }
  }

  static func pillar(_ dice: inout Dice) -> Piece {
    let (radius, round) = (dice.real(in: 0.12...0.3), dice.chance(0.5))
    return Piece(half: [radius * 1.3, radius * 1.3]) { stage, spot in
      let (shaft, foot) = (stage.material(.furniture), stage.material(.furniture))
      let h = stage.size.z
      if round {
        stage.cone(spot, at: [0, 0, h / 2], radius: radius, height: h, shaft)
      } else {
        stage.box(spot, at: [0, 0, h / 2], half: [radius, radius, h / 2], shaft)
      }
      stage.box(spot, at: [0, 0, 0.1], half: [radius * 1.25, radius * 1.25, 0.1], foot)
    }
  }

  static func stairs(_ dice: inout Dice) -> Piece {
    let (width, steps) = (dice.real(in: 0.3...0.6), dice.whole(in: 2...4))
    return Piece(half: [width, 0.15 * Double(steps)], againstWall: true) { stage, spot in
      let (side, top) = (stage.material(.furniture), stage.material(.furniture))
      for i in 0..<steps {
        let (depth, z) = (0.15 * Double(steps - i), 0.18 * Double(i))
        stage.box(
          spot, at: [0, depth - 0.15 * Double(steps), z + 0.09], half: [width, depth, 0.09], side,
          top: top)
      }
    }
  }
}
