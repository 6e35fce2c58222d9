import Scene

/// Points spread through what a camera may see, in its own coordinates and network units.
struct Frustum {
  /// Eight points; a point of no mass is there to fill the block.
  struct Points {
    var x = Block.zero
    var y = Block.zero
    var z = Block.one
    /// Distance from the camera.
    var length = Block.one
    var inverseLength = Block.one
    var mass = Block.zero
  }

  let camera: Camera
  /// World units in a network unit.
  let scale: Double
  let rays: Int
  let depths: [Double]
  /// The sum of all masses: a ray for each of its depths.
  let count: Int
  let points: [Points]

  /// Samples `rays` x `rays` patch centres, at each of the policy's depths and, where a ray's
  /// surface is known, there.
  ///
  /// - Parameters:
  ///   - surfaces: inverse depths, a ray each, 0 where unknown; none for all unknown.
  ///   - trust: the part of a ray's mass that its surface has, 0...1.
  init(
    of camera: Camera, scale: Double, policy: Policy, rays: Int, surfaces: [Float] = [],
    trust: Double = 1
  ) {
    self.camera = camera
    self.scale = scale
    self.rays = rays
    depths = policy.sampledDepths
    count = rays * rays * depths.count
    var sampling = Sampling(reserving: count)
    let size = SIMD2(Double(camera.intrinsics.width), Double(camera.intrinsics.height))
    var open: [(direction: SIMD3<Double>, mass: Double)] = []
    for ray in 0..<rays * rays {
      let cell = SIMD2(Double(ray % rays) + 0.5, Double(ray / rays) + 0.5)
      let direction = camera.intrinsics.direction(at: cell / Double(rays) * size)
      let inverse = surfaces.isEmpty ? 0 : Double(surfaces[ray])
      let known = inverse > 0 ? trust : 0
      if known > 0 { sampling.add(direction / inverse, mass: known * Double(depths.count)) }
      if known < 1 { open.append((direction, 1 - known)) }
    }
    for depth in depths { for (ray, mass) in open { sampling.add(ray * depth, mass: mass) } }
    points = sampling.points
  }

  /// Balls, in world coordinates, that hold everything the camera sees at each depth.
  var bounds: [Sphere] {
    let lens = camera.intrinsics
    let size = SIMD2(Double(lens.width), Double(lens.height))
    let middle = lens.direction(at: size / 2)
    let radius = (lens.direction(at: .zero) - middle).length
    return depths.map {
      Sphere(center: camera.pose * (middle * ($0 * scale)), radius: radius * $0 * scale)
    }
  }
}

struct Sphere {
  var center: SIMD3<Double>
  var radius: Double
}

extension Policy {
  /// From near to far in equal ratios.
  var sampledDepths: [Double] {
    let (n, nearest) = (max(1, depths), max(1e-3, near))
    let ratio = max(nearest, far) / nearest
    return (0..<n).map { nearest * pow(ratio, n > 1 ? Double($0) / Double(n - 1) : 0.5) }
  }
}

/// Points, packed by eight as they come.
private struct Sampling {
  var points: [Frustum.Points] = []
  private var next = 0

  init(reserving count: Int) { points.reserveCapacity((count + 7) / 8) }

  mutating func add(_ p: SIMD3<Double>, mass: Double) {
    let lane = next % 8
    if lane == 0 { points.append(Frustum.Points()) }
    let (last, length) = (points.count - 1, p.length)
    points[last].x[lane] = Float(p.x)
    points[last].y[lane] = Float(p.y)
    points[last].z[lane] = Float(p.z)
    points[last].length[lane] = Float(length)
    points[last].inverseLength[lane] = Float(1 / length)
    points[last].mass[lane] = Float(mass)
    next += 1
  }
}
