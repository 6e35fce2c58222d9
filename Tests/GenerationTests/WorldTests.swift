import Foundation
import Images
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation
@testable import Memory

/// Worlds on disk, their tiers and their log: nothing of it changes a picture.
@Suite struct WorldTests {
  /// A world's file of four given pictures, larger than the frames that are drawn.
  static func withFile(_ body: (WorldFile) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "rtfm-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var scenes = Scenes(seed: 3)
    let frames = (0..<4).map { _ in scenes.frame(width: 24, height: 24) }
    let place = PlaceRecord(name: "noise", up: [0, -1, 0], scale: 2)
    try WorldFile.create(at: "\(folder)/a.world", place: place, count: 4) { i in
      KeyframeRecord(id: i, camera: frames[i].camera, picture: ImageFile(frames[i].image))
    }
    try await body(WorldFile(at: "\(folder)/a.world"))
  }

  /// Turns on the spot and walks on, there and back, so that much is new and much is seen again.
  static let walk: [Camera] = (0..<24).map { i in
    let step = Double(min(i, 23 - i))
    let turn = Matrix3.rotation(by: step * 0.5, about: [0, -1, 0])
    return Camera(
      intrinsics: Intrinsics(width: 16, height: 16, horizontalFieldOfView: 1),
      pose: Pose(rotation: turn, position: [step * 0.2, 0, 0]))
  }

  static func draw(
    _ file: WorldFile, saving: Bool = false, known: Int = .max, before number: Int = .max,
    _ change: (inout World.Settings) -> Void = { _ in }
  ) async throws -> [Image] {
    var settings = World.Settings()
    change(&settings)
    let world = try World(
      model: .lively(), file: file, width: 16, height: 16, settings: settings,
      author: saving ? World.Author(model: "lively", weights: "1") : nil, known: known,
      before: number)
    var images: [Image] = []
    for i in walk.indices { images.append(await world.draw(walk[i]).frame.image) }
    #expect(await world.unreadable.isEmpty)
    return images
  }

  @Test func budgetsChangeNoPicture() async throws {
    try await Self.withFile { file in
      let roomy = try await Self.draw(file)
      #expect(Set(roomy).count > 8)
      let kv = FrameModel.lively().encode(
        Frame(image: Image(width: 16, height: 16), camera: Self.walk[0])
      ).size
      for (kvs, pixels, prefetches) in [(0, 0, 0), (kv, 800, 1), (3 * kv, 0, 4)] {
        let tight = try await Self.draw(file) {
          ($0.kvBudget, $0.pixelBudget, $0.prefetches) = (kvs, pixels, prefetches)
        }
        #expect(tight == roomy)
      }
      try file.close()
    }
  }

  @Test func whatIsKeptAtHandStaysWithinItsBudget() async throws {
    try await Self.withFile { file in
      let model = FrameModel.lively()
      let frame = Frame(image: Image(width: 16, height: 16), camera: Self.walk[0])
      let size = model.encode(frame).size
      let budgets = World.Budgets(kv: 2 * size, hostKV: size, pixels: 1600)
      var looks = Looks(budgets, file: file, filed: 4, size: (16, 16))
      for id in [0, 1, 0, 2, 3, 2] {
        _ = try looks.kv(of: id, camera: Self.walk[0], by: model)
        #expect(looks.countOfKV <= 2)
      }
      #expect((0..<4).map(looks.hasKV) == [false, false, true, true])
      try file.close()
    }
  }

