import CTracer
import Scene

/// An upright rectangle in the plane, in metres.
struct Rectangle {
  var low: SIMD2<Double>
  var high: SIMD2<Double>

  init(center c: SIMD2<Double>, half h: SIMD2<Double>) { (low, high) = (c - h, c + h) }

  init(low: SIMD2<Double>, high: SIMD2<Double>) { (self.low, self.high) = (low, high) }

  var area: Double { (high.x - low.x) * (high.y - low.y) }

  var center: SIMD2<Double> { (low + high) / 2 }

  var half: SIMD2<Double> { (high - low) / 2 }

  /// The part that is so far from the edges.
  func inset(_ d: Double) -> Rectangle { Rectangle(low: low + d, high: high - d) }

  func contains(_ b: Rectangle) -> Bool {
    b.low.x >= low.x && b.low.y >= low.y && b.high.x <= high.x && b.high.y <= high.y
  }

  func contains(_ p: SIMD2<Double>) -> Bool {
    p.x >= low.x && p.y >= low.y && p.x <= high.x && p.y <= high.y
  }

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
