import CTracer
import Scene

extension Stage {
  /// Any shapes in any sizes: on the floor, on walls and ceiling, in the air; thin rods and
  /// wireframes; a texture for each face.
  static func shapes(_ dice: Dice, _ style: ProceduralWorld.Style) -> Stage {
    var dice = dice
    let size = SIMD3(dice.real(in: 4...9), dice.real(in: 4...9), dice.real(in: 2.5...5))
    var stage = Stage(size: size, dice: dice, style: style)
    stage.palette = stage.palette.bolder(saturation: 0.3, sobriety: 0.6)
    stage.paintWalls()
    if style == .night { stage.hangTubes(stage.dice.whole(in: 3...9)) }
    for wall in 0..<4 where stage.dice.chance(0.4) {
      stage.window(wall, 0...stage.extent(of: wall).x)
    }
    for _ in 0..<stage.dice.whole(in: 0...8) { stage.patch() }
    if stage.dice.chance(0.3) { stage.hangMirror(0.4...1.5) }
    stage.clearLane()
    stage.fill()
    stage.light(at: stage.floor)
    return stage
  }

  /// A part of a wall, floor or ceiling of its own colours.
  private mutating func patch() {
    let wall = dice.whole(in: 0...5)
    let extent = extent(of: wall)
    let half = extent * SIMD2(dice.real(in: 0.05...0.3), dice.real(in: 0.05...0.4))
    let center = extent * SIMD2(dice.unit(), dice.unit())
    decal(
      wall, Rectangle(center: center, half: half), material(.furniture),
      frame: dice.chance(0.5) ? dice.real(in: 0.02...0.15) : 0, material(.trinket))
  }

  /// Keeps a crooked way through the room free for walkers.
  private mutating func clearLane() {
    var p = place(in: floor.inset(0.9))
    for _ in 0..<dice.whole(in: 3...6) {
      let q = place(in: floor.inset(0.9))
      let steps = max(1, Int(((q - p) * (q - p)).sum().squareRoot() / 0.25))
      for i in 0...steps {
        let r = p + (q - p) * (Double(i) / Double(steps))
        lane += [0.9, 1.4, 1.9].map { SIMD3(r.x, r.y, $0) }
      }
      p = q
    }
  }

  /// Adds things until no more fit.
  private mutating func fill() {
    let makers: [(item: (inout Stage) -> Void, weight: Double)] = [
      ({ $0.solid(0.4...1.2) }, 0.2), ({ $0.solid(0.15...0.5) }, 0.36),
      ({ $0.solid(0.05...0.15) }, 0.08), ({ $0.rod() }, 0.18), ({ $0.wireframe() }, 0.06),
      ({ $0.stack() }, 0.12),
    ]
    for _ in 0..<400 where spareObjects > 0 { dice.pick(weighted: makers)(&self) }
  }

  /// Adds objects, unless one of them blocks the lane or not all fit; whether it did.
  @discardableResult
  mutating func tryAdd(_ all: [tracer_object], clearance: Double = 0.5) -> Bool {
    guard spareObjects >= all.count,
      !all.contains(where: { o in lane.contains { o.distance(to: $0) < clearance } })
    else { return false }
    objects += all
    return true
  }

  /// A box, ellipsoid or cone somewhere: on the floor, at a wall, under the ceiling, or afloat.
  private mutating func solid(_ sizes: ClosedRange<Double>) {
    let half = SIMD3(
      dice.logarithmic(in: sizes), dice.logarithmic(in: sizes), dice.logarithmic(in: sizes))
    var p = SIMD3<Double>(dice.unit(), dice.unit(), dice.unit()) * size
    switch dice.whole(in: 0...9) {
    case 0...4: p.z = half.z
    case 5: p.z = size.z - half.z
    case 6: p.x = dice.chance(0.5) ? 0 : size.x
    case 7: p.y = dice.chance(0.5) ? 0 : size.y
    default: break
    }
    tryAdd([shape(at: p, half: half)])
  }

  /// A random shape around a point.
  private mutating func shape(at p: SIMD3<Double>, half: SIMD3<Double>) -> tracer_object {
    let spot = Spot(center: [p.x, p.y], angle: dice.real(in: 0...2 * Double.pi))
    let kind = dice.pick(weighted: [
      (TRACER_BOX, 0.55), (TRACER_ELLIPSOID, 0.2), (TRACER_CONE, 0.25),
    ])
    var o = spot.object(kind, at: [0, 0, p.z], half: half, 0)
    if kind == TRACER_CONE {
      o.half.1 = o.half.0
      o.taper = Float(dice.pick([0, 0, -0.98, dice.real(in: -0.9...0.9)]))
    }
    o.materials = (skin(), skin(), skin())
    return o
  }

