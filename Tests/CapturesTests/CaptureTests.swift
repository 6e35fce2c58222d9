import Captures
import Foundation
import Images
import Scene
import Testing

struct CaptureTests {
  /// A dark image with a bright blob of 4 x 4 pixels about a point.
  private func blob(at point: SIMD2<Double>, width: Int, height: Int) -> Image {
    var image = Image(width: width, height: height, color: [10, 10, 10])
    for y in Int(point.y) - 2..<Int(point.y) + 2 {
      for x in Int(point.x) - 2..<Int(point.x) + 2 { image[x, y] = [250, 250, 250] }
    }
    return image
  }

  /// The mean place of an image's light above the ground, in pixels from its corner.
  private func brightest(_ image: Image) -> SIMD2<Double> {
    var (sum, total) = (SIMD2<Double>.zero, 0.0)
    for y in 0..<image.height {
      for x in 0..<image.width {
        let light = max(0, Double(image[x, y].x) - 12)
        sum += SIMD2(Double(x) + 0.5, Double(y) + 0.5) * light
        total += light
      }
    }
    return sum / total
  }

  @Test(arguments: [
    (160, 90, 90, 90), (160, 90, 64, 64), (160, 90, 80, 20), (90, 161, 45, 45), (161, 91, 50, 50),
    (80, 60, 200, 150), (160, 90, 33, 47),
  ])
  func aPointStaysOnItsContent(_ w: Int, _ h: Int, _ width: Int, _ height: Int) throws {
    let lens = Intrinsics(
      width: w, height: h, focal: [70, 75], center: [Double(w) * 0.45, Double(h) * 0.55])
    let camera = Camera(
      intrinsics: lens, pose: Pose(at: [1, 2, 3], lookingAt: [4, 2.5, 0], up: [0, 1, 0]))
    // The world point behind whole pixel coordinates near the middle, where no crop reaches.
    let pixel = SIMD2(Double(w / 2 + 5), Double(h / 2 - 4))
    let point = camera.unproject(pixel, depth: 3)
    let frame = Frame(image: blob(at: pixel, width: w, height: h), camera: camera)
    #expect((brightest(frame.image) - pixel).max() < 1e-9)

    let small = frame.resampled(width: width, height: height)
    #expect((small.image.width, small.image.height) == (width, height))
    #expect((small.camera.intrinsics.width, small.camera.intrinsics.height) == (width, height))
    let expected = try #require(small.camera.project(point))
    let error = brightest(small.image) - expected
    #expect(max(abs(error.x), abs(error.y)) < 0.06)
  }

  @Test func keepsTheWholeImageWhereTheShapeIsTheSame() {
    let image = noise(64, 36, seed: 1)
    let camera = Camera(
      intrinsics: Intrinsics(width: 64, height: 36, horizontalFieldOfView: 1), pose: Pose())
    let frame = Frame(image: image, camera: camera)
    #expect(frame.resampled(width: 64, height: 36) == frame)
    let half = frame.resampled(width: 32, height: 18)
    #expect(abs(half.camera.intrinsics.horizontalFieldOfView - 1) < 1e-12)
    let square = frame.resampled(width: 36, height: 36)
    #expect(square.image == image.cropped(x: 14, y: 0, width: 36, height: 36))
  }

  private func cameras(at positions: [SIMD3<Double>]) -> [Camera] {
    positions.map {
      Camera(
        intrinsics: Intrinsics(width: 4, height: 4, horizontalFieldOfView: 1),
        pose: Pose(position: $0))
    }
  }

