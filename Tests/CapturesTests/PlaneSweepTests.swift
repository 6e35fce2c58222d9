import Images
import Scene
import Testing

@testable import Captures

struct PlaneSweepTests {
  /// Pictures of a painted wall, `distance` away, by cameras beside each other that look at it
  /// somewhat askew; each with an exposure of its own.
  private func pictures(
    count: Int = 5, distance: Double, step: Double, side: Int = 96
  ) -> [Frame] {
    (0..<count).map { i in
      let x = step * (Double(i) - Double(count - 1) / 2)
      let pose = Pose(
        rotation: .rotation(by: 0.04 * Double(i % 3 - 1), about: [0, 1, 0]),
        position: [x, 0.3 * step * Double(i % 2), 0])
      let lens = Intrinsics(width: side, height: side, horizontalFieldOfView: 1.1)
      let camera = Camera(intrinsics: lens, pose: pose)
      var image = Image(width: side, height: side)
      for v in 0..<side {
        for u in 0..<side {
          let ray = pose.rotation * lens.direction(at: [Double(u) + 0.5, Double(v) + 0.5])
          let point = pose.position + ray * ((distance - pose.position.z) / ray.z)
          image[u, v] = paint(point / distance, exposure: 1 - 0.08 * Double(i))
        }
      }
      return Frame(image: image, camera: camera)
    }
  }

  /// Waves of many lengths and directions, none of them a multiple of another.
  private func paint(_ p: SIMD3<Double>, exposure: Double) -> SIMD3<UInt8> {
    let waves = (1...7).map { n -> Double in
      let (k, turn) = (4.3 * pow(1.37, Double(n)), 2.4 * Double(n))
      return sin(k * (p.x * cos(turn) + p.y * sin(turn)) + Double(n * n))
    }
    let grey = 120 + 30 * waves.reduce(0, +)
    return SIMD3(repeating: UInt8(min(255, max(0, grey * exposure))))
  }

  /// The same as a capture whose file does not say how large a unit is.
  private func capture(_ frames: [Frame], in folder: TemporaryFolder) throws -> Capture {
    for (i, frame) in frames.enumerated() {
      try frame.image.writePNG(to: "\(folder.path)/images/\(i).png")
    }
    let names = frames.indices.map { "images/\($0).png" }
    let transforms = Transforms(frames.map(\.camera), files: names)
    try folder.write(transforms.json(for: folder.path))
    return try Capture(contentsOf: folder.path)
  }

  @Test(arguments: [0.02, 1, 300], [0.1, 0.4])
  func findsAWall(distance: Double, step: Double) throws {
    let folder = try TemporaryFolder()
    let capture = try capture(pictures(distance: distance, step: step * distance), in: folder)
    let depth = try #require(capture.medianDepth())
    #expect(abs(depth / distance - 1) < 0.12, "\(depth)")  // half a step between depths: 10 %
    #expect(capture.scale == depth / Capture.trainedDepth)
  }

  @Test func findsItInTwoPictures() throws {
    let folder = try TemporaryFolder()
    let capture = try capture(pictures(count: 2, distance: 3, step: 0.5), in: folder)
    #expect(abs(capture.scale * Capture.trainedDepth / 3 - 1) < 0.12)
  }

  @Test func camerasDecideWherePicturesCannot() throws {
    // Nothing to see; one picture; cameras that only turn: no depth, and no crash.
    let grey = pictures(distance: 2, step: 0.3).map {
      Frame(image: Image(width: 96, height: 96, color: [90, 90, 90]), camera: $0.camera)
    }
    let unlike = pictures(distance: 2, step: 0.3).enumerated().map {
      Frame(image: noise(96, 96, seed: UInt64($0)), camera: $1.camera)
    }
    let alone = Array(pictures(distance: 2, step: 0.3).prefix(1))
    for frames in [grey, unlike, alone, pictures(distance: 2, step: 0)] {
      let folder = try TemporaryFolder()
      let capture = try capture(frames, in: folder)
      #expect(capture.medianDepth() == nil)
      #expect(capture.scale == Capture.scale(of: frames.map(\.camera)))
    }
  }

  @Test func leavesOutPicturesThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    let whole = try capture(pictures(distance: 4, step: 0.6), in: folder)
    let file = "\(folder.path)/images/2.png"
    let bytes = try ImageFile(contentsOf: file).bytes
    try folder.write(Array(bytes.prefix(bytes.count / 2)), as: "images/2.png")
    let capture = try Capture(contentsOf: folder.path)
    #expect(abs(capture.scale / whole.scale - 1) < 0.25)
    #expect(throws: ImageError.self) { try capture.frame(2) }
  }
}
