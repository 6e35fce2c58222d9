import Captures
import Foundation
import Generation
import Procedural
import Scene
import TestSupport
import Testing
import Torch

@testable import Training

/// Learning from photographs, here of a made-up world, whose truth is known.
@Suite struct AlbumTests {
  private static let world = ProceduralWorld(.room, seed: 3)
  private static let photographs = {
    let lens = world.lens(width: 16, height: 16)
    return world.walk(count: 24, intrinsics: lens, seed: 1).map { world.film($0).frame }
  }()

  /// Runs `body` with a capture of the first frames on disk.
  private func withCapture<R>(of count: Int = 24, _ body: (String) throws -> R) throws -> R {
    try Package.withTemporaryFolder { folder in
      let path = "\(folder)/room"
      try Capture.write(
        frames: Array(Self.photographs.prefix(count)), up: [0, 0, 1], scale: Self.world.scale,
        to: path)
      return try body(path)
    }
  }

  private func album(of count: Int = 24, holdingOut every: Int = 4) throws -> Album {
    try withCapture(of: count) {
      try Album(Capture(contentsOf: $0), side: 16, holdingOut: every)
    }
  }

  private func plan(steps: Int = 8, _ change: (inout Plan) -> Void = { _ in }) -> Plan {
    Plan.small(steps: steps) {
      ($0.captures, $0.holdOut) = (["room"], 4)
      change(&$0)
    }
  }

  @Test func oneOfSoManyIsHeldOut() throws {
    let album = try album()
    #expect(album.heldOut == [0, 4, 8, 12, 16, 20])
    #expect(album.learned.count == 18 && Set(album.learned).isDisjoint(with: album.heldOut))
    #expect(try self.album(holdingOut: 0).heldOut.isEmpty)
    #expect(try self.album(of: 3).heldOut.isEmpty, "too few to spare one")
    #expect(album.frames == Self.photographs, "the pictures as they were written")
  }

  @Test func whatIsHeldOutIsNeverSeen() throws {
    let album = try album()
    let held = Set(album.heldOut.map { album.frames[$0].camera })
    var seen = Set<Camera>()
    for step in 0..<60 {
      let shard = Shard(plan(), of: [album], step: step, index: step % 2)
      for (contexts, targets) in zip(shard.contexts, shard.targets) {
        let cameras = contexts.map(\.camera)
        #expect(Set(cameras).count == cameras.count, "no context twice")
        #expect(held.isDisjoint(with: cameras + targets.map(\.camera)))
        seen.formUnion(targets.map(\.camera))
      }
    }
    #expect(seen.count == album.learned.count, "all others are learned")
  }

  @Test func aTargetIsAContextOnlyWhereItReturns() throws {
    let album = try album()
    for (revisits, share) in [(0.0, 0.0), (1.0, 1.0)] {
      let plan = plan { ($0.revisits, $0.contextShares) = (revisits, [0, 0, 1]) }
      for step in 0..<20 {
        let shard = Shard(plan, of: [album], step: step, index: 0)
        for (contexts, targets) in zip(shard.contexts, shard.targets) {
          let known = targets.count { target in contexts.contains { $0.camera == target.camera } }
          #expect(Double(known) == share * Double(targets.count))
        }
      }
    }
  }

  /// Recall's contexts look at the target's place: more of its surfaces are in them than in others.
  @Test func contextsShowTheTarget() throws {
    let album = try album()
    func shown(_ target: Int, by contexts: [Int]) -> Double {
      let film = Self.world.film(album.frames[target].camera)
      var seen = [Bool](repeating: false, count: film.depth.count)
      for context in contexts {
        let other = Self.world.film(album.frames[context].camera)
        for (i, sees) in film.visibility(from: other).enumerated() where sees { seen[i] = true }
      }
      return Double(seen.count { $0 }) / Double(seen.count)
    }
    var (chosen, others) = (0.0, 0.0)
    for target in album.heldOut {
      let pick = album.exam(target, contexts: 2)
      #expect(pick.targets == [target] && pick.contexts.count == 2)
      chosen += shown(target, by: pick.contexts)
      var random = Randomness(UInt64(target))
      let rest = album.learned.filter { !pick.contexts.contains($0) }.shuffled(using: &random)
      others += shown(target, by: Array(rest.prefix(2)))
    }
    #expect(chosen > others + 0.6, "\(chosen) and \(others) of 6 pictures")
  }

