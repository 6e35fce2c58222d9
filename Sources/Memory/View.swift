import Scene

/// What a keyframe makes of eight of a query's points.
struct Sight {
  /// Which part of each point's cell falls inside the image, 0...1.
  var visible: Block
  /// The cosine of the angle at the point between the way to the query and to the keyframe.
  var agreement: Block
  /// The keyframe's pixels for each of the query's pixels, along one axis.
  var resolution: Block

  /// How well the keyframe shows the points: 1 where it sees what the query would.
  @inline(__always) var weight: Block {
    visible * agreement.positive * resolution.atMost(.one)
  }

  /// How far the points are known from here: 1 up to the angle of that cosine, 0 from 90° on.
  @inline(__always) func known(cosine: Float) -> Block {
    visible * (agreement * (1 / cosine)).unit
  }
}

/// A keyframe's camera seen from a query: takes the query's points to the keyframe's image.
///
/// The relative pose is formed in Float64, so that Float32 is enough at any distance from the
/// world's origin.
struct View {
  /// The query's axes and origin in the keyframe's coordinates.
  private let x: SIMD3<Float>
  private let y: SIMD3<Float>
  private let z: SIMD3<Float>
  private let origin: SIMD3<Float>
  /// The keyframe's position in the query's coordinates.
  private let position: SIMD3<Float>
  /// Focal length and principal point over image size.
  private let focal: SIMD2<Float>
  private let center: SIMD2<Float>
  private let magnification: Float
  private let rays: Float
  /// 16 x 16; empty where the keyframe has none.
  private let inverseDepths: [Float]

  init(of viewpoint: Viewpoint, in query: Frustum) {
    let camera = viewpoint.camera
    let relative = query.camera.pose.relative(to: camera.pose)
    let lens = camera.intrinsics
    let size = SIMD2(Double(lens.width), Double(lens.height))
    x = SIMD3(relative.rotation.x)
    y = SIMD3(relative.rotation.y)
    z = SIMD3(relative.rotation.z)
    origin = SIMD3(relative.position / query.scale)
    position = SIMD3(relative.inverse.position / query.scale)
    focal = SIMD2(lens.focal / size)
    center = SIMD2(lens.center / size)
    magnification = Float(lens.pixelsPerUnit / query.camera.intrinsics.pixelsPerUnit)
    rays = Float(query.rays)
    inverseDepths = viewpoint.depths?.inverseDepths ?? []
  }

  @inline(__always) func look(at p: Frustum.Points) -> Sight {
    let (px, py, pz) = (p.x, p.y, p.z)
    let cx = x.x * px + y.x * py + z.x * pz + origin.x
    let cy = x.y * px + y.y * py + z.y * pz + origin.y
    let cz = x.z * px + y.z * py + z.z * pz + origin.z
    let nearness = 1 / cz.atLeast(Block(repeating: 1e-3))
    let (u, v) = (cx * nearness * focal.x + center.x, cy * nearness * focal.y + center.y)
    var inside = Self.inside(u, v, cells: rays)
    if !inverseDepths.isEmpty { inside *= unhidden(u, v, cz) }

    // The cosine: with p from the query and p - position from here, p · (p - position) / lengths.
    let closeness = 1 / (cx * cx + cy * cy + cz * cz + 1e-12).squareRoot()
    let ratio = p.length * closeness
    let sideways = (px * position.x + py * position.y + pz * position.z) * p.inverseLength
    return Sight(
      visible: p.mass * inside.kept(where: cz - 1e-3),
      agreement: ratio - sideways * closeness, resolution: magnification * ratio)
  }
}

extension View {
  /// The part of a cell centred at u, v that is inside the image: half at the border, so that no
  /// hair's breadth decides. Inlined, the compiler makes its caller slower by half.
  @inline(never) private static func inside(_ u: Block, _ v: Block, cells: Float) -> Block {
    (0.5 + cells * u.atMost(1 - u)).unit * (0.5 + cells * v.atMost(1 - v)).unit
  }

  /// 1 for points before or at the keyframe's surfaces, 0 behind them.
  private func unhidden(_ u: Block, _ v: Block, _ depth: Block) -> Block {
    let side = CoarseDepth.side
    let cells = v.cell(of: side) &* Int32(side) &+ u.cell(of: side)
    var inverse = Block.zero
    for i in 0..<8 { inverse[i] = inverseDepths[Int(cells[i])] }
    return ((View.hidden - depth * inverse) * (1 / (View.hidden - View.shown))).unit
  }

  /// How many times as deep as its cell's surface a point is: surely seen up to the first, surely
  /// hidden from the second on. A cell's depth is a mean over a sixteenth of the image.
  private static let shown: Float = 1.15
  private static let hidden: Float = 1.45
}

extension Intrinsics {
  /// Pixels that one unit at distance one spans.
  var pixelsPerUnit: Double { (focal.x * focal.y).squareRoot() }
}

extension Camera {
  /// Whether anything can be seen through it at all: finite, with an image and a lens.
  var isUsable: Bool {
    let (r, lens) = (pose.rotation, intrinsics)
    return pose.position.isFinite && r.x.isFinite && r.y.isFinite && r.z.isFinite
      && lens.width > 0 && lens.height > 0 && lens.focal.x > 0 && lens.focal.y > 0
      && (lens.focal + lens.center).sum().isFinite
  }
}
