import Scene
import TestSupport
import Testing

@Suite struct TilingTests {
  private static let lens = Intrinsics(
    width: 40, height: 30, focal: [31, 33], center: [19.5, 16])

  /// Every size of picture up to three tiles and a half.
  @Test(arguments: 1...56) func tilesCoverThePictureAndNoMore(width: Int) {
    let (side, height) = (16, 20)
    let tiling = Tiling(width: width, height: height, side: side)!
    #expect(tiling.tileWidth == min(side, width) && tiling.tileHeight == side)
    #expect(tiling.columns.first == 0 && tiling.columns.last! + tiling.tileWidth == width)
    #expect(tiling.columns.count == (width + side - 1) / side, "no more than it takes")
    let gaps = zip(tiling.columns.dropFirst(), tiling.columns).map { $0 - $1 }
    #expect(gaps.allSatisfy { $0 > 0 && $0 <= side }, "no pixel between two")
    #expect((gaps.max() ?? 0) - (gaps.min() ?? 0) <= 1, "evenly spaced")
    #expect(tiling.count == tiling.columns.count * 2 && tiling.corners.count == tiling.count)
  }

  @Test func aPictureThatOneTileHoldsHasNone() {
    #expect(Tiling(width: 16, height: 16, side: 16) == nil)
    #expect(Tiling(width: 9, height: 16, side: 16) == nil)
    #expect(Tiling(width: 17, height: 16, side: 16) != nil)
  }

  @Test(arguments: [1, 2, 3, 4]) func aChosenSizeLetsTilesFade(detail: Int) {
    let size = Tiling.size(ofDetail: detail, width: 128, height: 96, side: 128)
    guard detail > 1 else {
      #expect(size == (128, 96))
      return
    }
    let tiling = Tiling(width: size.width, height: size.height, side: 128)!
    #expect(tiling.columns == (0..<detail).map { $0 * (128 - Tiling.fade) })
    #expect(abs(Double(size.height) / Double(size.width) - 0.75) < 0.005, "the same shape")
    let twice = Tiling.size(ofDetail: 2, width: size.width, height: size.height, side: 128)
    #expect(
      Tiling(width: twice.width, height: twice.height, side: 128)!.columns.count == 2 * detail)
  }

  /// What the whole camera sees at a pixel, a tile's sees at that pixel less the tile's corner.
  @Test func aTilesCameraSeesWhatIsThere() {
    var numbers = Numbers(seed: 3)
    let pose = Pose(at: [1, 2, 3], facing: [1, 0.2, -0.4], up: [0, 0, 1])
    let camera = Camera(intrinsics: Self.lens, pose: pose)
    let tiling = Tiling(width: 40, height: 30, side: 16)!
    let tiles = camera.tiles(side: 16)
    #expect(tiles == tiling.cameras(of: camera) && tiles.count == 6)
    for _ in 0..<50 {
      let pixel = SIMD2(numbers.real(in: 0...40), numbers.real(in: 0...30))
      let point = camera.unproject(pixel, depth: numbers.real(in: 1...5))
      var seen = 0
      for (tile, corner) in zip(tiles, tiling.corners) {
        let there = tile.project(point)!
        let gap = pixel - SIMD2(Double(corner.x), Double(corner.y)) - there
        #expect(abs(gap.x) + abs(gap.y) < 1e-9)
        seen += tile.sees(point) ? 1 : 0
      }
      #expect(seen > 0)
    }
  }

  @Test func aPicturesTilesPutTogetherAreThePicture() {
    var numbers = Numbers(seed: 4)
    let pixels = (0..<40 * 30 * 3).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    let frame = Frame(
      image: Image(width: 40, height: 30, pixels: pixels),
      camera: Camera(
        intrinsics: Self.lens, pose: Pose(at: [0, 0, 0], facing: [0, 0, 1], up: [0, -1, 0])))
    for side in [7, 16, 20, 39] {
      let tiling = Tiling(width: 40, height: 30, side: side)!
      let tiles = frame.tiles(side: side)
      #expect(tiles.allSatisfy { $0.image.width == $0.camera.intrinsics.width })
      let image = Image(joining: tiles.map(\.image), of: tiling)
      #expect(image == frame.image, "tiles of \(side)")
    }
    #expect(frame.tiles(side: 40) == [frame])
  }

  /// Two plain tiles: no step between them is larger than the fade's.
  @Test func tilesFadeIntoEachOther() {
    let tiling = Tiling(width: 24, height: 16, side: 16)!
    let image = Image(joining: [40, 200].map(Self.plain), of: tiling)
    let row = (0..<24).map { Int(image[$0, 5].x) }
    #expect(row.prefix(8).allSatisfy { $0 == 40 } && row.suffix(8).allSatisfy { $0 == 200 })
    #expect(zip(row.dropFirst(), row).allSatisfy { (0...21).contains($0 - $1) })
  }

  /// Where four meet, too.
  @Test func fourTilesFadeIntoEachOther() {
    let tiling = Tiling(width: 24, height: 24, side: 16)!
    let image = Image(joining: [0, 0, 200, 0].map(Self.plain), of: tiling)
    for y in 0..<24 {
      for x in 0..<24 {
        let value = Int(image[x, y].x)
        if x > 0 { #expect(abs(value - Int(image[x - 1, y].x)) <= 26) }
        if y > 0 { #expect(abs(value - Int(image[x, y - 1].x)) <= 26) }
      }
    }
    #expect(image[3, 20].x == 200 && image[20, 20].x == 0 && image[20, 3].x == 0)
  }

  private static func plain(_ grey: UInt8) -> Image {
    Image(width: 16, height: 16, color: [grey, grey, grey])
  }
}