  /// A random texture; now and then glass or a mirror.
  private mutating func skin() -> Int32 {
    if dice.chance(0.03) { return add(.mirror()) }
    if dice.chance(0.03) { return add(.glass(&dice)) }
    return material(dice.pick([.furniture, .furniture, .trinket, .wall]))
  }

  /// A rod from anywhere to anywhere, thin or not so thin.
  private mutating func rod() {
    let a = SIMD3<Double>(dice.unit(), dice.unit(), dice.unit()) * size
    let length = dice.logarithmic(in: 0.4...3)
    let (x, y, z) = (dice.real(in: -1...1), dice.real(in: -1...1), dice.real(in: -1...1))
    let way = SIMD3<Double>(x, y, z).normalized
    let upright = dice.chance(0.35)
    let b = upright ? SIMD3(a.x, a.y, size.z) : a + way * length
    let foot = upright ? SIMD3(a.x, a.y, 0) : a
    tryAdd([.rod(foot, b, radius: dice.logarithmic(in: 0.006...0.05), material(.trinket))])
  }

  /// Things on top of one another.
  private mutating func stack() {
    var (all, z) = ([tracer_object](), 0.0)
    let p = place(in: floor)
    for _ in 0..<dice.whole(in: 2...5) {
      let s = dice.real(in: 0.1...0.35)
      let half = SIMD3(s, s * dice.real(in: 0.5...1), s * dice.real(in: 0.3...1))
      all.append(shape(at: [p.x, p.y, z + half.z], half: half))
      z += 2 * half.z
    }
    tryAdd(all)
  }

  /// The edges of a solid, as rods.
  private mutating func wireframe() {
    let (corners, edges) = dice.pick([Self.cube, Self.tetrahedron, Self.octahedron])
    let s = dice.real(in: 0.15...0.5)
    let tip = dice.chance(0.5) ? 0 : dice.real(in: 0...6)
    let turn =
      Matrix3.rotation(by: dice.real(in: 0...6), about: [0, 0, 1])
      * Matrix3.rotation(by: tip, about: [1, 0, 0])
    let free = SIMD3<Double>(repeating: 1.8 * s)
    let at = SIMD3<Double>(dice.unit(), dice.unit(), dice.unit())
    let center = free + at * (size - free - free)
    let (radius, skin) = (dice.logarithmic(in: 0.006...0.03), material(.trinket))
    let points = corners.map { center + turn * ($0 * s) }
    tryAdd(edges.map { .rod(points[$0], points[$1], radius: radius, skin) })
  }

  private typealias Wireframe = (corners: [SIMD3<Double>], edges: [(Int, Int)])

  private static let cube: Wireframe = {
    let sides = [-1.0, 1.0]
    let corners: [SIMD3<Double>] = (0..<8).map { i in
      [sides[i & 1], sides[i >> 1 & 1], sides[i >> 2]]
    }
    var edges: [(Int, Int)] = []
    for i in 0..<8 {
      for bit in [1, 2, 4] where i & bit == 0 { edges.append((i, i | bit)) }
    }
    return (corners, edges)
  }()

  private static let tetrahedron: Wireframe = (
    [[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]],
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
  )

  private static let octahedron: Wireframe = (
    [[1.4, 0, 0], [-1.4, 0, 0], [0, 1.4, 0], [0, -1.4, 0], [0, 0, 1.4], [0, 0, -1.4]],
    [
      (0, 2), (0, 3), (0, 4), (0, 5), (1, 2), (1, 3), (1, 4), (1, 5), (2, 4), (2, 5), (3, 4),
      (3, 5),
    ]
  )
}

extension tracer_object {
  /// A round-ended rod between two points.
  static func rod(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, radius: Double, _ material: Int32
  ) -> tracer_object {
    var o = tracer_object()
    o.shape = Int32(TRACER_STICK.rawValue)
    o.materials = (material, material, material)
    (o.center, o.half) = (single((a + b) / 2), single((b - a) / 2))
    (o.turn, o.radius) = ((1, 0), Float(radius))
    return o
  }
}
