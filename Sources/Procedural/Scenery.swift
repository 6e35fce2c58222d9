import CTracer
import Scene

/// A finished scene: the tracer's own copy, and the solids that a walker must not enter.
///
/// Nothing changes it once it is made, so threads share it freely.
final class Scenery: @unchecked Sendable {
  let pointer: OpaquePointer
  let size: SIMD3<Double>
  let solids: [tracer_object]
  /// Openings in inner walls, as parts of the floor.
  let doorways: [Rectangle]
  /// The way to the sun, and how strong its flare in a lens is; nil where there is none to be seen.
  let sun: (direction: SIMD3<Double>, flare: Double)?

  init(_ stage: Stage) {
    pointer = tracer_scene_new()
    size = stage.size
    solids = stage.objects
    doorways = stage.doorways
    sun = stage.sun
    for var material in stage.materials { tracer_scene_add_material(pointer, &material) }
    for var object in stage.objects { tracer_scene_add_object(pointer, &object) }
    for var decal in stage.decals { tracer_scene_add_decal(pointer, &decal) }
    var room = stage.room
    tracer_scene_finish(pointer, &room)
    if let lightness = stage.lightness { expose(room, for: lightness) }
  }

  /// Sets the exposure so that what is seen from places where one can stand is so bright; less, if
  /// too much of it would be white.
  private func expose(_ room: tracer_room, for wanted: Double) {
    let views = self.views
    var (room, lightness) = (room, wanted)
    for _ in 0..<6 {
      let pixels = views.flatMap { film($0, samples: 1, threads: 1).frame.image.pixels }
      let mean = Double(pixels.reduce(0) { $0 + Int($1) }) / 255 / Double(pixels.count)
      if Double(pixels.count { $0 == 255 }) > Self.mostWhite * Double(pixels.count) {
        lightness = min(lightness, max(Self.darkest, mean - 0.06))
      }
      guard abs(mean - lightness) > 0.02 else { return }
      // A developed value goes with a power of the light, near 1/2 for the darker ones.
      let gain = pow(lightness / max(0.02, mean), 2.2)
      room.brightness *= Float(min(6, max(1.0 / 6, gain)))
      tracer_scene_finish(pointer, &room)
    }
  }

  /// The share of values that may be white, and the mean value at which the sky may be so anyway.
  private static let mostWhite = 0.1
  private static let darkest = 0.3

  /// Small cameras at some clear places.
  private var views: [Camera] {
    let height = 1.4
    let ground = Ground(solids, size: size, height: height, margin: Walker.clearance)
    let cells = ground.walkable.isEmpty ? [ground.clearest] : ground.walkable
    let lens = Intrinsics(width: 8, height: 8, horizontalFieldOfView: 1.3)
    return (0..<12).map { k in
      let p = ground.center(of: cells[(2 * (k % 6) + 1) * cells.count / 12])
      let (angle, tilt) = (Double(k) * 2.4, -0.1)
      let pose = Pose(
        at: [p.x, p.y, height], facing: [cos(angle), sin(angle), tilt], up: ProceduralWorld.up)
      return Camera(intrinsics: lens, pose: pose)
    }
  }

  deinit { tracer_scene_free(pointer) }

  /// How far a point is from the nearest solid or wall, in metres; negative inside one.
  func clearance(at p: SIMD3<Double>) -> Double {
    let walls = min((p).min(), (size - p).min())
    return solids.reduce(walls) { min($0, $1.distance(to: p)) }
  }
}

extension Stage {
  /// The sun, where there is an open sky and it shines.
  fileprivate var sun: (direction: SIMD3<Double>, flare: Double)? {
    let (way, color) = (room.sun_way, room.sun_color)
    guard room.open != 0, room.glare > 0, color.0 + color.1 + color.2 > 0 else { return nil }
    return (SIMD3(Double(way.0), Double(way.1), Double(way.2)), Double(room.flare))
  }
}

extension tracer_object {
  /// At most the distance to the surface, in metres; negative inside.
  func distance(to point: SIMD3<Double>) -> Double {
    let h = SIMD3(Double(half.0), Double(half.1), Double(half.2))
    let p = point - SIMD3(Double(center.0), Double(center.1), Double(center.2))
    if shape == TRACER_STICK.rawValue {
      let along = min(1, max(-1, p.dot(h) / h.dot(h)))
      return (p - h * along).length - Double(radius)
    }
    let (c, s) = (Double(turn.0), Double(turn.1))
    let q = SIMD3(p.x * c + p.y * s, p.y * c - p.x * s, p.z)
    switch tracer_shape(UInt32(shape)) {
    case TRACER_BOX: return boxDistance(q, h)
    case TRACER_ELLIPSOID: return ((q / h).length - 1) * h.min()
    default: return coneDistance(q, h)
    }
  }

  private func boxDistance(_ q: SIMD3<Double>, _ h: SIMD3<Double>) -> Double {
    let d = SIMD3(abs(q.x), abs(q.y), abs(q.z)) - h
    let outside = SIMD3(max(d.x, 0), max(d.y, 0), max(d.z, 0)).length
    return outside + min(0, d.max())
  }

  /// To the upright cylinder around a cone.
  private func coneDistance(_ q: SIMD3<Double>, _ h: SIMD3<Double>) -> Double {
    let radial = SIMD3(q.x, q.y, 0).length - max(h.x, h.y) * (1 + abs(Double(taper)))
    let axial = abs(q.z) - h.z
    return SIMD3(max(radial, 0), max(axial, 0), 0).length + min(0, max(radial, axial))
  }
}
