import Foundation
import Images
import Memory
import Scene
import TestSupport
import Testing
import Torch

@testable import Generation

/// Pictures larger than the network's own.
@Suite struct TilesTests {
  private let model = {
    let model = FrameModel.lively()
    model.tile = 16
    return model
  }()

  /// A picture's KV is that of its tiles, each as a frame of its own, and of the whole, small.
  @Test func aLargePictureIsEncodedTileByTile() {
    var scenes = Scenes(seed: 1)
    let frame = scenes.frame(width: 40, height: 32)
    let kv = model.encode(frame)
    let tiles = frame.tiles(side: 16)
    #expect(kv.tiles.count == 6 && tiles.count == 6)
    for (known, tile) in zip(kv.tiles, tiles) {
      let alone = model.encode(tile)
      #expect(alone.tiles.count == 1 && known.keys.floats == alone.keys.floats)
      #expect(known.values.floats == alone.values.floats)
    }
    let small = Frame(
      image: frame.image.resized(width: 16, height: 13),
      camera: Camera(
        intrinsics: frame.camera.intrinsics.resized(width: 16, height: 13), pose: frame.camera.pose)
    )
    let whole = model.encode(small)
    #expect(kv.whole.keys.floats == whole.whole.keys.floats)
    #expect(kv.size == 6 * model.encode(tiles[0]).size + whole.size)
  }

  /// From one large picture: each tile is drawn from the two tiles that show most of it, and the
  /// picture is its tiles side by side, blended with what is drawn from the whole.
  @Test func aLargePictureIsDrawnTileByTile() throws {
    var scenes = Scenes(seed: 2)
    let frame = scenes.frame(width: 32, height: 32)
    var query = frame.camera
    query.pose.position += [0.1, 0.05, 0]
    let memory = [(kv: model.encode(frame), camera: frame.camera)]
    let drawn = model.draw(query, context: model.gather(memory, for: query, scale: 2))
    #expect(drawn.image.shape == [1, 3, 32, 32] && drawn.logVariance.shape == [1, 64, 1])
    let (tiles, chosen) = (frame.tiles(side: 16), model.recalled(memory, for: query, scale: 2))
    let parts = try query.tiles(side: 16).enumerated().map { i, tile in
      let frames = try chosen.frames[i].map { part in
        try #require(tiles.first { $0.camera == part.camera })
      }
      #expect(frames.count == 2 && frames.contains { $0.camera == tiles[i].camera })
      return model.drawing(tile, from: frames)
    }
    let whole = model.drawing(reduced(query), from: [reduced(frame)])
    let rows = (0..<2).map { Tensor.concatenated([parts[2 * $0], parts[2 * $0 + 1]], axis: 3) }
    let joined = Tensor.concatenated(rows, axis: 2)
    expectClose(drawn.image, joined.blendedCoarsely(with: whole), within: 1e-5)
    #expect((drawn.image - joined).abs().max().item > 0.01)
  }

  private func reduced(_ camera: Camera) -> Camera {
    Camera(intrinsics: camera.intrinsics.resized(width: 16, height: 16), pose: camera.pose)
  }

  private func reduced(_ frame: Frame) -> Frame {
    Frame(image: frame.image.resized(width: 16, height: 16), camera: reduced(frame.camera))
  }

  /// The fused network tile by tile, tensor operations and recorded work all at once.
  @Test(arguments: [0, 1, 3], [1, 2]) func allWaysDrawTheSame(contexts: Int, steps: Int) {
    var scenes = Scenes(seed: 3)
    let frames = scenes.frames(contexts, width: 40, height: 32)
    let query = scenes.camera(width: 40, height: 32)
    let noise = Generator(seed: 2).normal([1, 3, 32, 40])
    let memory = frames.map { (kv: model.encode($0), camera: $0.camera) }
    let fused = model.draw(
      query, context: model.gather(memory, for: query, scale: 2), steps: steps, noise: noise)
    let tiling = Tiling(width: 40, height: 32, side: 16)!
    let queries = tiling.cameras(of: query)
    let (starts, start) = (noise.parts(tiling), noise.noise(width: 16, height: 13))
    Runtime.inference {
      let recalled = contexts == 0 ? nil : model.recalled(memory, for: query, scale: 2)
      let whole = contexts == 0 ? nil : model.recalledWhole(memory, for: query, scale: 2)
      if let recalled, let whole {
        #expect(recalled.frames.count == 6 && whole.frames.map(\.count) == [contexts])
        #expect(recalled.frames.allSatisfy { $0.count == (contexts == 1 ? 2 : 5) })
      }
      func tensors(_ queries: [Camera], _ recalled: Recalled?, _ noise: Tensor) -> Prediction {
        model.drawTensors(
          queries, context: recalled.map(model.gatherTensors), steps: steps, noise: noise)
      }
      func recorded(_ queries: [Camera], _ recalled: Recalled?, _ noise: Tensor) -> Prediction {
        RecordedDrawing(model, records: false).draw(
          queries.map(\.intrinsics), recalled, steps: steps, noise: noise)
      }
      for way in [tensors, recorded] {
        let other = way(queries, recalled, starts).joined(tiling)
          .blended(with: way([tiling.reduced(query)], whole, start))
        expectClose(other.image, fused.image, within: 1e-4)
        expectClose(other.logVariance, fused.logVariance, within: 1e-4)
      }
    }
    #expect(fused.evaluations == steps)
  }

