import Foundation
import Generation
import Scene
import TestSupport
import Testing

@testable import Evaluation

/// The memories that a world is compared with, drawing with a tiny network of random weights.
struct RecollectionTests {
  static let lens = Intrinsics(width: 32, height: 24, horizontalFieldOfView: 1.2)

  /// Cameras in a circle, looking outwards: each sees something new.
  static let ring: [Camera] = (0..<6).map { i in
    let turn = Matrix3.rotation(by: Double(i), about: [0, 1, 0])
    return Camera(intrinsics: lens, pose: Pose(rotation: turn, position: turn.z * 0.2))
  }

  static let given = [
    Frame(image: picture("boxes", width: 32, height: 24), camera: ring[0]),
    Frame(image: picture("ramp", width: 32, height: 24), camera: ring[3]),
  ]

  private func model() throws -> sending FrameModel {
    try FrameModel(contentsOf: Package.golden("tiny"))
  }

  private func archive(_ rule: Archive.Rule, contexts: Int = 2) throws -> Archive {
    var settings = World.Settings()
    settings.contexts = contexts
    return Archive(rule, model: try model(), given: Self.given, scale: 1, settings: settings)
  }

  @Test func aWindowHoldsTheLastFrames() throws {
    let window = try archive(.newest)
    #expect(window.recall(for: Self.ring[1]) == [1, 0])
    for i in 1...3 { _ = window.step(i, of: Self.ring) }
    #expect(window.recall(for: Self.ring[0]) == [4, 3])
    #expect(window.keyframeCount() == 2)
    _ = window.glance(2, of: Self.ring)
    #expect(window.recall(for: Self.ring[0]) == [4, 3])
  }

  @Test func randomRecallFindsAnyButTheSameForASeed() throws {
    let memories = try [1, 1, 2].map { try archive(.random(seed: $0), contexts: 3) }
    var picks: [[[Int]]] = [[], [], []]
    for i in 0..<12 {
      for (k, memory) in memories.enumerated() {
        _ = memory.step(i % 6, of: Self.ring)
        picks[k].append(memory.recall(for: Self.ring[0]))
      }
    }
    #expect(picks[0] == picks[1] && picks[0] != picks[2])
    #expect(picks.joined().allSatisfy { Set($0).count == 3 })
    #expect(Set(picks[0].joined()).count > 8, "of 14 frames")
    #expect(memories[0].keyframeCount() == 14)
  }

  /// Where every frame shows something new a world keeps them all, too: the two are one.
  @Test func withoutItsGateAWorldIsTheUngatedArchive() async throws {
    let archive = try archive(.covering)
    var settings = World.Settings()
    settings.contexts = 2
    let world = World(model: try model(), scale: 1, settings: settings)
    await world.add(Self.given)
    for i in [1, 2, 4, 5] {
      let ours = await world.step(i, of: Self.ring)
      let theirs = archive.step(i, of: Self.ring)
      #expect(psnr(ours, theirs) > 45, "the contexts' order rounds differently")
    }
    #expect(await world.keyframeCount() == 6)
    #expect(archive.keyframeCount() == 6)
  }

  @Test func theGateIsTheDifference() async throws {
    let archive = try archive(.covering)
    let world = World(model: try model(), scale: 1)
    await world.add(Self.given)
    for _ in 0..<3 {
      _ = archive.step(0, of: Self.ring)
      _ = await world.step(0, of: Self.ring)
    }
    #expect(archive.keyframeCount() == 5)
    #expect(await world.keyframeCount() == 2)
  }

  @Test func aGlanceIsDrawnAndForgotten() async throws {
    let world = World(model: try model(), scale: 1)
    await world.add(Self.given)
    let glance = await world.glance(1, of: Self.ring)
    #expect(await world.keyframeCount() == 2)
    let step = await world.step(1, of: Self.ring)
    #expect(glance == step)
    #expect(await world.keyframeCount() == 3)
  }

  /// What was drawn before a rest is drawn from after it, and what is saved looks as it did.
  @Test func aReopenedWorldKnowsWhatItKnew() async throws {
    let folder = NSTemporaryDirectory() + "rtfm-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let world = try Reopening(at: folder + "/a.world", given: Self.given, scale: 1) {
      try FrameModel(contentsOf: Package.golden("tiny"))
    }
    for i in [1, 2, 4] { _ = await world.step(i, of: Self.ring) }
    let count = await world.keyframeCount()
    let before = await world.glance(5, of: Self.ring)
    try await world.rest()
    #expect(await world.keyframeCount() == count && count > 2)
    let after = await world.glance(5, of: Self.ring)
    #expect(psnr(after, before) > 30)
    _ = await world.step(5, of: Self.ring)
    #expect(await world.keyframeCount() > count)
  }
}
