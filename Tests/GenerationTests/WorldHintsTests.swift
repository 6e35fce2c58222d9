import Foundation
import Images
import Memory
import Scene
import Testing
import Torch

@testable import Generation

/// What a model knows beside pixels, in a world's memory and its file.
@Suite struct WorldHintsTests {
  private static let walk = WorldTests.walk

  private static func world(
    _ file: WorldFile, saving: Bool = true, known: Int = .max, before walk: Int = .max,
    _ change: (inout World.Settings) -> Void = { _ in }
  ) throws -> World {
    var settings = World.Settings()
    (settings.weighsCertainty, settings.guessesDepth) = (true, true)
    change(&settings)
    return try World(
      model: .lively(), file: file, width: 16, height: 16, settings: settings,
      author: saving ? World.Author(model: "lively", weights: "1") : nil, known: known,
      before: walk)
  }

  /// Draws the walk, with as little or as much time between frames as there may be.
  private static func draw(_ world: World, resting: Bool = false) async throws -> [Image] {
    var images: [Image] = []
    for i in walk.indices {
      images.append(await world.draw(walk[i]).frame.image)
      if resting { try await Task.sleep(for: .milliseconds(2)) }
    }
    return images
  }

  /// All that the memory knows of its keyframes.
  private struct Knowledge: Equatable {
    var certainties: [Double]
    var depths: [CoarseDepth?]

    init(_ world: World) async {
      let memory = await world.memory
      (certainties, depths) = (memory.map(\.certainty), memory.map(\.inverseDepth))
    }
  }

  @Test func drawnFramesComeWithWhatTheModelKnows() async throws {
    try await WorldTests.withFile { file in
      let world = try Self.world(file)
      _ = try await Self.draw(world)
      let known = await Knowledge(world)
      #expect(known.certainties.count > 5)
      #expect(known.certainties.prefix(4) == [1, 1, 1, 1])
      #expect(known.certainties.dropFirst(4).allSatisfy { $0 > 0 && $0 < 1 })
      #expect(Set(known.certainties).count > 2)
      #expect(known.depths.dropFirst(4).allSatisfy { $0 != nil })
      try file.close()
    }
  }

  /// One a frame, the best of the context first, and only what was drawn from.
  @Test func givenPicturesAreJudgedOneByOneAsTheyAreDrawnFrom() async throws {
    try await WorldTests.withFile { file in
      let world = try Self.world(file) { $0.admits = false }
      var expected: Set<Int> = []
      for i in Self.walk.indices {
        let context = await world.draw(Self.walk[i]).context
        var known = await Knowledge(world).depths
        // Due now, and known at the latest when the next frame is drawn.
        let due = context.first { !expected.contains($0) }
        _ = await world.draw(Self.walk[i], remembers: false)
        known = await Knowledge(world).depths
        if let due { expected.insert(due) }
        #expect(Set(known.indices.filter { known[$0] != nil }) == expected)
      }
      #expect(expected.count > 1)
      try file.close()
    }
  }

  @Test func aWorldThatWasClosedKnowsWhatItKnew() async throws {
    try await WorldTests.withFile { file in
      let world = try Self.world(file)
      _ = try await Self.draw(world)
      _ = await world.draw(Self.walk[0], remembers: false)  // what is due, is done
      let before = await Knowledge(world)
      #expect(before.depths.prefix(4).contains { $0 != nil })
      try file.close()
      let again = try WorldFile(at: file.path)
      #expect(await Knowledge(try Self.world(again, saving: false)) == before)
      let blind = try Self.world(again, saving: false) {
        ($0.weighsCertainty, $0.guessesDepth) = (false, false)
      }
      let nothing = await Knowledge(blind)
      #expect(nothing.certainties.allSatisfy { $0 == 1 })
      #expect(nothing.depths.allSatisfy { $0 == nil })
      try again.close()
    }
  }

  /// Given pictures are judged on both walks, and the file has it all when they are replayed.
  @Test(arguments: [false, true]) func walksAreReplayedWithWhatWasKnownThen(
    resting: Bool
  ) async throws {
    try await WorldTests.withFile { file in
      let first = try await Self.draw(try Self.world(file) { $0.contexts = 1 }, resting: resting)
      try file.close()
      let again = try WorldFile(at: file.path)
      let second = try await Self.draw(try Self.world(again), resting: resting)
      try again.close()

      let old = try WorldFile(at: file.path)
      var learned: [Int: Int] = [:]
      for walk in [1, 2, 3] {
        try old.forEachDepth(before: walk) { id, _ in
          if id < 4, learned[id] == nil { learned[id] = walk - 1 }
        }
      }
      #expect(Set(learned.values) == [1, 2], "both walks judge given pictures")
      let walks = try old.walks()
      let one = try Self.world(old, saving: false, known: 4, before: 1) { $0.contexts = 1 }
      #expect(try await Self.draw(one) == first)
      let two = try Self.world(old, saving: false, known: try #require(walks[1].known), before: 2)
      #expect(try await Self.draw(two) == second)
      try old.close()
    }
  }

  @Test func hintsMatterAndCanBeLeftOut() async throws {
    try await WorldTests.withFile { file in
      let with = try await Self.draw(try Self.world(file, saving: false))
      let without = try Self.world(file, saving: false) {
        ($0.weighsCertainty, $0.guessesDepth) = (false, false)
      }
      #expect(try await Self.draw(without) != with)
      #expect(await without.memory.allSatisfy { $0.inverseDepth == nil && $0.certainty == 1 })
      try file.close()
    }
  }

  @Test func aWorldInMemoryJudgesItsPicturesToo() async throws {
    var scenes = Scenes(seed: 41)
    let frame = scenes.frame()
    var settings = World.Settings()
    settings.guessesDepth = true
    let world = World(model: .lively(), scale: 2, settings: settings)
    await world.add([frame])
    _ = await world.draw(frame.camera)
    _ = await world.draw(frame.camera)
    let model = FrameModel.lively()
    let expected = model.coarseDepth(of: frame, kv: model.encode(frame), scale: 2)
    #expect(await world.memory[0].inverseDepth == expected)
  }

  /// As an older program wrote it: then nobody asked a model.
  @Test func anOldWalksRecipeHasNoHints() throws {
    let settings =
      #"{"admits":true,"contexts":4,"pixelBudget":268435456,"prefetches":1,"steps":1}"#
    let text =
      #"{"device":"cpu","height":16,"precision":"float32","settings":\#(settings),"width":16}"#
    let walk = WalkRecord(id: 1, known: 4, model: "m", weights: "w", settings: text)
    let recipe = try #require(World.Recipe(walk))
    #expect(
      !recipe.settings.weighsCertainty && !recipe.settings.guessesDepth && !recipe.settings.goesOn)
    #expect(recipe.settings.steps == 1)
    for steps in ["0", "-3", #""often""#] {
      let other = text.replacing(#""steps":1"#, with: #""steps":\#(steps)"#)
      #expect(
        World.Recipe(WalkRecord(id: 1, known: 4, model: "m", weights: "w", settings: other)) == nil)
    }
  }
}
