import Foundation
import TestSupport
import Testing

/// `rtfm adapt`, and `rtfm train --capture`: learning from places.
@Suite(.serialized) struct AdaptTests {
  private static let room = Package.capture("real_room")
  private static let short = ["--steps", "2", "--resolution", "32", "--device", "cpu"]

  /// The decibels of held-out photographs, line by line.
  private func heldOut(_ text: String) -> [Double] {
    text.split(separator: "\n").compactMap { line in
      line.firstRange(of: "photographs ").flatMap { range in
        Double(line[range.upperBound...].prefix { "0123456789.".contains($0) })
      }
    }
  }

  @Test func aPlaceIsLearnedAndDrawn() throws {
    try Package.withTemporaryFolder { folder in
      let run = "\(folder)/run"
      let adapt = try Program(["adapt", "Worlds/room", "--out", run] + Self.short)
      #expect(adapt.status == 0, "\(adapt.errors)")
      #expect(adapt.errors.contains("1050 photographs and tiles, and 150 held out"))
      #expect(heldOut(adapt.errors).count == 3, "at the start and after 1, 2 steps")
      #expect(adapt.errors.hasSuffix("rtfm explore Worlds/room --model \(run)/model.safetensors\n"))
      #expect(Package.exists("\(run)/samples/000000.png"))
      let again = try Program(["adapt", "Worlds/room", "--out", run] + Self.short)
      #expect(again.status == 1 && again.errors.contains("holds a run already"))
    }
  }

  /// Walks are drawn by the model that lies with the place, unless another is named; measurements are not.
  @Test func aPlacesOwnModelIsUsed() throws {
    try Package.withTemporaryFolder { folder in
      let (room, world, run) = ("\(folder)/room", "\(folder)/room.world", "\(folder)/run")
      try FileManager.default.copyItem(atPath: "\(Package.root)/Worlds/room", toPath: room)
      try? FileManager.default.removeItem(atPath: "\(room)/model.safetensors")
      #expect(try Program("world", "import", room, "--out", world).status == 0)
      let walk = ["--frames", "2", "--out", "\(folder)/walk.mp4"]
      func isOwn(_ words: [String]) throws -> Bool {
        let walk = try Program(words)
        #expect(walk.status == 0, "\(walk.errors)")
        return !walk.errors.contains("/rtfm-nano.safetensors")
      }
      #expect(try !isOwn(["render", room] + walk) && !isOwn(["render", world] + walk))
      #expect(try Program(["adapt", room, "--out", run] + Self.short).status == 0)
      for own in ["\(room)/model.safetensors", "\(folder)/room.safetensors"] {
        try FileManager.default.copyItem(atPath: "\(run)/model.safetensors", toPath: own)
      }
      #expect(try isOwn(["render", room] + walk) && isOwn(["render", world] + walk))
      let copies = [
        ("import", room, "\(folder)/a.world"), ("branch", world, "\(folder)/b.world"),
        ("export", world, "\(folder)/c"),
      ]
      for (verb, place, copy) in copies {
        #expect(try Program("world", verb, place, "--out", copy).status == 0)
        #expect(try isOwn(["render", copy] + walk), "a copy is drawn as the place is")
      }
      #expect(try !isOwn(["render", room, "--model", "rtfm-nano"] + walk))
      let words = ["evaluate", room, "--contexts", "1", "--resolution", "16", "--json"]
      let model = try Program(words).json()["model"] as? String
      #expect(model?.hasSuffix("/rtfm-nano.safetensors") == true)
    }
  }

  /// A run that was cut off goes on as any other, wherever it is resumed from.
  @Test func aWorldsFileIsAPlaceToo() throws {
    try Package.withTemporaryFolder { folder in
      let (world, run) = ("\(folder)/room.world", "\(folder)/run")
      #expect(try Program("world", "import", "Worlds/room", "--out", world).status == 0)
      let train = try Program(
        ["train", "--capture", world, "--capture-share", "0.5", "--hold-out", "40", "--out", run]
          + ["--scenes", "2", "--targets", "1", "--minutes", "0.0001"] + Self.short)
      #expect(train.status == 0, "\(train.errors)")
      #expect(train.errors.contains("234 photographs, and 6 held out; films by 2 CPU threads"))
      #expect(train.errors.contains("shown by a context"), "worlds are learned from, too")
      let rest = try Program(
        "train", "--resume", "\(run)/checkpoint.safetensors", "--out", run, "--device", "cpu")
      #expect(rest.status == 0 && heldOut(rest.errors).count >= 1, "\(rest.errors)")
      try FileManager.default.removeItem(atPath: world)
      let lost = try Program(
        "train", "--resume", "\(run)/checkpoint.safetensors", "--out", run, "--device", "cpu")
      #expect(lost.status == 1 && lost.errors.contains("room.world"), "\(lost.errors)")
    }
  }

  @Test(arguments: [
    (["nowhere"], 1, "nowhere"), (["Worlds/room", "--hold-out", "1"], 2, "held out"),
    (["Worlds/room", "--steps", "0"], 2, "steps"),
    (["Worlds/room", "--model", "no-such"], 1, "no-such"),
    (["Worlds/room", "--resolution", "100"], 2, "multiple"),
    (["Worlds/room", "--detail", "0"], 2, "detail"),
  ])
  func whatIsOffIsSaid(words: [String], status: Int32, naming: String) throws {
    try Package.withTemporaryFolder { folder in
      let adapt = try Program(["adapt"] + words + ["--out", "\(folder)/run", "--device", "cpu"])
      #expect(adapt.status == status && adapt.errors.contains(naming), "\(adapt.errors)")
      #expect(!Package.exists("\(folder)/run"), "nothing is left behind")
    }
  }

  @Test(
    .enabled(
      if: Package.exists(room), "there is no ../shared/captures/real_room beside the package")
  )
  func realPhotosAreDrawnBetter() throws {
    try Package.withTemporaryFolder { folder in
      let adapt = try Program(
        "adapt", Self.room, "--out", "\(folder)/run", "--steps", "60", "--resolution", "64",
        "--device", "cpu")
      #expect(adapt.status == 0, "\(adapt.errors)")
      let decibels = heldOut(adapt.errors)
      #expect(try #require(decibels.last) > decibels[0] + 0.5, "\(decibels)")
    }
  }
}
