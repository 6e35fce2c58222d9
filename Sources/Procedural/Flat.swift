import CTracer
import Scene

extension Stage {
  /// Several furnished rooms, a corridor perhaps, and doorways between them.
  static func flat(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(dice.real(in: 7...11), dice.real(in: 6...9), dice.real(in: 2.4...2.9))
    var stage = Stage(size: size, dice: dice, style: style)
    stage.paintWalls()
    if style == .night { stage.hangTubes(stage.dice.whole(in: 3...9)) }
    let plan = FloorPlan(stage.floor, &stage.dice)
    for wall in plan.walls { stage.raise(wall) }
    stage.layFloors(plan.rooms)
    let main = plan.rooms.max { min($0.half.x, $0.half.y) < min($1.half.x, $1.half.y) }!
    for (i, room) in plan.rooms.enumerated() {
      stage.fitOut(room, roomsLeft: plan.rooms.count - i, lamp: room.center != main.center)
    }
    for wall in plan.walls { stage.hangPictures(on: wall) }
    stage.light(at: main, share: 0.5...0.9)
    return stage
  }

  // MARK: Walls

  /// Builds a wall of one or two leaves, so that its sides may differ.
  private mutating func raise(_ wall: InnerWall) {
    let front = material(.wall)
    let back = dice.chance(0.5) ? material(.wall) : nil
    let top = dice.chance(0.25) ? size.z : dice.real(in: 2.0...2.15)
    for stretch in wall.stretches {
      leaf(wall, stretch, from: 0, to: size.z, front, back)
    }
    let wood = material(.furniture)
    for doorway in wall.doorways {
      if top < size.z { leaf(wall, doorway, from: top, to: size.z, front, back) }
      if dice.chance(0.6) { casing(wall, doorway, height: min(top, size.z), wood) }
      if dice.chance(0.45) { door(wall, doorway, height: min(top, 2.05)) }
      doorways.append(wall.part(doorway.lowerBound, doorway.upperBound, reach: wall.half))
      keepFree(wall.part(doorway.lowerBound - 0.1, doorway.upperBound + 0.1, reach: 0.75))
    }
  }

  /// A part of a wall between two heights: a box, or one for each side.
  private mutating func leaf(
    _ wall: InnerWall, _ stretch: ClosedRange<Double>, from low: Double, to high: Double,
    _ front: Int32, _ back: Int32?
  ) {
    let part = wall.part(stretch.lowerBound, stretch.upperBound, reach: wall.half)
    guard let back else { return upright(part, from: low, to: high, front) }
    let (a, b) = part.halves(across: 1 - wall.axis)
    upright(a, from: low, to: high, front)
    upright(b, from: low, to: high, back)
  }

  /// Posts on both sides of a doorway.
  private mutating func casing(
    _ wall: InnerWall, _ doorway: ClosedRange<Double>, height: Double, _ wood: Int32
  ) {
    for edge in [doorway.lowerBound, doorway.upperBound] {
      upright(
        wall.part(edge - 0.03, edge + 0.03, reach: wall.half + 0.02), from: 0, to: height, wood)
    }
  }

  /// A door leaf that stands open.
  private mutating func door(
    _ wall: InnerWall, _ doorway: ClosedRange<Double>, height: Double
  ) {
    let width = doorway.upperBound - doorway.lowerBound
    let side = dice.chance(0.5) ? 1.0 : -1.0
    let hinge =
      wall.axis == 0
      ? SIMD2(doorway.lowerBound, wall.at + side * wall.half)
      : SIMD2(wall.at + side * wall.half, doorway.lowerBound)
    // From the wall's own direction; wide open leans away from the opening.
    let swing = side * dice.real(in: 1.5...2.2)
    let angle = wall.axis == 0 ? swing : .pi / 2 - swing
    let spot = Spot(center: hinge, angle: angle)
    box(
      spot, at: [width / 2, 0, height / 2], half: [width / 2 - 0.01, 0.02, height / 2 - 0.01],
      material(.furniture))
  }

