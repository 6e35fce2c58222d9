import CTracer
import Scene

/// A finished scene: the tracer's own copy, and the solids that a walker must not enter.
///
/// Nothing changes it once it is made, so threads share it freely.
final class Scenery: @unchecked Sendable {
  let pointer: OpaquePointer
  let size: SIMD3<Double>
  let solids: [tracer_object]

  init(_ stage: Stage) {
    pointer = tracer_scene_new()
    size = stage.size
    solids = stage.objects
    for var material in stage.materials { tracer_scene_add_material(pointer, &material) }
    for var object in stage.objects { tracer_scene_add_object(pointer, &object) }
    for var decal in stage.decals { tracer_scene_add_decal(pointer, &decal) }
    var room = stage.room
    tracer_scene_finish(pointer, &room)
  }

  deinit { tracer_scene_free(pointer) }

  /// How far a point is from the nearest solid or wall, in metres; negative inside one.
  func clearance(at p: SIMD3<Double>) -> Double {
    let walls = min((p).min(), (size - p).min())
    return solids.reduce(walls) { min($0, $1.distance(to: p)) }
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
