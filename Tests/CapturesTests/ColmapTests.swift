import Captures
import Foundation
import Images
import Scene
import Testing

/// COLMAP's folders, in and out; against numbers worked out by hand and, where it is installed,
/// against COLMAP.
@Suite struct ColmapTests {
  /// A camera at (1, 2, 3) that looks along +x with its top along +z: by hand from COLMAP's
  /// definition, x_camera = R x_world + t.
  private static let line = "1 0.5 0.5 -0.5 0.5 2 3 -1 1 b.png"
  private static let pose = Pose(
    rotation: Matrix3(columns: [0, -1, 0], [0, 0, -1], [1, 0, 0]), position: [1, 2, 3])

  private func open(
    cameras: String = "1 PINHOLE 40 30 50 51 19 16", images: String = line + "\n\n"
  ) throws -> Capture {
    let folder = try TemporaryFolder()
    for name in ["a", "b"] {
      try Image(width: 40, height: 30).writePNG(to: "\(folder.path)/images/\(name).png")
    }
    try folder.write(cameras, as: "cameras.txt")
    try folder.write("# a comment\n" + images, as: "images.txt")
    return try Capture(contentsOf: folder.path)
  }

  @Test func turnsWorldToCameraIntoCameraToWorld() throws {
    let camera = try open().entries[0].camera
    #expect(camera.pose.angle(to: Self.pose) < 1e-7)
    #expect((camera.pose.position - Self.pose.position).length < 1e-12)
    #expect(camera.pose.forward.dot([1, 0, 0]) > 1 - 1e-12)
    #expect(
      camera.intrinsics == Intrinsics(width: 40, height: 30, focal: [50, 51], center: [19, 16]))
  }

  /// As Windows ends lines.
  @Test func takesLinesThatEndInTwo() throws {
    let capture = try open(
      cameras: "# c\r\n1 PINHOLE 40 30 50 51 19 16\r\n", images: Self.line + "\r\n\r\n")
    #expect(capture.entries.map { $0.path.suffix(5) } == ["b.png"])
    #expect((capture.entries[0].camera.pose.position - Self.pose.position).length < 1e-12)
  }

  @Test func takesOtherModelsPointsAndAnyOrder() throws {
    let capture = try open(
      cameras: "# c\n3 SIMPLE_RADIAL 40 30 50 20 15 0.0004\n7 OPENCV 40 30 60 61 20 15 0 0 0 0\n",
      images: Self.line.replacing(" 1 b.png", with: " 3 b.png") + "\n1.5 2.5 -1 3 4 17\n"
        + "2 1 0 0 0 0 0 0 7 a.png\n")
    #expect(capture.entries.map { $0.path.suffix(5) } == ["a.png", "b.png"])
    #expect(capture.entries.map(\.camera.intrinsics.focal) == [[60, 61], [50, 50]])
    #expect(capture.entries[0].camera.pose == Pose())
  }

  @Test(arguments: [
    ("1 OPENCV_FISHEYE 40 30 50 50 20 15 0 0 0 0", line, "OPENCV_FISHEYE"),
    ("1 SIMPLE_RADIAL 40 30 50 20 15 0.2", line, "distorts"),
    ("1 PINHOLE 40 30 50 51 19", line, "4 finite numbers"),
    ("1 PINHOLE 40 30 50 nan 19 15", line, "finite"),
    ("one PINHOLE 40 30 50 51 19 16", line, "line 1"),
    ("1 PINHOLE 20 30 50 51 10 16", line, "another shape"),
    ("1 PINHOLE 40 30 50 51 19 16", "", "no images"),
    ("1 PINHOLE 40 30 50 51 19 16", "1 0 0 0 0 2 3 -1 1 b.png", "quaternion"),
    ("1 PINHOLE 40 30 50 51 19 16", "1 1 0 0 0 2 3 inf 1 b.png", "not finite"),
    ("1 PINHOLE 40 30 50 51 19 16", "1 1 0 0 0 2 3 b.png", "line 2"),
    ("1 PINHOLE 40 30 50 51 19 16", "1 1 0 0 0 2 3 4 9 b.png", "no camera 9"),
    ("1 PINHOLE 40 30 50 51 19 16", "1 1 0 0 0 2 3 4 1 c.png", "c.png"),
  ])
  func whatMakesNoSenseIsNamed(cameras: String, images: String, word: String) throws {
    let error = #expect(throws: CaptureError.self) { try open(cameras: cameras, images: images) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "none")")
  }

  // MARK: Writing

  private static let frames = (0..<12).map { i -> Frame in
    let t = Double(i) * 0.9
    let facing: SIMD3<Double> = [cos(t), sin(t * 1.7), sin(t) - 0.3]
    var lens = Intrinsics(width: 20, height: 16, focal: [17.1, 18.3], center: [9.7, 8.2])
    if i % 3 == 2 { lens.focal.x += 1 / 3.0 }
    return Frame(
      image: Image(width: 20, height: 16, color: [UInt8(i * 20), 3, 200]),
      camera: Camera(
        intrinsics: lens, pose: Pose(at: [t * 1e3, -t / 7, 1e-4], facing: facing, up: [0, 0, 1])))
  }

  private func write(_ layout: Capture.Layout, to folder: String) throws -> [ImageFile] {
    let pictures = try Self.frames.enumerated().map { i, frame in
      try ImageFile(i % 2 == 0 ? frame.image.png() : frame.image.jpeg(), name: "picture")
    }
    try Capture.write(
      cameras: Self.frames.map(\.camera), up: SIMD3(0.1, 0, 1).normalized, scale: 0.7, to: folder,
      layout: layout
    ) { pictures[$0] }
    return pictures
  }

  @Test(arguments: Capture.Layout.allCases)
  func readsBackWhatItWrites(layout: Capture.Layout) throws {
    let folder = try TemporaryFolder()
    let pictures = try write(layout, to: "\(folder.path)/new")
    let capture = try Capture(contentsOf: "\(folder.path)/new")
    #expect(capture.count == 12 && capture.scale == 0.7)
    #expect((capture.up - SIMD3(0.1, 0, 1).normalized).length < 1e-15)
    for (i, frame) in Self.frames.enumerated() {
      let camera = capture.entries[i].camera
      #expect(camera.intrinsics == frame.camera.intrinsics)
      let (a, b) = (camera.pose, frame.camera.pose)
      #expect((a.position - b.position).length < 1e-9)
      for (x, y) in [(a.right, b.right), (a.down, b.down), (a.forward, b.forward)] {
        #expect((x - y).length < 1e-12)
      }
      #expect(try capture.picture(i) == pictures[i])
    }
  }

  @Test func aFailureLeavesNothing() throws {
    let folder = try TemporaryFolder()
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try Capture.write(
        cameras: Self.frames.map(\.camera), up: [0, 0, 1], scale: 1, to: "\(folder.path)/new",
        layout: .colmap
      ) { i in
        guard i < 5 else { throw Stop() }
        return ImageFile(Self.frames[i].image)
      }
    }
    #expect(folder.files() == ["images"])
  }

  private static let colmap = ["/usr/bin/colmap", "/usr/local/bin/colmap"]
    .first(where: FileManager.default.isExecutableFile)

  @Test(.enabled(if: colmap != nil, "COLMAP is not installed"))
  func colmapReadsWhatWeWriteAndWeReadWhatItWrites() throws {
    let folder = try TemporaryFolder()
    let new = "\(folder.path)/new"
    _ = try write(.colmap, to: new)
    let analysis = try run("model_analyzer", "--path", "\(new)/sparse/0")
    #expect(analysis.contains("Images: 12") && analysis.contains("Registered images: 12"))
    _ = try run(
      "model_converter", "--input_path", "\(new)/sparse/0", "--output_path", "\(new)/sparse",
      "--output_type", "BIN")
    let before = try Capture(contentsOf: new)
    for end in ["cameras.txt", "images.txt", "points3D.txt"] {
      try FileManager.default.removeItem(atPath: "\(new)/sparse/0/\(end)")
    }
    let after = try Capture(contentsOf: new)
    #expect(after.count == 12)
    for (a, b) in zip(before.entries, after.entries) {
      #expect(a.path == b.path && a.camera.intrinsics == b.camera.intrinsics)
      #expect((a.camera.pose.position - b.camera.pose.position).length < 1e-9)
      #expect(a.camera.pose.angle(to: b.camera.pose) < 1e-7)
    }
  }

  private func run(_ arguments: String...) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: Self.colmap!)
    process.arguments = arguments
    process.environment = ["QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"]
    (process.standardOutput, process.standardError) = (pipe, pipe)
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
    return text
  }
}