  // MARK: Rooms

  private mutating func layFloors(_ rooms: [Rectangle]) {
    for room in rooms where dice.chance(0.7) {
      decal(4, room, material(.floor), frame: 0, 0)
    }
  }

  /// Windows and pictures on the outer walls, furniture, a lamp.
  private mutating func fitOut(_ room: Rectangle, roomsLeft: Int, lamp: Bool) {
    for wall in 0..<4 {
      guard let span = outerSpan(of: room, wall) else { continue }
      if dice.chance(0.6) { window(wall, span) }
      for _ in 0..<dice.whole(in: 0...2) { picture(wall, span) }
    }
    if dice.chance(0.4) { rug(in: room.inset(0.1)) }
    if lamp { ceilingLamp(over: room.center) }
    let share = max(0, spareObjects - 12) / roomsLeft
    let narrow = min(room.half.x, room.half.y) < 1
    furnish(
      room.inset(0.08), crowding: narrow ? 0.06 : dice.real(in: 0.15...0.32),
      sparing: spareObjects - share + 8, Piece.household)
  }

  /// The part of an outer wall that belongs to a room.
  private func outerSpan(of room: Rectangle, _ wall: Int) -> ClosedRange<Double>? {
    switch wall {
    case 0: room.low.x < 0.01 ? room.low.y...room.high.y : nil
    case 1: room.high.x > size.x - 0.01 ? room.low.y...room.high.y : nil
    case 2: room.low.y < 0.01 ? room.low.x...room.high.x : nil
    default: room.high.y > size.y - 0.01 ? room.low.x...room.high.x : nil
    }
  }

  private mutating func ceilingLamp(over p: SIMD2<Double>) {
    let radius = dice.real(in: 0.12...0.28)
    let light = Linear(kelvin: dice.real(in: 3...6)).times(0.8)
    cone(
      Spot(center: p, angle: 0), at: [0, 0, size.z - 0.05], radius: radius, height: 0.1,
      add(.glowing(light, strength: dice.real(in: 1.5...3.5))), taper: 0.2)
  }

  /// Pictures as thin boxes, since only outer walls take decals.
  private mutating func hangPictures(on wall: InnerWall) {
    for stretch in wall.stretches where stretch.upperBound - stretch.lowerBound > 0.9 {
      for side in [-1.0, 1.0] where dice.chance(0.55) && spareObjects > 4 {
        let length = stretch.upperBound - stretch.lowerBound
        let half = SIMD2(min(dice.real(in: 0.2...0.6), length / 2 - 0.15), dice.real(in: 0.2...0.5))
        let x = dice.real(in: stretch.lowerBound + half.x...stretch.upperBound - half.x)
        let z = dice.real(in: 1.35...1.7)
        let plane = wall.at + side * (wall.half + 0.015)
        let center: SIMD2<Double> = wall.axis == 0 ? [x, plane] : [plane, x]
        let spot = Spot(center: center, angle: wall.axis == 0 ? 0 : .pi / 2)
        framed(spot, at: [0, 0, z], half: half)
      }
    }
  }

  /// A box on a part of the floor, between two heights.
  mutating func upright(
    _ part: Rectangle, from low: Double, to high: Double, _ material: Int32, top: Int32? = nil
  ) {
    box(
      Spot(center: part.center, angle: 0), at: [0, 0, (low + high) / 2],
      half: [part.half.x, part.half.y, (high - low) / 2], material, top: top)
  }
}

extension Rectangle {
  /// The two halves that a cut across an axis (0: x, 1: y) makes.
  func halves(across axis: Int) -> (Rectangle, Rectangle) {
    var (a, b) = (self, self)
    (a.high[axis], b.low[axis]) = (center[axis], center[axis])
    return (a, b)
  }
}
