import Images
import Scene
import TestSupport
import Testing

@Suite struct BenchRecallTests {
  @Test func theMemoryIsMeasuredInOneDocument() throws {
    let program = try Program(
      "bench", "recall", "--worlds", "0", "--keyframes", "50,200", "--json")
    #expect(program.status == 0)
    let speed = try #require(try program.json()["speed"] as? [[String: Any]])
    #expect(speed.map { $0["keyframes"] as? Int } == [50, 50, 200, 200])
    #expect(speed.map { $0["layout"] as? String } == ["city", "flat", "city", "flat"])
    for result in speed {
      let recall = try #require(result["recall"] as? [String: Double])
      #expect(try #require(recall["p99"]) >= #require(recall["p50"]))
    }
  }

  @Test func wholeFramesAreTimedInMemoriesOfEachSize() throws {
    try Package.withTemporaryFolder { folder in
      let program = try Program(
        "bench", "recall", "--worlds", "0", "--keyframes", "50,20000", "--frames", "4", "--out",
        "\(folder)/plot.png", "--json")
      #expect(program.status == 0)
      let frames = try #require(try program.json()["frames"] as? [[String: Any]])
      #expect(frames.map { $0["keyframes"] as? Int } == [50, 20_000])
      for result in frames {
        func median(_ part: String) throws -> Double {
          try #require((result[part] as? [String: Double])?["p50"])
        }
        let parts = try ["recall", "gather", "network", "admission"].map(median)
        #expect(parts.allSatisfy { $0 > 0 })
        #expect(try median("frame") >= parts.max()!)
      }
      let plot = try Image(contentsOf: "\(folder)/plot.png")
      #expect((plot.width, plot.height) == (800, 660))
    }
  }

  @Test func numbersOutOfRangeAreRefused() throws {
    #expect(try Program("bench", "recall", "--contexts", "0").status == 2)
    #expect(try Program("bench", "recall", "--worlds", "-1").status == 2)
    #expect(try Program("bench", "recall", "--out", "x.png").status == 2)
  }
}
