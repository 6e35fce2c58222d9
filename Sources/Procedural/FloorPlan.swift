import Scene

/// How a flat's floor is divided: rooms, the walls between them, and the doorways in those.
///
/// Every room can be reached from every other: each wall that cuts a part of the floor in two has a
/// doorway, whatever cuts the halves afterwards.
struct FloorPlan {
  private(set) var rooms: [Rectangle] = []
  private(set) var walls: [InnerWall] = []
  /// The number of walls, from the first, that run along the corridor.
  private var corridorWalls = 0

  private static let narrowestRoom = 2.1

  init(_ floor: Rectangle, _ dice: inout Dice) {
    if dice.chance(0.5) { corridor(floor, &dice) } else { split(floor, &dice) }
    for i in walls.indices { cutDoorways(in: i, &dice) }
  }

  /// A corridor along x through the middle, rooms on both sides.
  private mutating func corridor(_ floor: Rectangle, _ dice: inout Dice) {
    let half = dice.real(in: 0.6...0.85)
    let middle = floor.center.y + dice.real(in: -0.6...0.6)
    for y in [middle - half, middle + half] {
      walls.append(InnerWall(axis: 0, at: y, from: floor.low.x, to: floor.high.x))
    }
    corridorWalls = 2
    rooms.append(
      Rectangle(low: [floor.low.x, middle - half], high: [floor.high.x, middle + half]))
    row(Rectangle(low: floor.low, high: [floor.high.x, middle - half]), &dice)
    row(Rectangle(low: [floor.low.x, middle + half], high: floor.high), &dice)
  }

  /// Rooms side by side.
  private mutating func row(_ strip: Rectangle, _ dice: inout Dice) {
    let length = strip.high.x - strip.low.x
    let count = max(1, min(Int(length / 2.6), dice.whole(in: 2...3)))
    var left = strip.low.x
    for i in 1...count {
      let even = strip.low.x + length * Double(i) / Double(count)
      let right = i == count ? strip.high.x : even + dice.real(in: -0.3...0.3)
      rooms.append(Rectangle(low: [left, strip.low.y], high: [right, strip.high.y]))
      if i < count {
        walls.append(InnerWall(axis: 1, at: right, from: strip.low.y, to: strip.high.y))
      }
      left = right
    }
  }

  /// Cuts a part across its longer side until the parts are as small as rooms are.
  private mutating func split(_ part: Rectangle, _ dice: inout Dice) {
    let size = part.high - part.low
    let axis = size.x > size.y ? 1 : 0
    let length = max(size.x, size.y)
    guard length > 2 * Self.narrowestRoom + 0.3, part.area > dice.real(in: 12...26) else {
      rooms.append(part)
      return
    }
    let free = Self.narrowestRoom / length
    let share = dice.real(in: max(free, 0.36)...min(1 - free, 0.64))
    var (low, high) = (part, part)
    if axis == 1 {
      let x = part.low.x + share * length
      (low.high.x, high.low.x) = (x, x)
      walls.append(InnerWall(axis: 1, at: x, from: part.low.y, to: part.high.y))
    } else {
      let y = part.low.y + share * length
      (low.high.y, high.low.y) = (y, y)
      walls.append(InnerWall(axis: 0, at: y, from: part.low.x, to: part.high.x))
    }
    split(low, &dice)
    split(high, &dice)
  }

  /// Doorways between the other walls that end at this one: one for each room along a corridor,
  /// else one or two.
  private mutating func cutDoorways(in i: Int, _ dice: inout Dice) {
    let wall = walls[i]
    let junctions = walls.filter {
      $0.axis != wall.axis && (abs($0.from - wall.at) < 1e-6 || abs($0.to - wall.at) < 1e-6)
    }
    let stops = ([wall.from, wall.to] + junctions.map(\.at)).filter {
      $0 >= wall.from && $0 <= wall.to
    }.sorted()
    var gaps = zip(stops, stops.dropFirst()).map { $0...$1 }
      .filter { $0.upperBound - $0.lowerBound > 1.3 }
    if i >= corridorWalls {
      gaps.shuffle(using: &dice)
      gaps = Array(gaps.prefix(dice.chance(0.25) ? 2 : 1))
    }
    for gap in gaps {
      let room = gap.upperBound - gap.lowerBound
      let width = min(dice.real(in: 0.95...1.3), room - 0.3)
      let start = gap.lowerBound + 0.15 + dice.unit() * (room - 0.3 - width)
      walls[i].doorways.append(start...start + width)
    }
    walls[i].doorways.sort { $0.lowerBound < $1.lowerBound }
  }
}

/// A wall inside a flat, with openings.
struct InnerWall {
  /// 0: along x; 1: along y.
  let axis: Int
  /// Where it stands on the other axis, in metres.
  let at: Double
  let from: Double
  let to: Double
  var doorways: [ClosedRange<Double>] = []
  /// Half its thickness.
  var half = 0.06

  /// The part of the floor between two distances along it and so far to both sides.
  func part(_ a: Double, _ b: Double, reach: Double) -> Rectangle {
    axis == 0
      ? Rectangle(low: [a, at - reach], high: [b, at + reach])
      : Rectangle(low: [at - reach, a], high: [at + reach, b])
  }

  /// The stretches between the doorways.
  var stretches: [ClosedRange<Double>] {
    let edges = [from] + doorways.flatMap { [$0.lowerBound, $0.upperBound] } + [to]
    return stride(from: 0, to: edges.count, by: 2).filter { edges[$0 + 1] - edges[$0] > 0.02 }
      .map { edges[$0]...edges[$0 + 1] }
  }
}
