import Captures
import Foundation
import Images
import Scene
import Testing

struct ReadingTests {
  private func open(_ frame: JSON = .init(), shared: JSON = .init()) throws -> Capture {
    let folder = try TemporaryFolder()
    try folder.writeCapture(frame, shared: shared)
    return try Capture(contentsOf: folder.path)
  }

  @Test func turnsOpenGLAxesIntoOpenCVAxes() throws {
    // OpenGL's identity looks along -z with its top along +y.
    let pose = try open(["transform_matrix": "[[1,0,0,1],[0,1,0,2],[0,0,1,3],[0,0,0,1]]"])
      .entries[0].camera.pose
    #expect(pose.position == [1, 2, 3])
    #expect(pose.right == [1, 0, 0] && pose.down == [0, -1, 0] && pose.forward == [0, 0, -1])
    // Blender's camera that looks along +x in a world with z up: its right hand points to -y.
    let other = try open(["transform_matrix": "[[0,0,-1,0],[-1,0,0,0],[0,1,0,0],[0,0,0,1]]"])
      .entries[0].camera
    #expect(other.pose.forward == [1, 0, 0] && other.pose.down == [0, 0, -1])
    // What is ahead, to the left and above is in the image's top left quarter.
    let seen = try #require(other.project([10, 1, 1]))
    #expect(seen.x < 20 && seen.y < 15)
  }

  @Test func takesSharedIntrinsicsAndThoseOfTheFrame() throws {
    let shared: JSON = ["w": "40", "h": "30.0", "fl_x": "50", "fl_y": "51", "cx": "19", "cy": "16"]
    let lens = Intrinsics(width: 40, height: 30, focal: [50, 51], center: [19, 16])
    #expect(try open(shared: shared).entries[0].camera.intrinsics == lens)
    let own = try open(["fl_x": "70", "cy": "14"], shared: shared).entries[0].camera.intrinsics
    #expect(own.focal == [70, 51] && own.center == [19, 14])
  }

  @Test func takesAnglesOfView() throws {
    let square = try open(shared: ["fl_x": "", "camera_angle_x": "\(Double.pi / 2)"])
    let lens = square.entries[0].camera.intrinsics
    // At 90 degrees the focal length is half of the width.
    #expect(abs(lens.focal.x - 20) < 1e-12 && lens.focal.y == lens.focal.x)
    #expect(lens.center == [20, 15])
    let both = try open(
      shared: [
        "fl_x": "", "camera_angle_x": "\(Double.pi / 2)", "camera_angle_y": "1.2870022175866",
      ])
    // tan(1.2870022 / 2) is 3/4.
    #expect(abs(both.entries[0].camera.intrinsics.focal.y - 20) < 1e-9)
  }

  @Test(arguments: ["images/1", "./images/1.png", "./images/1", "images/../images/1.png"])
  func findsTheImage(_ file: String) throws {
    let capture = try open(["file_path": "\"\(file)\""])
    #expect(capture.entries[0].path.hasSuffix("1.png"))
  }

  @Test func toleratesKeysOfOtherPrograms() throws {
    let extra: JSON = [
      "aabb_scale": "16", "scale": "0.5", "offset": "[0,0,0]", "k1": "0.0005", "k2": "null",
      "applied_transform": "[[1,0,0,0],[0,0,1,0],[0,-1,0,0]]", "camera_model": "\"OPENCV\"",
      "ply_file_path": "\"a.ply\"",
    ]
    #expect(try open(["sharpness": "30.5", "colmap_im_id": "7"], shared: extra).count == 1)
  }

  @Test func scalesIntrinsicsToTheImage() throws {
    let lens = try open(shared: ["w": "400", "h": "302", "fl_x": "500", "cx": "190", "cy": "151"])
      .entries[0].camera.intrinsics
    #expect((lens.width, lens.height) == (40, 30))
    #expect(abs(lens.focal.x - 50) < 1e-12 && abs(lens.center.x - 19) < 1e-12)
    #expect(abs(lens.center.y - 15) < 1e-12)
  }