  @Test func aWalkIsReplayedToTheLastBit() async throws {
    try await Self.withFile { file in
      _ = try await Self.draw(file, saving: true)
      let first = file.path
      try file.close()

      let again = try WorldFile(at: first)
      let begun = again.status.saved
      #expect(begun > 4)
      let second = try await Self.draw(again, saving: true)
      try again.close()

      let old = try WorldFile(at: first)
      let walks = try old.walks()
      #expect(walks.map(\.id) == [1, 2] && walks[0].known == 4)
      let known = try #require(walks[1].known)
      #expect(known == begun)
      let recipe = try #require(World.Recipe(walks[1]))
      #expect((recipe.width, recipe.height, recipe.settings) == (16, 16, World.Settings()))
      let cameras = try old.cameras(ofWalk: 2)
      #expect(cameras == Self.walk)
      let replay = try await Self.draw(old, known: known, before: 2)
      #expect(replay == second)
      try old.close()
    }
  }

  @Test func aReopenedWorldDrawsAsTheOneThatWasNotClosed() async throws {
    try await Self.withFile { file in
      let world = try World(
        model: .lively(), file: file, width: 16, height: 16,
        author: World.Author(model: "lively", weights: "1"))
      for i in Self.walk.indices { _ = await world.draw(Self.walk[i]) }
      var before: [Image] = []
      for i in Self.walk.indices {
        before.append(await world.draw(Self.walk[i], remembers: false).frame.image)
      }
      try file.close()
      let walks = try WorldFile.inspect(file.path, thoroughly: false).newestWalks
      #expect(walks.map(\.frames) == [24] && walks[0].model == "lively" && walks[0].id == 1)
      let reopened = try WorldFile(at: file.path)
      let other = try World(model: .lively(), file: reopened, width: 16, height: 16)
      #expect(await other.keyframes().map(\.pose) == world.keyframes().map(\.pose))
      for i in Self.walk.indices {
        let image = await other.draw(Self.walk[i], remembers: false).frame.image
        #expect(image == before[i], "frame \(i)")
      }
      try reopened.close()
    }
  }

  /// From noise each picture begins as the same noise: another than from zeros, and always the same.
  @Test func picturesMayBeginAsNoise() async throws {
    func pictures(noise: UInt64?) async -> [Image] {
      var settings = World.Settings()
      settings.noise = noise
      let world = World(model: .lively(), scale: 2, settings: settings)
      var images: [Image] = []
      for camera in Self.walk.prefix(3) { images.append(await world.draw(camera).frame.image) }
      return images
    }
    let (zeros, seven) = (await pictures(noise: nil), await pictures(noise: 7))
    #expect(await pictures(noise: 7) == seven)
    #expect(zip(zeros, seven).allSatisfy { $0 != $1 } && seven[0] != seven[1])
    #expect(await pictures(noise: 8) != seven)
    let model = FrameModel.lively()
    let start = model.noise(seed: 7, for: Self.walk[0].intrinsics)
    #expect(model.draw(Self.walk[0], context: nil, noise: start).image.image == seven[0])
  }

  @Test func aPictureThatCannotBeReadIsLeftOut() async throws {
    try await Self.withFile { file in
      try file.disturb("UPDATE picture SET bytes = x'ffd8ff00'")
      let world = try World(model: .lively(), file: file, width: 16, height: 16)
      _ = await world.draw(Self.walk[0])
      #expect(await world.unreadable.values.contains { $0.contains("picture of keyframe") })
      try file.close()
    }
  }

  @Test func theCourseGoesOnAsItWent() throws {
    var course = Course()
    let start = ContinuousClock.now
    course.pass(Self.walk[0], at: start)
    #expect(course.ahead == nil)
    var next = Self.walk[0]
    next.pose.position = [0.1, 0, 0]
    next.pose.rotation = Matrix3.rotation(by: 0.02, about: [0, 1, 0])
    course.pass(next, at: start + .milliseconds(100))
    let ahead = try #require(course.ahead).pose
    #expect((ahead.position - [1.1, 0, 0]).length < 1e-9)
    #expect(ahead.angle(to: Pose(rotation: .rotation(by: 0.22, about: [0, 1, 0]))) < 1e-6)
    course.pass(next, at: start + .seconds(5))
    #expect(course.ahead == nil)
  }
}