  @Test func scaleBringsTheSpreadOfCamerasToThatOfTraining() {
    // Three metres to each side of the mean: a spread of 3.
    #expect(abs(Capture.scale(of: cameras(at: [[1, 5, 0], [7, 5, 0]])) - 3 / 0.6) < 1e-12)
    #expect(Capture.scale(of: cameras(at: [[1, 2, 3]])) == 1)
    #expect(Capture.scale(of: cameras(at: [[1, 2, 3], [1, 2, 3]])) == 1)
    let spread = cameras(at: [[0, 0, 0], [1, 0, 0], [0, 3, 0], [0, 0, -2]])
    let shifted = cameras(at: [[9, 9, 9], [19, 9, 9], [9, 39, 9], [9, 9, -11]])
    #expect(abs(Capture.scale(of: shifted) / Capture.scale(of: spread) - 10) < 1e-9)
  }

  @Test func upIsTheMeanOfTheImagesTops() {
    func camera(_ roll: Double) -> Camera {
      let rotation = Matrix3.rotation(by: roll, about: [0, 0, 1])
      return Camera(
        intrinsics: Intrinsics(width: 4, height: 4, horizontalFieldOfView: 1),
        pose: Pose(rotation: rotation))
    }
    #expect(Capture.up(of: [camera(0)]) == [0, -1, 0])
    let up = Capture.up(of: [camera(0.3), camera(-0.3)])
    #expect((up - [0, -1, 0]).length < 1e-12)
    // One upside down beside one upright: no mean, so the first decides.
    #expect((Capture.up(of: [camera(0), camera(.pi)]) - [0, -1, 0]).length < 1e-9)
  }
}

struct WritingTests {
  private func frames(_ count: Int) -> [Frame] {
    randomCameras(count, width: 40, height: 30).enumerated().map {
      Frame(image: noise(40, 30, seed: UInt64($0)), camera: $1)
    }
  }

  @Test(arguments: [1, 2, 7]) func readsBackWhatItWrote(_ count: Int) throws {
    let folder = try TemporaryFolder()
    let frames = frames(count)
    let up = SIMD3(0.1, -0.7, 0.3).normalized
    let target = folder.path + "/capture/"
    try Capture.write(frames: frames, up: up, scale: 1 / 3, to: target)
    let capture = try Capture(contentsOf: target)
    #expect(try capture.entries.indices.map(capture.frame) == frames)
    #expect(capture.up == up && capture.scale == 1 / 3)
    #expect(capture.name == "capture")
    #expect(folder.files() == ["capture", "images"])
    #expect(folder.files(in: "capture/images").first == "0001.png")
  }

  @Test func jpegKeepsCamerasAndIsSmaller() throws {
    let folder = try TemporaryFolder()
    let frames = frames(2)
    try Capture.write(
      frames: frames, up: [0, 1, 0], scale: 2, to: folder.path + "/jpeg", as: .jpeg(quality: 50))
    let capture = try Capture(contentsOf: folder.path + "/jpeg")
    #expect(capture.entries.map(\.camera) == frames.map(\.camera))
    #expect(capture.entries[1].path.hasSuffix("images/0002.jpg"))
    #expect(try capture.frame(1).image != frames[1].image)
  }

