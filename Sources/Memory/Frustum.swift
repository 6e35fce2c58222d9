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
  let count: Int
  let points: [Points]

  /// Samples `rays` x `rays` patch centres at each of the policy's depths.
  init(of camera: Camera, scale: Double, policy: Policy, rays: Int) {
    self.camera = camera
    self.scale = scale
    self.rays = rays
    depths = policy.sampledDepths
    count = rays * rays * depths.count
    var points = Array(repeating: Points(), count: (count + 7) / 8)
    let size = SIMD2(Double(camera.intrinsics.width), Double(camera.intrinsics.height))
    for ray in 0..<rays * rays {
      let cell = SIMD2(Double(ray % rays) + 0.5, Double(ray / rays) + 0.5)
      let direction = camera.intrinsics.direction(at: cell / Double(rays) * size)
      for (k, depth) in depths.enumerated() {
        points.place(direction * depth, at: k * rays * rays + ray)
      }
    }
    self.points = points
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

extension Policy {
  /// From near to far in equal ratios.
  var sampledDepths: [Double] {
    let (n, nearest) = (max(1, depths), max(1e-3, near))
    let ratio = max(nearest, far) / nearest
    return (0..<n).map { nearest * pow(ratio, n > 1 ? Double($0) / Double(n - 1) : 0.5) }
  }
}

extension [Frustum.Points] {
  fileprivate mutating func place(_ p: SIMD3<Double>, at i: Int) {
    self[i / 8].x[i % 8] = Float(p.x)
    self[i / 8].y[i % 8] = Float(p.y)
    self[i / 8].z[i % 8] = Float(p.z)
    self[i / 8].length[i % 8] = Float(p.length)
    self[i / 8].inverseLength[i % 8] = Float(1 / p.length)
    self[i / 8].mass[i % 8] = 1
  }
}
