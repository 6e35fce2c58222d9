import Scene

/// One keyframe but for its pixels: 128 bytes, poses to the last bit.
struct Record {
  // The rotation's columns, and in the fourth lanes the position.
  private let right: SIMD4<Double>
  private let down: SIMD4<Double>
  private let forward: SIMD4<Double>
  let generation: Double
  /// What its say is multiplied by: for its generation and the model's certainty.
  let discount: Float
  let certainty: Float
  /// Its lens among the register's.
  fileprivate let lens: Int32
  /// Its depths among the register's; -1 if it has none.
  fileprivate var depths: Int32

  fileprivate init(
    _ pose: Pose, generation: Double, discount: Float, certainty: Float, lens: Int32, depths: Int32
  ) {
    right = SIMD4(pose.rotation.x, pose.position.x)
    down = SIMD4(pose.rotation.y, pose.position.y)
    forward = SIMD4(pose.rotation.z, pose.position.z)
    (self.generation, self.discount, self.certainty) = (generation, discount, certainty)
    (self.lens, self.depths) = (lens, depths)
  }

  var position: SIMD3<Double> { [right.w, down.w, forward.w] }
  var axis: SIMD3<Double> { forward.columns }
  var pose: Pose {
    Pose(
      rotation: Matrix3(columns: right.columns, down.columns, forward.columns), position: position)
  }
}

extension SIMD4<Double> {
  fileprivate var columns: SIMD3<Double> { [x, y, z] }
}

/// A lens that keyframes share, and what of it is asked for all the time.
struct Lens {
  let intrinsics: Intrinsics
  /// Of the narrowest cone about the viewing axis that holds the image and a margin.
  let cosine: Double
  let sine: Double
  let pixelsPerUnit: Double

  /// - Parameter margin: in image widths.
  init(_ lens: Intrinsics, margin: Double) {
    intrinsics = lens
    let size = SIMD2(Double(lens.width), Double(lens.height))
    let corners = [SIMD2(0.0, 0.0), SIMD2(1, 0), SIMD2(0, 1), SIMD2(1, 1)]
    let lengths = corners.map { corner in
      lens.direction(at: (corner + (corner * 2 - 1) * margin) * size).length
    }
    cosine = 1 / lengths.max()!
    sine = max(1e-9, (1 - cosine * cosine).squareRoot())
    pixelsPerUnit = lens.pixelsPerUnit
  }
}

/// All keyframes of a memory, in order of admission, whatever they hold.
struct Register {
  private var records = Pile<Record>()
  private var depths = Pile<CoarseDepth>()
  private var lenses: [Lens] = []
  private var numbers: [Intrinsics: Int32] = [:]
  private var latestLens: Int32 = -1
  private let margin: Double

  init(margin: Double) { self.margin = margin }

  var count: Int { records.count }

  mutating func append(
    _ camera: Camera, generation: Double, certainty: Double, decay: Double, depths: CoarseDepth?
  ) {
    var place: Int32 = -1
    if let depths {
      place = Int32(self.depths.count)
      self.depths.append(depths)
    }
    records.append(
      Record(
        camera.pose, generation: generation, discount: Float(pow(decay, generation) * certainty),
        certainty: Float(certainty), lens: number(of: camera.intrinsics), depths: place))
  }

  private mutating func number(of lens: Intrinsics) -> Int32 {
    // Mostly the same as the last one, and looking it up takes longer than all the rest.
    if latestLens >= 0, lenses[Int(latestLens)].intrinsics == lens { return latestLens }
    latestLens = numbers[lens] ?? Int32(lenses.count)
    if latestLens == lenses.count {
      lenses.append(Lens(lens, margin: margin))
      numbers[lens] = latestLens
    }
    return latestLens
  }

  mutating func learn(_ depths: CoarseDepth, of i: Int) {
    if records[i].depths >= 0 {
      self.depths[Int(records[i].depths)] = depths
    } else {
      records[i].depths = Int32(self.depths.count)
      self.depths.append(depths)
    }
  }

  subscript(i: Int) -> Record { records[i] }

  func lens(of record: Record) -> Lens { lenses[Int(record.lens)] }

  func depths(of record: Record) -> CoarseDepth? {
    record.depths < 0 ? nil : depths[Int(record.depths)]
  }

  func camera(of record: Record) -> Camera {
    Camera(intrinsics: lenses[Int(record.lens)].intrinsics, pose: record.pose)
  }

  func viewpoint(of record: Record) -> Viewpoint {
    Viewpoint(camera: camera(of: record), discount: record.discount, depths: depths(of: record))
  }

  /// What rows and lenses take, and the depths where there are any.
  var bytes: Int {
    let hint = MemoryLayout<CoarseDepth>.stride + 32 + CoarseDepth.side * CoarseDepth.side
    let lens = MemoryLayout<Lens>.stride + 2 * MemoryLayout<(Intrinsics, Int32)>.stride
    return records.bytes + depths.count * hint + lenses.count * lens
  }
}

/// What is asked of a keyframe when it is weighed.
struct Viewpoint {
  let camera: Camera
  let discount: Float
  let depths: CoarseDepth?
}