  /// Of pictures about twice as large: four tiles each, held out picture by picture.
  @Test func tilesAreLearnedBesideWholePictures() throws {
    let plan = plan { ($0.detail, $0.revisits) = (2, 0) }
    let albums = try withCapture { try Album.albums(at: $0, for: plan) }
    #expect(albums.map(\.isOfTiles) == [false, true])
    let (whole, tiles) = (albums[0], albums[1])
    #expect(whole.frames == Self.photographs && tiles.frames.count == 4 * 24)
    #expect(
      tiles.heldOut.map { $0 / 4 } == whole.heldOut.flatMap { Array(repeating: $0, count: 4) })
    #expect(tiles.frames.allSatisfy { $0.image.width == 16 && $0.camera.intrinsics.width == 16 })
    let focal = whole.frames[0].camera.intrinsics.focal.x
    var scenes = (whole: 0, tiles: 0)
    for step in 0..<40 {
      let shard = Shard(plan, of: albums, step: step, index: 0)
      for (contexts, targets) in zip(shard.contexts, shard.targets) {
        let lenses = Set((contexts + targets).map { $0.camera.intrinsics.focal.x > 1.5 * focal })
        #expect(lenses.count == 1, "tiles are drawn from tiles")
        if lenses.contains(true) { scenes.tiles += 1 } else { scenes.whole += 1 }
        let first = targets[0].camera.pose
        #expect(contexts.allSatisfy { $0.camera.pose != first }, "no other tiles of its picture")
      }
    }
    #expect(min(scenes.whole, scenes.tiles) > 20, "\(scenes)")
  }

  /// What recall finds for a tile looks where the tile looks, not where its picture does.
  @Test func tilesAreDrawnFromTilesThatShowThem() throws {
    let plan = plan { $0.detail = 2 }
    let tiles = try withCapture { try Album.albums(at: $0, for: plan) }[1]
    func gaze(_ i: Int) -> SIMD3<Double> {
      let camera = tiles.frames[i].camera
      return (camera.unproject([8, 8], depth: 1) - camera.pose.position).normalized
    }
    var (chosen, all) = (0.0, 0.0)
    for target in tiles.heldOut {
      let pick = tiles.exam(target, contexts: 2)
      chosen += pick.contexts.map { gaze($0).dot(gaze(target)) }.reduce(0, +) / 2
      let learned = tiles.learned.map { gaze($0).dot(gaze(target)) }
      all += learned.reduce(0, +) / Double(learned.count)
    }
    let count = Double(tiles.heldOut.count)
    #expect(chosen / count > all / count + 0.2, "\(chosen / count) and \(all / count)")
  }

  @Test func aShardIsAFunctionOfItsPlan() throws {
    let album = try album()
    func contexts(_ step: Int, _ seed: UInt64) -> [[Frame]] {
      Shard(plan { $0.seed = seed }, of: [album], step: step, index: 1).contexts
    }
    #expect(contexts(3, 1) == contexts(3, 1))
    #expect(contexts(3, 1) != contexts(4, 1) && contexts(3, 1) != contexts(3, 2))
  }

  /// As few as two pictures, and more contexts and targets wanted than there are.
  @Test(arguments: [2, 3, 5]) func fewPicturesAreEnough(count: Int) throws {
    let album = try album(of: count, holdingOut: 0)
    let plan = plan { ($0.contextShares, $0.targetsPerScene) = ([0, 0, 0, 0, 0, 0, 0, 0, 1], 4) }
    for step in 0..<10 {
      let shard = Shard(plan, of: [album], step: step, index: 0)
      #expect(shard.extent == Extent(scenes: 2, contexts: count - 1, targets: 4))
    }
  }

  /// The same of tiles, four of each picture: those of a target's own show nothing of it.
  @Test(arguments: [2, 3]) func fewPicturesInTilesAreEnough(count: Int) throws {
    let plan = plan {
      ($0.contextShares, $0.targetsPerScene) = ([0, 0, 0, 0, 0, 0, 0, 0, 1], 8)
      ($0.detail, $0.holdOut) = (2, 0)
    }
    let albums = try withCapture(of: count) { try Album.albums(at: $0, for: plan) }
    #expect(albums.map(\.mostContexts) == [count - 1, 4 * count - 4])
    for step in 0..<10 {
      let whole = Shard(plan, of: albums, step: step, index: 0)
      #expect(whole.extent == Extent(scenes: 2, contexts: count - 1, targets: 8))
      let tiles = Shard(plan, of: [albums[1]], step: step, index: 0)
      #expect(tiles.extent == Extent(scenes: 2, contexts: 4 * count - 4, targets: 8))
    }
  }

  @Test func onePictureIsNot() throws {
    let error = #expect(throws: TrainingError.self) { try album(of: 1) }
    #expect(error?.description.contains("'room': it has 1 pictures to learn from") == true)
    #expect(throws: TrainingError.self) { try album(of: 2, holdingOut: 2) }
  }

  @Test func photographsAndFilmsAreMixed() {
    func count(_ change: (inout Plan) -> Void) -> Int {
      let plan = plan(change)
      return (0..<500).count { plan.isPhotographed(step: $0, index: 1) }
    }
    #expect(count { _ in } == 500 && count { $0.captureShare = 0 } == 0)
    #expect(count { $0.captures = [] } == 0)
    #expect((120...180).contains(count { $0.captureShare = 0.3 }))
  }

  @Test func shotsAreOfEither() throws {
    let album = try album()
    let plan = plan { $0.captureShare = 0.5 }
    let studio = Studio(plan, [album], from: 0, on: .cpu)
    #expect(studio.description == "18 photographs, and 6 held out; films by 2 CPU threads")
    for step in 0..<6 {
      for (i, shot) in studio.next().enumerated() {
        let photographed = plan.isPhotographed(step: step, index: i)
        let shard =
          photographed
          ? Shard(plan, of: [album], step: step, index: i) : Shard(plan, step: step, index: i)
        #expect(studio.develop(shot).images.bytes == Footage(shard, on: .cpu).images.bytes)
        #expect((studio.develop(shot).depth == nil) == photographed)
      }
    }
  }

  /// Every stage goes on where photographs say neither depths nor what is shown.
  @Test(arguments: 1...4) func aRunIsResumedAsItWas(stage: Int) throws {
    try withCapture { path in
      var plan = plan { ($0.captures, $0.captureShare, $0.detail) = ([path], 0.7, 2) }
      plan.enter(stage: stage)
      #expect(plan.flaw == nil)
      let albums = try Album.albums(at: path, for: plan)
      let through = Trainer(plan, albums: albums)
      for _ in 0..<4 { #expect(try through.advance().loss.isFinite) }
      let first = Trainer(plan, albums: albums)
      for _ in 0..<2 { _ = try first.advance() }
      let checkpoint = "\(path)/checkpoint.safetensors"
      try first.save(to: checkpoint)
      let second = try Trainer(resuming: checkpoint)
      for _ in 0..<2 { _ = try second.advance() }
      #expect(through.everything == second.everything)

      try FileManager.default.removeItem(atPath: "\(path)/transforms.json")
      #expect(throws: CaptureError.self) { try Trainer(resuming: checkpoint) }
    }
  }

  /// The held-out pictures of a place are drawn better for having learned from the others.
  @Test func thePlaceIsLearned() throws {
    let album = try album()
    let trainer = Trainer(
      plan(steps: 60) { ($0.model.patch, $0.contextShares) = (4, [0, 0.5, 0.5]) },
      albums: [album])
    let before = try #require(trainer.sample().quality.photographs)
    while trainer.step < 60 { _ = try trainer.advance() }
    let (sheet, quality) = trainer.sample()
    let after = try #require(quality.photographs)
    #expect(after < 0.7 * before, "\(before), then \(after)")
    #expect(quality.text.hasPrefix("held out: photographs ") && quality.all == nil)
    #expect(sheet.height > 6 * 16, "a row for each")
  }
}