  @Test func opensAFolderOrItsFileInOrder() throws {
    let folder = try TemporaryFolder()
    var frames: [String] = []
    for i in [3, 1, 2] {
      try noise(8, 6, seed: UInt64(i)).writePNG(to: "\(folder.path)/images/\(i).png")
      frames.append("{\"file_path\": \"images/\(i)\", \"transform_matrix\": \(JSON.identity)}")
    }
    let file = try folder.write(
      "{\"fl_x\": 9, \"frames\": [\(frames.joined(separator: ","))]}", as: "cameras.json")
    let capture = try Capture(contentsOf: file)
    #expect(
      try (0..<3).map { try capture.frame($0).image } == [3, 1, 2].map { noise(8, 6, seed: $0) })
    #expect(folder.path.hasSuffix(capture.name) && !capture.name.isEmpty)
    #expect(capture.scale == 1)
    try FileManager.default.moveItem(atPath: file, toPath: "\(folder.path)/transforms.json")
    #expect(try Capture(contentsOf: folder.path + "/").count == 3)
  }

  @Test func straightensSmallErrorsOfRotations() throws {
    let c = "0.70715"  // 4e-5 more than the cosine of 45 degrees
    let rotation = try open([
      "transform_matrix": "[[\(c),-\(c),0.0002,0],[\(c),\(c),0,0],[0,0,1.0001,0],[0,0,0,1]]"
    ]).entries[0].camera.pose.rotation
    #expect(rotation.orthonormalityError < 1e-14)
    #expect(abs(rotation.x.x - 0.5.squareRoot()) < 2e-4 && abs(rotation.z.z + 1) < 2e-4)
  }

  @Test func takesOurOwnKeys() throws {
    let capture = try open(shared: ["rtfm_up": "[0, 0, 2]", "rtfm_scale": "1.75"])
    #expect(capture.up == [0, 0, 1] && capture.scale == 1.75)
  }
}

/// One broken capture, and words that its error must have.
struct Broken: CustomTestStringConvertible {
  var frame: JSON = .init()
  var shared: JSON = .init()
  var words: [String]
  var testDescription: String { words.joined(separator: ", ") }

  static func matrix(_ rows: String, _ words: String...) -> Broken {
    Broken(frame: ["transform_matrix": rows], words: ["frame 1 (images/1.png)"] + words)
  }

  static let all: [Broken] = [
    Broken(shared: ["frames": "[]"], words: ["\"frames\" is empty"]),
    Broken(shared: ["frames": ""], words: ["has no \"frames\""]),
    Broken(shared: ["frames": "7"], words: ["wrong kind of value in frames"]),
    Broken(shared: ["fl_x": "\"wide\""], words: ["wrong kind of value in fl_x"]),
    Broken(frame: ["transform_matrix": ""], words: ["\"transform_matrix\"", "frames[0]"]),
    Broken(frame: ["transform_matrix": "[[1]]]"], words: ["not valid JSON", "line"]),
    Broken(frame: ["file_path": ""], words: ["has no file_path"]),
    Broken(frame: ["file_path": "\"images/2.png\""], words: ["images/2.png", "no such image"]),
    Broken(
      frame: ["transform_matrix": "[[1,0,0,NaN],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"],
      words: ["not valid JSON", "at \"NaN],[0,1,0,\""]),
    Broken(
      frame: ["transform_matrix": "[[1,0,0,0],[0,-Infinity,0,0],[0,0,1,0],[0,0,0,1]]"],
      words: ["not valid JSON", "at \"-Infinity,0,\""]),
    Broken(
      frame: ["transform_matrix": "[[1,0,0,1e999],[0,1,0,0],[0,0,1,0],[0,0,0,1]]"],
      words: ["not valid JSON", "at \"1e999],[0,1,\""]),
    matrix("[[1,0,0,0],[0,1,0,0],[0,0,1,0]]", "4 rows of 4 numbers, not 3 rows of 4"),
    matrix("[[1,0,0],[0,1,0],[0,0,1],[0,0,0]]", "not 4 rows of 3"),
    matrix("[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,2]]", "0 0 0 1"),
    matrix("[[1,0.1,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]", "not orthonormal"),
    matrix("[[2,0,0,0],[0,2,0,0],[0,0,2,0],[0,0,0,1]]", "not orthonormal"),
    matrix("[[1,0,0,0],[0,1,0,0],[0,0,-1,0],[0,0,0,1]]", "determinant -1"),
    Broken(shared: ["fl_x": "0"], words: ["fl_x = 0.0 must be positive"]),
    Broken(shared: ["fl_x": "-50"], words: ["fl_x = -50.0 must be positive"]),
    Broken(shared: ["fl_x": ""], words: ["no focal length"]),
    Broken(shared: ["fl_x": "", "camera_angle_x": "3.2"], words: ["camera_angle_x", "pi"]),
    Broken(shared: ["cx": "81"], words: ["principal point (81.0, 15.0)"]),
    Broken(shared: ["cy": "-31"], words: ["principal point"]),
    Broken(shared: ["w": "40", "h": "40"], words: ["40 x 30", "40 x 40", "another shape"]),
    Broken(shared: ["w": "0"], words: ["w = 0.0 is no image size"]),
    Broken(shared: ["h": "1e300"], words: ["h = 1e+300 is no image size"]),
    Broken(shared: ["k1": "0.02"], words: ["k1 = 0.02", "undistort"]),
    Broken(frame: ["p2": "-0.02"], words: ["p2 = -0.02", "colmap image_undistorter"]),
    Broken(shared: ["camera_model": "\"OPENCV_FISHEYE\""], words: ["OPENCV_FISHEYE"]),
    Broken(shared: ["is_fisheye": "true"], words: ["FISHEYE"]),
    Broken(shared: ["rtfm_up": "[0, 0, 0]"], words: ["rtfm_up"]),
    Broken(shared: ["rtfm_up": "[0, 1]"], words: ["rtfm_up"]),
    Broken(shared: ["rtfm_scale": "-1"], words: ["rtfm_scale = -1.0 must be positive"]),
  ]
}