  /// A picture of one tile is drawn as if there were no tiles.
  @Test func aSmallPictureIsDrawnAtOnce() {
    let plain = FrameModel.lively()
    var scenes = Scenes(seed: 4)
    let (frames, query) = (scenes.frames(3), scenes.camera())
    #expect(model.drawing(query, from: frames).floats == plain.drawing(query, from: frames).floats)
  }

  @Test func tilesThatOverlapFade() {
    var scenes = Scenes(seed: 5)
    let query = scenes.camera(width: 24, height: 16)
    let single = query.tiles(side: 16).map { model.draw($0, context: nil) }
    let drawn = Prediction(single).joined(Tiling(width: 24, height: 16, side: 16)!).image
    let tiles = single.map(\.image)
    expectClose(drawn.narrowed(3, 0..<8), tiles[0].narrowed(3, 0..<8), within: 1e-6)
    expectClose(drawn.narrowed(3, 16..<24), tiles[1].narrowed(3, 8..<16), within: 1e-6)
    for x in 0..<8 {
      let (old, new) = (
        tiles[0].narrowed(3, 8 + x..<9 + x), tiles[1].narrowed(3, x..<x + 1)
      )
      let share = (Double(x) + 0.5) / 8
      expectClose(
        drawn.narrowed(3, 8 + x..<9 + x), old * (1 - share) + new * share, within: 1e-5)
    }
  }

  @Test func stepsAreChosenForTheWholePicture() {
    var scenes = Scenes(seed: 6)
    let query = scenes.camera(width: 32, height: 16)
    let drawn = model.draw(query, context: nil, by: .auto)
    let count = Steps.count(certainty: model.draw(query, context: nil).certainty)
    #expect(drawn.evaluations == count)
    #expect(
      drawn.image.floats == model.draw(query, context: nil, steps: count).image.floats)
  }

  @Test func aModelsFileSaysHowLargeItsTilesAre() throws {
    let plain = FrameModel.lively()
    #expect(plain.tile == nil)
    let file = plain.safetensors(.float32, metadata: ["resolution": "16"])
    #expect(try FrameModel(file, origin: "a test").tile == 16)
  }

  /// The same inverse depths, said patch by patch of a picture or of its tiles, overlapping ones too.
  @Test(arguments: [16, 20]) func cellsOfTilesAreThoseOfThePicture(side: Int) {
    let lens = Intrinsics(width: 32, height: 32, horizontalFieldOfView: 1)
    var numbers = Numbers(seed: 7)
    let grid = (0..<16 * 16).map { _ in Float(numbers.real(in: 0.2...3)) }  // of 2 x 2 pixels
    /// Quarters of 4-pixel patches, from a corner on.
    func quarters(_ side: Int, _ corner: (x: Int, y: Int)) -> [Float] {
      (0..<side / 4 * (side / 4) * 4).map { i in
        let (patch, quarter) = (i / 4, i % 4)
        let x = corner.x / 2 + patch % (side / 4) * 2 + quarter % 2
        let y = corner.y / 2 + patch / (side / 4) * 2 + quarter / 2
        return grid[y * 16 + x]
      }
    }
    var whole = Cells(of: lens)
    whole.add(quarters(32, (0, 0)), columns: 8, rows: 8, patch: 4, of: lens, at: (0, 0))
    var parts = Cells(of: lens)
    let tiling = Tiling(width: 32, height: 32, side: side)!
    let tile = lens.cropped(x: 0, y: 0, width: side, height: side)
    for corner in tiling.corners {
      parts.add(
        quarters(side, corner), columns: side / 4, rows: side / 4, patch: 4, of: tile, at: corner)
    }
    for (a, b) in zip(whole.means, parts.means) { #expect(abs(a - b) < 1e-5) }
    #expect(Set(whole.means).count > 200)
  }

  @Test func depthsOfTilesAreGuessed() {
    var scenes = Scenes(seed: 8)
    let query = scenes.camera(width: 40, height: 24)
    let depth = model.coarseDepth(model.draw(query, context: nil), of: query)
    #expect(depth.codes.count == 256 && depth.codes.contains { $0 > 0 })
  }
}
