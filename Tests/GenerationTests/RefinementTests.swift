import Images
import Memory
import Scene
import TestSupport
import Testing

@testable import Generation

/// A view that becomes sharper while its viewer stands still.
@Suite struct RefinementTests {
  private static let gait = Gait(up: [0, -1, 0], speed: 1)
  private static let still = Action()

  private static func model() -> sending FrameModel {
    let model = FrameModel.lively()
    model.tile = 16
    return model
  }

  private static func settings(detail: Int) -> World.Settings {
    var settings = World.Settings()
    settings.detail = detail
    return settings
  }

  /// A walker in a world of four pictures, 24 pixels a side, that draws 16 of them.
  private static func session(detail: Int = 2, of count: Int = 4) async -> (World, Session) {
    let world = World(model: model(), scale: 2, settings: settings(detail: detail))
    var scenes = Scenes(seed: 3)
    let frames = (0..<count).map { _ in scenes.frame(width: 28, height: 28) }
    await world.add(frames, size: (16, 16))
    var start = frames[0].camera
    start.intrinsics = start.intrinsics.fitted(width: 16, height: 16)
    return (world, Session(in: world, at: start, gait: gait))
  }

  @Test func whoStandsStillSeesItBecomeSharper() async {
    let (world, session) = await Self.session()
    let size = Tiling.size(ofDetail: 2, width: 16, height: 16, side: 16)
    let first = await session.step(Self.still)
    #expect(first.frame.image.width == 16 && first.isUnfinished)
    var last = first
    for i in 1...4 {
      let next = await session.step(Self.still)
      #expect(next.frame.image.width == size.width && next.frame.image != last.frame.image)
      #expect(next.frame.camera.intrinsics.width == size.width)
      #expect(next.frame.camera.pose == first.frame.camera.pose)
      #expect(next.isUnfinished == (i < 4) && next.network > 0)
      last = next
    }
    let done = await session.step(Self.still)
    #expect(done.frame == last.frame && !done.isUnfinished && done.network == 0)
    #expect(await world.keyframes().count == first.keyframes, "nothing of it is remembered")
  }

  /// Tiles of 16 pixels begin at 0 and 12: where the first fades into what is to come, and beyond, it
  /// is ever more like that.
  @Test func whatIsDrawnFadesIntoWhatIsToCome() async {
    let (_, session) = await Self.session()
    let coarse = await session.step(Self.still).frame.image.resized(width: 28, height: 28)
    let first = await session.step(Self.still).frame.image
    func gap(_ x: Int, _ y: Int) -> Int {
      (0..<3).map { abs(Int(first[x, y][$0]) - Int(coarse[x, y][$0])) }.max()!
    }
    func mean(_ x: Int) -> Double { (0..<12).map { Double(gap(x, $0)) }.reduce(0, +) / 12 }
    let drawn = (0..<12).map(mean).reduce(0, +) / 12
    #expect(mean(15) < drawn / 2 && mean(20) < drawn / 4)
    for i in 0..<64 { #expect(gap(20 + i % 8, 20 + i / 8) <= 3, "rounded twice") }
  }

  @Test func whoWalksOnIsNotHeldUp() async {
    let (_, session) = await Self.session()
    for _ in 0..<3 { _ = await session.step(Self.still) }
    let moved = await session.step(Action(move: [0, 0, 1]))
    #expect(moved.frame.image.width == 16 && moved.isUnfinished)
    let again = await session.step(Self.still)
    #expect(again.frame.camera.pose == moved.frame.camera.pose)
    #expect(again.frame.image.width > 16)
  }

  /// From one picture, large enough: each tile from two of its tiles, the one that shows the same among
  /// them.
  @Test func aFineViewIsDrawnFromFinePictures() async {
    let (world, session) = await Self.session(of: 1)
    let view = await session.step(Self.still)
    let fine = world.finer(view.frame.camera)
    let model = Self.model()
    var scenes = Scenes(seed: 3)
    let frame = scenes.frame(width: fine.intrinsics.width, height: fine.intrinsics.height)
    let (tiles, queries) = (frame.tiles(side: 16), fine.tiles(side: 16))
    #expect(queries.count == 4)
    for (i, query) in queries.enumerated() {
      let drawn = await world.drawTile(i, of: view).image
      let candidates = tiles.indices.filter { $0 != i }.map { other in
        model.drawing(query, from: [tiles[i], tiles[other]]).image
      }
      let gaps = candidates.map { tile in
        zip(tile.pixels, drawn.pixels).map { abs(Int($0) - Int($1)) }.max()!
      }
      #expect(gaps.min()! <= 2, "tile \(i): \(gaps)")
    }
  }

  @Test func withoutDetailNothingChanges() async {
    let (_, session) = await Self.session(detail: 1)
    for _ in 0..<3 {
      let view = await session.step(Self.still)
      #expect(view.frame.image.width == 16 && !view.isUnfinished && view.network > 0)
    }
  }

  /// Pictures come out of the file larger than the frames that are drawn; a lost one is left out.
  @Test func aWorldsFileIsSeenMoreFinely() async throws {
    try await WorldTests.withFile { file in
      let world = try World(
        model: Self.model(), file: file, width: 16, height: 16, settings: Self.settings(detail: 2))
      let session = Session(in: world, at: WorldTests.walk[0], gait: Self.gait)
      var view = await session.step(Self.still)
      let coarse = view.frame.image
      while view.isUnfinished { view = await session.step(Self.still) }
      let size = Tiling.size(ofDetail: 2, width: 16, height: 16, side: 16).width
      #expect(view.frame.image.width == size)
      #expect(view.frame.image != coarse.resized(width: size, height: size))
      #expect(await world.unreadable.isEmpty)
      try file.close()
    }
  }
}
