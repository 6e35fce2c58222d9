import CTracer
import Scene

/// A scene in the making: what stands where, made of what.
struct Stage {
  var dice: Dice
  let palette: Palette
  let size: SIMD3<Double>
  var materials: [tracer_material] = []
  var objects: [tracer_object] = []
  var decals: [tracer_decal] = []
  var room = tracer_room()
  /// Taken parts of the floor.
  private var taken: [Rectangle] = []
  /// Taken parts of the walls.
  private var hung: [(wall: Int, part: Rectangle)] = []

  init(size: SIMD3<Double>, dice: Dice) {
    self.size = size
    self.dice = dice
    palette = Palette(&self.dice)
  }

  /// Takes a part of the floor, unless it sticks out or meets what is taken already.
  mutating func take(_ r: Rectangle) -> Bool {
    guard r.low.x >= 0, r.low.y >= 0, r.high.x <= size.x, r.high.y <= size.y,
      !taken.contains(where: { $0.overlaps(r) })
    else { return false }
    taken.append(r)
    return true
  }

  /// Takes a part of a wall, unless something hangs there already.
  mutating func take(_ r: Rectangle, ofWall wall: Int) -> Bool {
    guard !hung.contains(where: { $0.wall == wall && $0.part.overlaps(r) }) else { return false }
    hung.append((wall, r))
    return true
  }

  /// The share of the floor that is taken.
  var crowding: Double { taken.reduce(0) { $0 + $1.area } / (size.x * size.y) }

  var spareObjects: Int { TRACER_OBJECTS - objects.count }

  // MARK: Materials

  mutating func add(_ material: tracer_material) -> Int32 {
    guard materials.count < TRACER_MATERIALS else { return 0 }
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

  private mutating func add(_ object: tracer_object) {
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
    let (p, q) = (spot.point(a), spot.point(b))
    var o = spot.object(TRACER_STICK, at: (a + b) / 2, half: .one, material)
    o.half = single((q - p) / 2)
    o.radius = Float(radius)
    add(o)
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

/// An upright rectangle in the plane, in metres.
struct Rectangle {
  var low: SIMD2<Double>
  var high: SIMD2<Double>

  init(center c: SIMD2<Double>, half h: SIMD2<Double>) { (low, high) = (c - h, c + h) }

  init(low: SIMD2<Double>, high: SIMD2<Double>) { (self.low, self.high) = (low, high) }

  var area: Double { (high.x - low.x) * (high.y - low.y) }

  func overlaps(_ b: Rectangle) -> Bool {
    low.x < b.high.x && b.low.x < high.x && low.y < b.high.y && b.low.y < high.y
  }
}

/// A place on the floor where a piece stands, and how it is turned; y is the piece's depth, its
/// front towards +y.
struct Spot {
  var center: SIMD2<Double>
  var angle: Double

  func point(_ p: SIMD3<Double>) -> SIMD3<Double> {
    let (c, s) = (cos(angle), sin(angle))
    return [center.x + p.x * c - p.y * s, center.y + p.x * s + p.y * c, p.z]
  }

  func object(
    _ shape: tracer_shape, at p: SIMD3<Double>, half: SIMD3<Double>, _ material: Int32
  ) -> tracer_object {
    var o = tracer_object()
    o.shape = Int32(shape.rawValue)
    o.materials = (material, material, material)
    o.center = single(point(p))
    o.half = single(half)
    o.turn = (Float(cos(angle)), Float(sin(angle)))
    return o
  }
}

/// The three components as C takes them.
func single(_ v: SIMD3<Double>) -> (Float, Float, Float) { (Float(v.x), Float(v.y), Float(v.z)) }