  @Test func fillsAnEmptyFolderAndNoOther() throws {
    let folder = try TemporaryFolder()
    let frames = frames(1)
    try Capture.write(frames: frames, up: [0, 1, 0], scale: 1, to: folder.path + "/images")
    #expect(throws: CaptureError.occupied(folder: folder.path)) {
      try Capture.write(frames: frames, up: [0, 1, 0], scale: 1, to: folder.path)
    }
    #expect(folder.files() == ["images"])
    #expect(folder.files(in: "images") == ["images", "transforms.json"])
    #expect(try Capture(contentsOf: folder.path + "/images").frame(0) == frames[0])
  }

  /// As where a folder is a disk of its own, which can't be replaced, or a link.
  @Test func fillsWhatALinkLeadsTo() throws {
    let folder = try TemporaryFolder()
    let files = FileManager.default
    try files.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "\(folder.path)/images")
    let frames = frames(2)
    try Capture.write(frames: frames, up: [0, 1, 0], scale: 1, to: "\(folder.path)/link/")
    #expect(try Capture(contentsOf: "\(folder.path)/images").frame(1) == frames[1])
    #expect(try files.destinationOfSymbolicLink(atPath: "\(folder.path)/link").hasSuffix("images"))
  }

  @Test func leavesNothingBehindWhereItFails() throws {
    let folder = try TemporaryFolder()
    var frames = frames(2)
    func write(_ frames: [Frame], up: SIMD3<Double> = [0, 1, 0], to name: String = "new") throws {
      try Capture.write(frames: frames, up: up, scale: 1, to: "\(folder.path)/\(name)")
    }
    #expect(throws: CaptureError.self) { try write([]) }
    #expect(throws: CaptureError.self) { try write(frames, up: .zero) }
    #expect(throws: CaptureError.self) { try write(frames, to: "none/new") }
    frames[1].image = Image(width: 20, height: 15)
    #expect(throws: CaptureError.self) { try write(frames) }
    frames = self.frames(2)
    frames[1].camera.pose.position.x = .nan
    #expect(throws: CaptureError.self) { try write(frames) }
    frames[1].camera.pose = Pose(rotation: Matrix3(columns: [2, 0, 0], [0, 1, 0], [0, 0, 1]))
    #expect(throws: CaptureError.self) { try write(frames) }
    #expect(folder.files() == ["images"])
  }
}

struct PathFileTests {
  private let lens = Intrinsics(width: 64, height: 48, horizontalFieldOfView: 1.1)

  @Test func readsBackWhatItWrote() throws {
    let folder = try TemporaryFolder()
    let path = Path(cameras: randomCameras(5, width: 40, height: 30))
    let file = folder.path + "/walk.json"
    try path.write(to: file)
    #expect(try Path(contentsOf: file, defaultIntrinsics: lens) == path)
  }

  @Test func takesTheDefaultWhereThereIsNoLens() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(
      """
      {"frames": [{"transform_matrix": \(JSON.identity)},
        {"transform_matrix": \(JSON.identity), "fl_x": 30},
        {"transform_matrix": \(JSON.identity), "fl_x": 30, "w": 20, "h": 10}]}
      """, as: "walk.json")
    let cameras = try Path(contentsOf: file, defaultIntrinsics: lens).cameras
    #expect(cameras[0].intrinsics == lens)
    #expect(
      cameras[1].intrinsics
        == Intrinsics(width: 64, height: 48, focal: [30, 30], center: [32, 24]))
    #expect(
      cameras[2].intrinsics == Intrinsics(width: 20, height: 10, focal: [30, 30], center: [10, 5]))
    #expect(cameras[2].pose.forward == [0, 0, -1])
  }

  @Test(arguments: [
    ("{\"frames\": []}", "nowhere to go"), ("{", "not valid JSON"),
    ("{\n\"frames\": [}", "line 2, column 12"),
    ("{\"frames\": [{\"transform_matrix\": [[1]]}]}", "frame 1: transform_matrix must be"),
    ("{\"frames\": [{\"transform_matrix\": \(JSON.identity), \"fl_x\": -1}]}", "fl_x = -1.0"),
  ])
  func saysWhatIsWrong(_ json: String, _ words: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.write(json, as: "walk.json")
    do {
      _ = try Path(contentsOf: file, defaultIntrinsics: lens)
      Issue.record("no error")
    } catch {
      #expect("\(error)".hasPrefix("\(file): ") && "\(error)".contains(words))
    }
    #expect(throws: CaptureError.self) {
      try Path(contentsOf: file + "x", defaultIntrinsics: lens)
    }
  }

  @Test func refusesToWriteWhatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    var path = Path(cameras: randomCameras(2, width: 40, height: 30))
    path.cameras[1].pose.position.y = .infinity
    #expect(throws: CaptureError.self) { try path.write(to: folder.path + "/walk.json") }
    #expect(folder.files() == ["images"])
  }
}
