import Scene

/// Where a query's surfaces are, as far as keyframes' coarse depths tell: their cells, carried over
/// to the query's image, the nearest one on each ray.
struct Surfaces {
  private let query: Camera
  private let scale: Double
  private let rays: Int
  /// A ray each, 0 where nothing is known.
  private(set) var inverseDepths: [Float]

  init(of query: Camera, scale: Double, rays: Int) {
    (self.query, self.scale, self.rays) = (query, scale, rays)
    inverseDepths = Array(repeating: 0, count: rays * rays)
  }

  mutating func add(_ depths: CoarseDepth, of camera: Camera) {
    let (side, lens) = (CoarseDepth.side, camera.intrinsics)
    let size = SIMD2(Double(lens.width), Double(lens.height))
    let toQuery = camera.pose.relative(to: query.pose)
    let toImage = Projection(query.intrinsics, rays: rays)
    // Cells of a camera farther away cover more than a ray: `spread` for each of its depth.
    let spread = toImage.focal.x / (lens.focal.x / size.x * Double(side))
    let inverse = depths.inverseDepths
    for i in inverse.indices where inverse[i] > 0 {
      let depth = 1 / Double(inverse[i])
      let cell = SIMD2(Double(i % side) + 0.5, Double(i / side) + 0.5) / Double(side)
      let point = toQuery.rotation * (lens.direction(at: cell * size) * depth)
      place(point + toQuery.position / scale, toImage, width: spread * depth)
    }
  }

  /// Marks the rays through a square of that width around a point, in the query's coordinates.
  private mutating func place(_ p: SIMD3<Double>, _ image: Projection, width: Double) {
    guard p.z > 0.02 else { return }
    let middle = SIMD2(p.x, p.y) / p.z * image.focal + image.center
    let half = min(2, max(0.5, width / p.z / 2))
    let (left, right) = (ceil(middle.x - half - 0.5), floor(middle.x + half - 0.5))
    let (top, bottom) = (ceil(middle.y - half - 0.5), floor(middle.y + half - 0.5))
    let last = Double(rays - 1)
    guard left <= last, top <= last, right >= 0, bottom >= 0 else { return }
    for y in stride(from: max(0, top), through: min(last, bottom), by: 1) {
      for x in stride(from: max(0, left), through: min(last, right), by: 1) {
        let ray = Int(y) * rays + Int(x)
        inverseDepths[ray] = max(inverseDepths[ray], Float(1 / p.z))
      }
    }
  }

  /// From directions to rays.
  private struct Projection {
    let focal: SIMD2<Double>
    let center: SIMD2<Double>

    init(_ lens: Intrinsics, rays: Int) {
      let size = SIMD2(Double(lens.width), Double(lens.height)) / Double(rays)
      (focal, center) = (lens.focal / size, lens.center / size)
    }
  }
}
