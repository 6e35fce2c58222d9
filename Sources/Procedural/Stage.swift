import CTracer
import Scene

/// A scene in the making: what stands where, made of what.
struct Stage {
  var dice: Dice
  var palette: Palette
  let size: SIMD3<Double>
  let style: ProceduralWorld.Style
  var materials: [tracer_material] = []
  var objects: [tracer_object] = []
  var decals: [tracer_decal] = []
  var room = tracer_room()
  /// Openings in inner walls that a walker can pass, from the one side's floor to the other's.
  var doorways: [Rectangle] = []
  /// Points that must stay clear, so that a walker finds a way.
  var lane: [SIMD3<Double>] = []
  /// How bright the middle of what a walker sees is to be (0...1, as a display shows it); nil leaves
  /// the exposure to the tracer, which meters from the middle of the room.
  var lightness: Double?
  /// Taken parts of the floor.
  private var taken: [Rectangle] = []
  /// Taken parts of the walls.
  private var hung: [(wall: Int, part: Rectangle)] = []

  init(size: SIMD3<Double>, dice: Dice, style: ProceduralWorld.Style = .plain) {
    self.size = size
    self.dice = dice
    self.style = style
    palette = Palette(&self.dice)
    room.size = single(size)
  }

  /// Takes a part of the floor, unless it sticks out or meets what is taken already.
  mutating func take(_ r: Rectangle, in region: Rectangle? = nil) -> Bool {
    guard (region ?? floor).contains(r), !taken.contains(where: { $0.overlaps(r) }) else {
      return false
    }
    taken.append(r)
    return true
  }

  /// Takes a part of the floor, whatever is there already.
  mutating func keepFree(_ r: Rectangle) { taken.append(r) }

  var floor: Rectangle { Rectangle(low: .zero, high: [size.x, size.y]) }

  /// Takes a part of a wall, unless something hangs there already.
  mutating func take(_ r: Rectangle, ofWall wall: Int) -> Bool {
    guard !hung.contains(where: { $0.wall == wall && $0.part.overlaps(r) }) else { return false }
    hung.append((wall, r))
    return true
  }

  var spareObjects: Int { TRACER_OBJECTS - objects.count }

  // MARK: Materials

  /// The index of a new material; of an old one where no more fit.
  mutating func add(_ material: tracer_material) -> Int32 {
    guard materials.count < TRACER_MATERIALS else {
      return Int32(dice.whole(in: 0...materials.count - 1))
    }
    materials.append(material)
    return Int32(materials.count - 1)
  }

  mutating func material(_ kind: Surfacing) -> Int32 {
    add(.random(kind, palette, &dice))
  }

  mutating func material(_ pattern: tracer_pattern, _ kind: Surfacing) -> Int32 {
    add(.random(pattern, kind, palette, &dice))
  }

  // MARK: Solids

  mutating func add(_ object: tracer_object) {
    if spareObjects > 0 { objects.append(object) }
  }

  /// A box, `half` its size, around a point of a spot.
  mutating func box(
    _ spot: Spot, at p: SIMD3<Double>, half h: SIMD3<Double>, _ material: Int32,
    front: Int32? = nil, top: Int32? = nil
  ) {
    var o = spot.object(TRACER_BOX, at: p, half: h, material)
    o.materials = (material, front ?? material, top ?? material)
    add(o)
  }

  mutating func ellipsoid(
    _ spot: Spot, at p: SIMD3<Double>, half h: SIMD3<Double>, _ material: Int32
  ) {
    add(spot.object(TRACER_ELLIPSOID, at: p, half: h, material))
  }

  /// An upright cylinder; with a taper it is wider at the top (or, if negative, at the bottom).
  mutating func cone(
    _ spot: Spot, at p: SIMD3<Double>, radius: Double, height: Double, _ material: Int32,
    taper: Double = 0
  ) {
    var o = spot.object(TRACER_CONE, at: p, half: [radius, radius, height / 2], material)
    o.taper = Float(taper)
    add(o)
  }

  /// A rod between two points of a spot.
  mutating func stick(
    _ spot: Spot, from a: SIMD3<Double>, to b: SIMD3<Double>, radius: Double, _ material: Int32
  ) {
    add(.rod(spot.point(a), spot.point(b), radius: radius, material))
  }

  // MARK: Decals

  mutating func decal(
    _ wall: Int, _ r: Rectangle, _ material: Int32, frame: Double, _ border: Int32,
    window: Bool = false
  ) {
    guard decals.count < TRACER_DECALS else { return }
    var d = tracer_decal()
    d.wall = Int32(wall)
    d.low = (Float(r.low.x), Float(r.low.y))
    d.high = (Float(r.high.x), Float(r.high.y))
    (d.material, d.frame_material, d.frame) = (material, border, Float(frame))
    d.window = window ? 1 : 0
    decals.append(d)
  }

  /// The size of a wall, in its decals' coordinates.
  func extent(of wall: Int) -> SIMD2<Double> {
    switch wall / 2 {
    case 0: [size.y, size.z]
    case 1: [size.x, size.z]
    default: [size.x, size.y]
    }
  }
}
