import CTracer
import Scene

extension Stage {
  /// A furnished room.
  static func room(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(
      dice.real(in: 4...8), dice.real(in: 4...8), dice.real(in: 2.4...3.2))
    var stage = Stage(size: size, dice: dice, style: style)
    stage.paintWalls()
    if style == .night { stage.hangTubes(stage.dice.whole(in: 3...9)) }
    stage.hangPictures()
    let crowding = stage.dice.real(in: 0.2...0.45)
    stage.furnish(stage.floor, crowding: crowding, Piece.household)
    stage.hangLamps()
    stage.light(at: stage.floor)
    return stage
  }

  mutating func paintWalls() {
    let shared = dice.chance(0.6) ? material(.wall) : nil
    let walls = (0..<4).map { _ in dice.chance(0.8) ? shared ?? material(.wall) : material(.wall) }
    var ground = tracer_material.random(.floor, palette, &dice)
    if dice.chance(0.35) {
      ground.reflectivity = Float(dice.real(in: 0.04...0.3))
      ground.shine = 0.4
    }
    room.walls = (walls[0], walls[1], walls[2], walls[3], add(ground), material(.ceiling))
    if dice.chance(0.35) { wainscot() }
  }

  /// A band around the foot of the walls.
  private mutating func wainscot() {
    let height = dice.pick([0.1, 0.12, dice.real(in: 0.5...1.2)])
    let (band, rim) = (material(.wall), material(.furniture))
    for wall in 0..<4 {
      let width = extent(of: wall).x
      decal(wall, Rectangle(low: [-1, -1], high: [width + 1, height]), band, frame: 0.03, rim)
    }
  }

  private mutating func hangPictures() {
    for wall in 0..<4 {
      if dice.chance(0.3) { door(wall) }
      if dice.chance(dice.pick([0.35, 0.7])) { window(wall, 0...extent(of: wall).x) }
      for _ in 0..<dice.whole(in: 1...3) { picture(wall, 0...extent(of: wall).x) }
    }
    for _ in 0..<dice.whole(in: 0...2) { rug(in: floor) }
    if dice.chance(0.45) { hangMirror(0.3...1.2) }
  }

  private mutating func door(_ wall: Int) {
    let x = dice.real(in: 0.7...extent(of: wall).x - 0.7)
    let part = Rectangle(low: [x - 0.45, 0], high: [x + 0.45, dice.real(in: 1.9...2.15)])
    guard take(part, ofWall: wall) else { return }
    decal(wall, part, material(.wall), frame: 0.06, material(.furniture))
  }

  private mutating func hangLamps() {
    guard dice.chance(0.4), spareObjects > 4 else { return }
    let spot = Spot(
      center: [dice.real(in: 0.8...size.x - 0.8), dice.real(in: 0.8...size.y - 0.8)], angle: 0)
    let (wire, drop) = (material(.trinket), dice.real(in: 0.3...0.6))
    var shade = tracer_material.random(.trinket, palette, &dice)
    shade.glow = Float(dice.real(in: 0.5...1.5))
    stick(spot, from: [0, 0, size.z], to: [0, 0, size.z - drop], radius: 0.01, wire)
    cone(
      spot, at: [0, 0, size.z - drop], radius: 0.15, height: 0.2, add(shade), taper: -0.4)
  }
}