struct CaptureErrorTests {
  private func text(_ path: String) -> String {
    do { _ = try Capture(contentsOf: path) } catch { return "\(error)" }
    return "no error"
  }

  @Test(arguments: Broken.all) func saysWhatIsWrongAndWhere(_ broken: Broken) throws {
    let folder = try TemporaryFolder()
    try folder.writeCapture(broken.frame, shared: broken.shared)
    let text = text(folder.path)
    #expect(text.hasPrefix(folder.path))
    #expect(text.contains("transforms.json") && !text.contains("\n"))
    for word in broken.words { #expect(text.contains(word)) }
  }

  @Test func saysWhatIsMissing() throws {
    let folder = try TemporaryFolder()
    #expect(text(folder.path).contains("has no transforms.json"))
    #expect(text(folder.path + "/none") == "\(folder.path)/none: there is no such folder")
  }

  @Test func namesImagesThatCannotBeRead() throws {
    let folder = try TemporaryFolder()
    try folder.writeCapture()
    try folder.write("no image", as: "images/1.png")
    #expect(text(folder.path).contains("images/1.png: is neither JPEG nor PNG"))
    // A valid header that claims 200,000 x 200,000 pixels.
    var huge = Image(width: 1, height: 1).png()
    huge.replaceSubrange(16..<24, with: [0, 3, 13, 64, 0, 3, 13, 64])
    try Data(huge).write(to: URL(fileURLWithPath: folder.path + "/images/1.png"))
    #expect(text(folder.path).contains("images/1.png: has 200000 x 200000 pixels"))
  }

  @Test func survivesGarbage() throws {
    let folder = try TemporaryFolder()
    try folder.writeCapture(shared: ["w": "40", "cx": "20.5", "rtfm_up": "[0, 1, 0]"])
    let whole = try [UInt8](
      Data(contentsOf: URL(fileURLWithPath: folder.path + "/transforms.json")))
    var random = Sequence64(state: 3)
    var failures = 0
    for _ in 0..<300 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let letters = Array("{}[]\",:-+.e019a\\".utf8) + [0, 10, 0xC3, 0xFF]
        bytes[.random(in: 0..<bytes.count, using: &random)] = letters.randomElement(using: &random)!
      }
      try folder.write(bytes)
      do { _ = try Capture(contentsOf: folder.path) } catch {
        failures += 1
        #expect(error is CaptureError)
      }
    }
    #expect(failures > 100)
    try folder.write(Array(repeating: UInt8(ascii: "["), count: 1_000_000))
    #expect(text(folder.path).contains("not valid JSON"))
  }

  @Test func noticesThatAnImageWasReplaced() throws {
    let folder = try TemporaryFolder()
    try folder.writeCapture()
    let capture = try Capture(contentsOf: folder.path)
    try Image(width: 20, height: 30).writePNG(to: folder.path + "/images/1.png")
    #expect(throws: CaptureError.self) { try capture.frame(0) }
  }
}
